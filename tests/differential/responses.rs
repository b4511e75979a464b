//! Heads of responses, which a proxy reads: held against `httparse`, as those of requests are.
//!
//! Whoever reads a response where its sender has written another hands one client's answer to the
//! next. So here, too, we are the stricter ones, and each difference is a row with its reason.

use super::differences::Refusal;
use super::{FIELDS, Seen, Shown, Sketch, between, grammar, search, vectors};
use arbtest::arbitrary::{Result, Unstructured};
use check::vector::Vector;
use http_parse::{Fault, Limits, Parsed, Reject, ResponseHead, Version, parse_response_head};

/// Where we differ from `httparse` about a response, and on purpose.
struct Difference {
    refusal: Refusal,
    reason: &'static str,
    /// As in the table of requests: its own look at the octets.
    is_case: fn(&[u8], usize) -> bool,
    /// A vector that shows it.
    vector: &'static str,
}

/// The table.
const DIFFERENCES: &[Difference] = &[
    Difference {
        refusal: Refusal::Ours(Fault::BareLf),
        reason: "a LF alone may be taken for a line end (RFC 9112 §2.2); two readers of one response that \
                 differ about it see two",
        is_case: |bytes, at| bytes[at] == b'\n' && !bytes[..at].ends_with(b"\r"),
        vector: "response/bare-lf-in-the-status-line",
    },
    Difference {
        refusal: Refusal::Ours(Fault::StatusLine),
        reason: "a response begins with its status line: empty lines are forgiven in requests alone (RFC \
                 9112 §2.2), and what is left over from the last response is nobody's",
        is_case: |bytes, at| at == 0 && matches!(bytes[0], b'\r' | b'\n'),
        vector: "response/empty-line-before-the-status",
    },
    Difference {
        refusal: Refusal::Ours(Fault::StatusLine),
        reason: "a status has three digits of which the first is no zero (RFC 9110 §15)",
        is_case: |bytes, at| bytes[at] == b'0' && bytes[..at].ends_with(b" "),
        vector: "response/status-below-100",
    },
    Difference {
        refusal: Refusal::Ours(Fault::FieldLineTooLong),
        reason: "lines are bounded, as everything is, that of the status too",
        is_case: |bytes, _| {
            bytes
                .split(|octet| *octet == b'\n')
                .any(|line| line.len() > 8_000)
        },
        vector: "response/reason-of-9000-octets",
    },
    Difference {
        refusal: Refusal::Theirs(httparse::Error::Version),
        reason: "a later minor version is read as 1.1 (RFC 9110 §2.5), and no version is judged before its \
                 last digit",
        is_case: |bytes, _| {
            let version = &bytes[..bytes.len().min(8)];
            version.len() < 8 || version[..7] == *b"HTTP/1."
        },
        vector: "response/http-1-2-is-read-as-1-1",
    },
];

const VERSIONS: &[&str] = &[
    "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "ICY",
];

const CODES: &[&str] = &[
    "200", "200", "204", "304", "100", "103", "404", "599", "999", "099", "20", "2000", "+20",
];

const REASONS: &[&[u8]] = &[
    b" OK",
    b" Not Modified",
    b" ",
    b"",
    b" caf\xc3\xa9\tau lait",
    b" \xff",
    b"  two",
    b"\tOK",
];

const LINES: &[&[u8]] = &[
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Set-Cookie: a=b\r\n",
    b"A:\r\n",
    b"A: b \t\r\n",
    b"A : b\r\n",
    b" folded\r\n",
    b"\tfolded\r\n",
    b"no colon\r\n",
    b"A: \x80\xff\r\n",
    b"Server: a server with a value of more than thirty-two octets\r\n",
    b": b\r\n",
];

