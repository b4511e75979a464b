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

/// Demands that the codings are `chunked`, once, and nothing else.
///
/// Source: RFC 9112 §6.1, §7
fn check_transfer_coding(fields: &Fields, version: Version) -> Result<(), Reject> {
    let mut codings = fields.located("Transfer-Encoding").flat_map(|(value, at)| {
        value
            .split(|byte| *byte == b',')
            .map(move |coding| (trim_ows(coding), at))
    });
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
