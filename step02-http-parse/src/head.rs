//! The head of a message: start line and field section.

use crate::{Fields, Limits, Method, Reject, Status, Target, Version};

/// The outcome of looking at the front of a byte stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed<T> {
    /// The value, and how many bytes it took.
    Complete(T, usize),
    /// Nothing is wrong yet, and something is missing.
    Partial,
}

/// A request's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHead {
    /// What is to be done.
    pub method: Method,
    /// To what.
    pub target: Target,
    /// The version the client speaks.
    pub version: Version,
    /// The field section.
    pub fields: Fields,
}

/// A response's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseHead {
    /// The outcome.
    pub status: Status,
    /// The version the sender speaks; what we send is always HTTP/1.1.
    pub version: Version,
    /// The field section.
    pub fields: Fields,
}

impl ResponseHead {
    /// A head without any field.
    pub fn new(status: Status) -> ResponseHead {
        ResponseHead {
            status,
            version: Version::Http11,
            fields: Fields::new(),
        }
    }
}

/// Parses a request's head from the front of `bytes`.
///
/// # Errors
/// A [`Reject`] with the status to answer and the offset of the first byte at fault.
pub fn parse_request_head(bytes: &[u8], limits: &Limits) -> Result<Parsed<RequestHead>, Reject> {
    let _ = (bytes, limits);
    todo!()
}

/// Parses a response's head from the front of `bytes`.
///
/// # Errors
/// A [`Reject`] whose offset is that of the first byte at fault.
pub fn parse_response_head(bytes: &[u8], limits: &Limits) -> Result<Parsed<ResponseHead>, Reject> {
    let _ = (bytes, limits);
    todo!()
}
