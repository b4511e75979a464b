//! Where a body ends (RFC 9112 §6.3).
//!
//! The one decision that everything after it depends on: an octet counted to the wrong message
//! is a request that somebody else did not send. So the rules stand here in the RFC's order, and
//! whatever is ambiguous is refused. The octets of a body are not looked at; that is
//! [`crate::BodyDecoder`]'s part.

use crate::bytes::trim_ows;
use crate::{Fault, Fields, Method, Reject, RequestHead, ResponseHead, Status, Version};

/// How the end of a body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// There is no body.
    None,
    /// After so many octets.
    Length(u64),
    /// By the last chunk.
    Chunked,
    /// At the end of the connection (responses only).
    UntilClose,
}

/// Decides a request's framing.
///
/// [`Framing::None`] when nothing announces a body; a `Content-Length: 0` is `Length(0)`.
///
/// ```
/// use http_parse::{Fault, Limits, Parsed, parse_request_head, request_framing};
///
/// let smuggler = b"POST / HTTP/1.1\r\nHost: x\r\n\
///     Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG";
/// let Parsed::Complete(head, _) = parse_request_head(smuggler, &Limits::default())? else {
///     unreachable!("the head is all there")
/// };
/// let reject = request_framing(&head).unwrap_err();
/// assert_eq!(reject.fault, Fault::LengthWithCoding);
/// # Ok::<(), http_parse::Reject>(())
/// ```
///
/// # Errors
/// Whatever is ambiguous: 501 for a transfer coding other than chunked, 400 for both
/// Content-Length and Transfer-Encoding, for either of them malformed or repeated, and for
/// Transfer-Encoding in HTTP/1.0. The connection cannot be used after it.
///
/// Source: RFC 9112 §6.3, items 3 to 7
pub fn request_framing(head: &RequestHead) -> Result<Framing, Reject> {
    let announced = announced_framing(&head.fields, head.version)?;
    Ok(announced.unwrap_or(Framing::None))
}

/// Decides a response's framing; it depends on the request's method.
///
/// # Errors
/// Whatever is ambiguous, as in [`request_framing`], always with status 502.
///
/// Source: RFC 9112 §6.3, items 1 to 8
pub fn response_framing(request: &Method, head: &ResponseHead) -> Result<Framing, Reject> {
    if *request == Method::Head || head.status.forbids_content() {
        return Ok(Framing::None);
    }
    // A tunnel begins after this head: what follows is no content.
    if *request == Method::Connect && (200..300).contains(&head.status.code()) {
        return Ok(Framing::None);
    }
    match announced_framing(&head.fields, head.version) {
        Ok(announced) => Ok(announced.unwrap_or(Framing::UntilClose)),
        Err(reject) => Err(Reject {
            status: Status::BAD_GATEWAY,
            ..reject
        }),
    }
}

/// What the fields say; `None` when they say nothing.
// ANCHOR: announced_framing
fn announced_framing(fields: &Fields, version: Version) -> Result<Option<Framing>, Reject> {
    let coded = fields.contains("Transfer-Encoding");
    // Item 3 lets Transfer-Encoding win over Content-Length; it also calls the pair a likely
    // attack, and a peer that means well never sends it.
    if coded && let Some((_, at)) = fields.located("Content-Length").next() {
        return Err(Reject::new(Fault::LengthWithCoding, at));
    }
    if coded {
        check_transfer_coding(fields, version)?;
        return Ok(Some(Framing::Chunked));
    }
    Ok(content_length(fields)?.map(Framing::Length))
}
// ANCHOR_END: announced_framing

/// Demands that the codings are `chunked`, once, and nothing else.
///
/// Source: RFC 9112 §6.1, §7
fn check_transfer_coding(fields: &Fields, version: Version) -> Result<(), Reject> {
    let mut codings = fields.located("Transfer-Encoding").flat_map(|(value, at)| {
        value
            .split(|byte| *byte == b',')
            .map(move |coding| (trim_ows(coding), at))
    });
    // ANCHOR: codings
    let mut chunked_seen = false;
    let mut unknown = None;
    codings.try_for_each(|(coding, at)| {
        if version == Version::Http10 {
            return Err(Reject::new(Fault::CodingInHttp10, at));
        }
        if coding.is_empty() {
            return Err(Reject::new(Fault::CodingEmpty, at));
        }
        if chunked_seen {
            return Err(Reject::new(Fault::CodingOrder, at));
        }
        if coding.eq_ignore_ascii_case(b"chunked") {
            chunked_seen = true;
        } else {
            unknown = unknown.or(Some(at));
        }
        Ok(())
    })?;
    // ANCHOR_END: codings
    match unknown {
        Some(at) => Err(Reject::new(Fault::CodingUnknown, at)),
        None => Ok(()),
    }
}

