//! Request methods.

/// A request method: one of those the standards define, or an extension token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// HEAD
    Head,
    /// POST
    Post,
    /// PUT
    Put,
    /// DELETE
    Delete,
    /// CONNECT
    Connect,
    /// OPTIONS
    Options,
    /// TRACE
    Trace,
    /// PATCH (RFC 5789)
    Patch,
    /// Any other token, as it came: methods are case-sensitive.
    Extension(Box<str>),
}

impl Method {
    /// The method as it stands in a request line.
    pub fn as_str(&self) -> &str {
        todo!()
    }
    /// Whether repeating the request does no harm (RFC 9110 §9.2.2).
    pub fn is_idempotent(&self) -> bool {
        todo!()
    }
}
