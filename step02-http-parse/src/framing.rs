//! Where a body ends (RFC 9112 §6.3).

use crate::{Method, Reject, RequestHead, ResponseHead};

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
/// # Errors
/// Whatever is ambiguous.
pub fn request_framing(head: &RequestHead) -> Result<Framing, Reject> {
    let _ = head;
    todo!()
}

/// Decides a response's framing; it depends on the request's method.
///
/// # Errors
/// Whatever is ambiguous.
pub fn response_framing(request: &Method, head: &ResponseHead) -> Result<Framing, Reject> {
    let _ = (request, head);
    todo!()
}
