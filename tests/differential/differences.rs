//! Where we differ from `httparse` on purpose: one row for each reason to refuse.
//!
//! A row is no excuse for every refusal of its kind. It looks at the octets with its own few lines of
//! code, which share nothing with either parser, and covers what it recognises.

use http_parse::Fault;

/// Where we differ from `httparse`, and on purpose.
pub(crate) struct Difference {
    /// Who refuses, and with what.
    pub(crate) refusal: Refusal,
    /// Why.
    pub(crate) reason: &'static str,
    /// Tells whether some octets are such a case; the offset is that of our refusal. It looks with
    /// its own eyes, so that a refusal for no reason is found out.
    pub(crate) is_case: fn(&[u8], usize) -> bool,
    /// A vector that shows it.
    pub(crate) vector: &'static str,
}

/// Who refuses what the other one reads, or would still wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// We do.
    Ours(Fault),
    /// `httparse` does.
    Theirs(httparse::Error),
}

/// The table.
pub(crate) const DIFFERENCES: &[Difference] = &[
    Difference {
        refusal: Refusal::Ours(Fault::BareLf),
        reason: "a LF alone may be taken for a line end (RFC 9112 §2.2); readers that differ about it \
                 are how smuggling starts",
        is_case: |bytes, at| bytes[at] == b'\n' && !bytes[..at].ends_with(b"\r"),
        vector: "head/bare-lf-in-field-line",
    },
    Difference {
        refusal: Refusal::Ours(Fault::TooManyEmptyLines),
        reason: "empty lines before a request are bounded, as everything is",
        is_case: |bytes, _| bytes.starts_with(&b"\r\n".repeat(9)),
        vector: "head/nine-empty-lines-first",
    },
    Difference {
        refusal: Refusal::Ours(Fault::MethodTooLong),
        reason: "methods are bounded",
        is_case: |bytes, _| word(bytes, 0).len() > 32,
        vector: "head/method-of-33-octets",
    },
    Difference {
        refusal: Refusal::Ours(Fault::TargetTooLong),
        reason: "targets are bounded",
        is_case: |bytes, _| word(bytes, 1).len() > 8_000,
        vector: "head/target-of-8001-octets",
    },
    Difference {
        refusal: Refusal::Ours(Fault::FieldLineTooLong),
        reason: "field lines are bounded",
        is_case: |bytes, _| lines(bytes).any(|line| line.len() > 8_192),
        vector: "head/field-line-of-8193-octets",
    },
    Difference {
        refusal: Refusal::Ours(Fault::SectionTooLong),
        reason: "field sections are bounded",
        is_case: |bytes, _| bytes.len() > 32_768,
        vector: "head/field-section-of-32769-octets",
    },
    Difference {
        refusal: Refusal::Ours(Fault::TooManyFields),
        reason: "field lines are counted",
        is_case: |bytes, _| lines(bytes).count() > 101,
        vector: "head/hundred-and-one-field-lines",
    },
    Difference {
        refusal: Refusal::Ours(Fault::TargetFragment),
        reason: "a fragment is for the client alone (RFC 9112 §3.2)",
        is_case: |bytes, at| bytes[at] == b'#' && word(bytes, 1).contains(&b'#'),
        vector: "head/fragment-in-the-target",
    },
    Difference {
        refusal: Refusal::Ours(Fault::TargetForm),
        reason: "httparse takes any octets for a target; there are four forms (RFC 9112 §3.2)",
        is_case: |bytes, _| !word(bytes, 1).starts_with(b"/") || word(bytes, 0) == b"CONNECT",
        vector: "head/relative-target",
    },
    Difference {
        refusal: Refusal::Ours(Fault::TargetScheme),
        reason: "the same",
        is_case: |bytes, _| authority(bytes).is_none() && !word(bytes, 1).starts_with(b"/"),
        vector: "head/absolute-form-of-another-scheme",
    },
    Difference {
        refusal: Refusal::Ours(Fault::TargetSecure),
        reason: "an address of https is not served without TLS (RFC 9110 §7.4)",
        is_case: |bytes, _| word(bytes, 1).to_ascii_lowercase().starts_with(b"https:"),
        vector: "head/absolute-form-of-https",
    },
    Difference {
        refusal: Refusal::Ours(Fault::TargetUserinfo),
        reason: "the same, and user names before hosts deceive people (RFC 9110 §4.2.4)",
        is_case: |bytes, _| authority(bytes).is_some_and(|host| host.contains(&b'@')),
        vector: "head/user-name-in-the-target",
    },
    Difference {
        refusal: Refusal::Ours(Fault::TargetAuthority),
        reason: "the same",
        is_case: |bytes, _| authority(bytes).is_some_and(|host| !is_plain_host(host)),
        vector: "head/absolute-form-without-host",
    },
    Difference {
        refusal: Refusal::Ours(Fault::HostMissing),
        reason: "httparse leaves the meaning of fields to its caller (RFC 9112 §3.2)",
        is_case: |bytes, _| hosts(bytes).count() == 0,
        vector: "head/no-host",
    },
    Difference {
        refusal: Refusal::Ours(Fault::HostRepeated),
        reason: "the same",
        is_case: |bytes, _| hosts(bytes).count() > 1,
        vector: "head/two-hosts",
    },
    Difference {
        refusal: Refusal::Ours(Fault::HostInvalid),
        reason: "the same",
        is_case: |bytes, _| hosts(bytes).any(|host| host.is_empty() || !is_plain_host(host)),
        vector: "head/host-with-space",
    },
    Difference {
        refusal: Refusal::Theirs(httparse::Error::Version),
        reason: "a later minor version is read as 1.1 (RFC 9110 §2.5), and no version is judged before \
                 its last digit",
        is_case: |bytes, _| {
            let version = word(bytes, 2);
            version.len() < 8 || version[..7] == *b"HTTP/1."
        },
        vector: "head/http-1-2-is-read-as-1-1",
    },
    Difference {
        refusal: Refusal::Theirs(httparse::Error::Token),
        reason: "a target is octets; httparse wants UTF-8, which file names need not be",
        is_case: |bytes, _| str::from_utf8(word(bytes, 1)).is_err(),
        vector: "head/target-that-is-no-utf-8",
    },
];