fn head(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    if u.ratio(1, 12)? {
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(u.choose(VERSIONS)?.as_bytes());
    head.push(b' ');
    head.extend_from_slice(u.choose(CODES)?.as_bytes());
    head.extend_from_slice(u.choose(REASONS)?);
    head.extend_from_slice(b"\r\n");
    for _ in 0..u.int_in_range(0..=4)? {
        head.extend_from_slice(u.choose(LINES)?);
    }
    head.extend_from_slice(b"\r\n");
    Ok(head)
}

fn ours(bytes: &[u8]) -> Seen<Reject> {
    let (head, len) = match parse_response_head(bytes, &Limits::default()) {
        Ok(Parsed::Complete(head, len)) => (head, len),
        Ok(Parsed::Partial) => return Seen::Partial,
        Err(reject) => return Seen::Refused(reject),
    };
    Seen::Head(described(&head, len))
}

/// The same words as for a request: the status stands where its target does.
fn described(head: &ResponseHead, len: usize) -> Sketch {
    let fields = head.fields.iter();
    Sketch {
        method: Vec::new(),
        target: head.status.code().to_string().into(),
        minor: u8::from(head.version == Version::Http11),
        fields: fields
            .map(|(name, value)| (name.to_vec(), value.to_vec()))
            .collect(),
        len,
    }
}

fn theirs(bytes: &[u8]) -> Seen<httparse::Error> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut head = httparse::Response::new(&mut fields);
    let len = match head.parse(bytes) {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) => return Seen::Partial,
        Err(error) => return Seen::Refused(error),
    };
    let fields = head.headers.iter();
    Seen::Head(Sketch {
        method: Vec::new(),
        target: head.code.unwrap_or_default().to_string().into(),
        minor: head.version.unwrap_or_default(),
        fields: fields
            .map(|field| (field.name.into(), field.value.to_vec()))
            .collect(),
        len,
    })
}

fn difference(bytes: &[u8]) -> Option<(Refusal, usize)> {
    between(ours(bytes), theirs(bytes))
}

fn row(bytes: &[u8], (refusal, at): (Refusal, usize)) -> Option<&'static Difference> {
    DIFFERENCES
        .iter()
        .find(|row| row.refusal == refusal && (row.is_case)(bytes, at))
}

fn check(bytes: &[u8]) -> Option<(Refusal, usize)> {
    let _shown = Shown(bytes);
    let found = difference(bytes);
    if let Some(found) = found {
        assert!(row(bytes, found).is_some(), "{found:?} is in no table");
    }
    found
}

#[test]
fn heads_of_responses_are_read_as_httparse_reads_them() {
    let (mut drawn, mut differ) = (0, 0);
    search(|u| {
        let mut bytes = head(u)?;
        grammar::spoil(u, &mut bytes)?;
        differ += usize::from(check(&bytes).is_some());
        drawn += 1;
        Ok(())
    });
    println!("{drawn} heads of responses: {differ} known differences");
}

#[test]
fn every_octet_of_a_response_is_judged_the_same_at_every_place() {
    let head = b"HTTP/1.1 200 A Reason Of More Than Thirty-Two Octets\r\n\
        A-Name-Of-Many-Octets: a value of more than thirty-two octets\r\n\r\n";
    let mut octets = head.to_vec();
    for at in 0..head.len() {
        for octet in 0..=u8::MAX {
            octets[at] = octet;
            check(&octets);
        }
        octets[at] = head[at];
    }
}

/// The vectors of responses; none of them is about a request.
fn of_responses() -> Vec<Vector> {
    let all = vectors().into_iter();
    all.filter(|vector| vector.request.is_some()).collect()
}

#[test]
fn every_difference_about_responses_has_a_vector_that_shows_it() {
    let vectors = of_responses();
    for difference in DIFFERENCES {
        let named = |vector: &&Vector| vector.name == difference.vector;
        let vector = vectors.iter().find(named);
        let vector = vector.unwrap_or_else(|| panic!("no vector {}", difference.vector));
        let found = self::difference(&vector.bytes).map(|(refusal, _)| refusal);
        let reason = difference.reason;
        assert_eq!(found, Some(difference.refusal), "{}: {reason}", vector.name);
    }
}

#[test]
fn every_vector_of_a_response_is_read_by_both_or_differs_as_the_table_says() {
    let vectors = of_responses();
    assert!(vectors.len() > 30, "{}", vectors.len());
    for vector in vectors {
        check(&vector.bytes);
    }
}