/// Reads the one Content-Length; `None` when there is none.
///
/// A list of equal numbers could be repaired (item 5), and is refused like any other: who sends
/// one has let two programs write it.
///
/// Source: RFC 9110 §8.6
fn content_length(fields: &Fields) -> Result<Option<u64>, Reject> {
    let mut lines = fields.located("Content-Length");
    let Some((value, at)) = lines.next() else {
        return Ok(None);
    };
    if let Some((_, at)) = lines.next() {
        return Err(Reject::new(Fault::LengthRepeated, at));
    }
    match parse_length(value) {
        Ok(octets) => Ok(Some(octets)),
        Err(fault) => Err(Reject::new(fault, at)),
    }
}

/// Reads digits, and nothing but digits: `+5`, `0x5` and ` 5` are not numbers here.
// ANCHOR: parse_length
pub(crate) fn parse_length(value: &[u8]) -> Result<u64, Fault> {
    if value.contains(&b',') {
        return Err(Fault::LengthRepeated);
    }
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(Fault::LengthInvalid);
    }
    let octets = value.iter().try_fold(0u64, |octets, digit| {
        octets.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    });
    octets.ok_or(Fault::LengthTooLarge)
}
// ANCHOR_END: parse_length

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, Parsed, parse_request_head, parse_response_head};

    #[track_caller]
    fn request(version: &str, fields: &str, expected: Result<Framing, (Fault, u16)>) {
        let text = format!("POST / {version}\r\nHost: x\r\n{fields}\r\n");
        let parsed = parse_request_head(text.as_bytes(), &Limits::default());
        let Ok(Parsed::Complete(head, _)) = parsed else {
            panic!("{text:?}: {parsed:?}");
        };
        let found = request_framing(&head).map_err(|reject| (reject.fault, reject.status.code()));
        assert_eq!(found, expected, "{text:?}");
    }

    #[track_caller]
    fn response(method: Method, head: &str, expected: Result<Framing, (Fault, u16)>) {
        let text = format!("HTTP/1.1 {head}\r\n");
        let parsed = parse_response_head(text.as_bytes(), &Limits::default());
        let Ok(Parsed::Complete(head, _)) = parsed else {
            panic!("{text:?}: {parsed:?}");
        };
        let found = response_framing(&method, &head);
        let found = found.map_err(|reject| (reject.fault, reject.status.code()));
        assert_eq!(found, expected, "{method:?} {text:?}");
    }

    #[test]
    fn a_request_has_a_body_only_when_it_says_so() {
        request("HTTP/1.1", "", Ok(Framing::None));
        request("HTTP/1.1", "Content-Length: 0\r\n", Ok(Framing::Length(0)));
        request("HTTP/1.0", "Content-Length: 5\r\n", Ok(Framing::Length(5)));
        request(
            "HTTP/1.1",
            "Transfer-Encoding: chunked\r\n",
            Ok(Framing::Chunked),
        );
        request(
            "HTTP/1.1",
            "transfer-encoding:\tChunked \r\n",
            Ok(Framing::Chunked),
        );
    }

    #[test]
    fn two_opinions_about_a_body_are_refused() {
        let both = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n";
        request("HTTP/1.1", both, Err((Fault::LengthWithCoding, 400)));
        let both = "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n";
        request("HTTP/1.1", both, Err((Fault::LengthWithCoding, 400)));
        let equal = "Content-Length: 5\r\nContent-Length: 5\r\n";
        request("HTTP/1.1", equal, Err((Fault::LengthRepeated, 400)));
        request(
            "HTTP/1.1",
            "Content-Length: 5, 5\r\n",
            Err((Fault::LengthRepeated, 400)),
        );
        let coding = "Transfer-Encoding: chunked\r\n";
        request("HTTP/1.0", coding, Err((Fault::CodingInHttp10, 400)));
    }

    #[test]
    fn a_length_is_digits_that_fit_a_counter() {
        for value in [
            "", "-1", "+5", "0x5", "5 5", "5;", "5.0", "\u{663}", "\"5\"",
        ] {
            let field = format!("Content-Length: {value}\r\n");
            request("HTTP/1.1", &field, Err((Fault::LengthInvalid, 400)));
        }
        let largest = "Content-Length: 18446744073709551615\r\n";
        request("HTTP/1.1", largest, Ok(Framing::Length(u64::MAX)));
        let larger = "Content-Length: 18446744073709551616\r\n";
        request("HTTP/1.1", larger, Err((Fault::LengthTooLarge, 400)));
        request(
            "HTTP/1.1",
            "Content-Length: 0005\r\n",
            Ok(Framing::Length(5)),
        );
    }

    #[test]
    fn chunked_is_the_one_coding_and_stands_once() {
        let table = [
            ("gzip", Fault::CodingUnknown, 501),
            ("identity", Fault::CodingUnknown, 501),
            ("gzip, chunked", Fault::CodingUnknown, 501),
            ("xchunked", Fault::CodingUnknown, 501),
            ("chunked;q=1", Fault::CodingUnknown, 501),
            ("\"chunked\"", Fault::CodingUnknown, 501),
            ("chunked, gzip", Fault::CodingOrder, 400),
            ("chunked, chunked", Fault::CodingOrder, 400),
            (
                "chunked\r\nTransfer-Encoding: chunked",
                Fault::CodingOrder,
                400,
            ),
            ("", Fault::CodingEmpty, 400),
            ("chunked,", Fault::CodingEmpty, 400),
            (", chunked", Fault::CodingEmpty, 400),
            ("gzip,, chunked", Fault::CodingEmpty, 400),
        ];
        for (codings, fault, status) in table {
            let field = format!("Transfer-Encoding: {codings}\r\n");
            request("HTTP/1.1", &field, Err((fault, status)));
        }
    }

    #[test]
    fn a_refusal_points_at_the_value() {
        let text = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length:  five\r\n\r\n";
        let Ok(Parsed::Complete(head, _)) = parse_request_head(text, &Limits::default()) else {
            panic!("the head is well-formed");
        };
        let reject = request_framing(&head).unwrap_err();
        assert_eq!(&text[reject.at..][..4], b"five");
    }

    #[test]
    fn a_response_ends_with_the_connection_unless_it_says_otherwise() {
        response(Method::Get, "200 OK\r\n", Ok(Framing::UntilClose));
        response(
            Method::Get,
            "200 OK\r\nContent-Length: 5\r\n",
            Ok(Framing::Length(5)),
        );
        let chunked = "200 OK\r\nTransfer-Encoding: chunked\r\n";
        response(Method::Get, chunked, Ok(Framing::Chunked));
    }

    #[test]
    fn some_responses_end_with_their_head() {
        let length = "Content-Length: 5\r\n";
        response(
            Method::Head,
            &format!("200 OK\r\n{length}"),
            Ok(Framing::None),
        );
        response(
            Method::Get,
            &format!("204 No Content\r\n{length}"),
            Ok(Framing::None),
        );
        response(
            Method::Get,
            &format!("304 Not Modified\r\n{length}"),
            Ok(Framing::None),
        );
        response(Method::Get, "103 Early Hints\r\n", Ok(Framing::None));
        response(
            Method::Connect,
            &format!("200 OK\r\n{length}"),
            Ok(Framing::None),
        );
        response(
            Method::Connect,
            &format!("403 No\r\n{length}"),
            Ok(Framing::Length(5)),
        );
    }

    #[test]
    fn an_ambiguous_response_is_a_bad_gateways() {
        let both = "200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n";
        response(Method::Get, both, Err((Fault::LengthWithCoding, 502)));
        let two = "200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n";
        response(Method::Get, two, Err((Fault::LengthRepeated, 502)));
        let gzip = "200 OK\r\nTransfer-Encoding: gzip\r\n";
        response(Method::Get, gzip, Err((Fault::CodingUnknown, 502)));
    }
}