/// The row that such a difference is a case of.
pub(crate) fn row(bytes: &[u8], (refusal, at): (Refusal, usize)) -> Option<&'static Difference> {
    DIFFERENCES
        .iter()
        .find(|row| row.refusal == refusal && (row.is_case)(bytes, at))
}

/// The lines of a head without their ends; the empty ones before it, and what follows it, left out.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = bytes.split(|octet| *octet == b'\n');
    lines
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .skip_while(|line| line.is_empty())
        .take_while(|line| !line.is_empty())
}

/// A word of the request line; empty where there are fewer.
fn word(bytes: &[u8], number: usize) -> &[u8] {
    let line = lines(bytes).next().unwrap_or_default();
    let mut words = line.split(|octet| *octet == b' ');
    words.nth(number).unwrap_or_default()
}

/// What stands between the scheme of a target, where that is ours, and its path.
fn authority(bytes: &[u8]) -> Option<&[u8]> {
    let target = word(bytes, 1);
    let colon = target.windows(3).position(|three| three == b"://")?;
    let ours = [&b"http"[..], b"https"];
    let scheme = target[..colon].to_ascii_lowercase();
    let rest = &target[colon + 3..];
    let authority = rest.split(|octet| b"/?".contains(octet)).next();
    authority.filter(|_| ours.contains(&scheme.as_slice()))
}

/// The values of all Host lines.
fn hosts(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    lines(bytes).skip(1).filter_map(|line| {
        let (name, value) = line.split_at_checked(b"host:".len())?;
        let is_host = name.eq_ignore_ascii_case(b"host:");
        is_host.then(|| value.trim_ascii())
    })
}

/// Whether nobody could object to a host: a name or an IPv4 address, and perhaps a port.
fn is_plain_host(host: &[u8]) -> bool {
    let mut parts = host.split(|octet| *octet == b':');
    let name = parts.next().unwrap_or_default();
    let is_name = |octet: &u8| octet.is_ascii_alphanumeric() || b"-.".contains(octet);
    let port = parts.next().unwrap_or(b"0");
    // `parse` alone would take a sign for a part of a number.
    let is_port = port.iter().all(u8::is_ascii_digit)
        && str::from_utf8(port).is_ok_and(|port| port.parse::<u16>().is_ok());
    !name.is_empty() && name.iter().all(is_name) && is_port && parts.next().is_none()
}
