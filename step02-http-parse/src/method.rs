//! Request methods.
//!
//! A method is a case-sensitive token: `get` is not `GET`, it is an extension method that this
//! server does not know. Whether a method is *supported* is for whoever answers to say (501 or
//! 405); here it is only read.

use std::fmt;

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
    /// Names the method of these octets, every one of which the caller has found to be a tchar.
    pub(crate) fn from_token(token: &[u8]) -> Method {
        match token {
            b"GET" => Method::Get,
            b"HEAD" => Method::Head,
            b"POST" => Method::Post,
            b"PUT" => Method::Put,
            b"DELETE" => Method::Delete,
            b"CONNECT" => Method::Connect,
            b"OPTIONS" => Method::Options,
            b"TRACE" => Method::Trace,
            b"PATCH" => Method::Patch,
            other => Method::Extension(String::from_utf8_lossy(other).into()),
        }
    }

    /// Returns the method as it stands in a request line.
    pub fn as_str(&self) -> &str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
            Method::Connect => "CONNECT",
            Method::Options => "OPTIONS",
            Method::Trace => "TRACE",
            Method::Patch => "PATCH",
            Method::Extension(token) => token,
        }
    }

    /// Tells whether doing it twice means the same as doing it once.
    ///
    /// An extension method promises nothing, so it is not.
    ///
    /// Source: RFC 9110 §9.2.2
    pub fn is_idempotent(&self) -> bool {
        match self {
            Method::Get
            | Method::Head
            | Method::Put
            | Method::Delete
            | Method::Options
            | Method::Trace => true,
            Method::Post | Method::Connect | Method::Patch | Method::Extension(_) => false,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_case_sensitive() {
        assert_eq!(Method::from_token(b"GET"), Method::Get);
        assert_eq!(Method::from_token(b"get"), Method::Extension("get".into()));
    }

    #[test]
    fn every_known_method_reads_as_it_is_written() {
        for name in [
            "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PURGE",
        ] {
            assert_eq!(Method::from_token(name.as_bytes()).as_str(), name);
        }
    }

    #[test]
    fn repeating_a_post_or_an_unknown_method_may_do_harm() {
        assert!(!Method::Post.is_idempotent());
        assert!(!Method::from_token(b"PURGE").is_idempotent());
        assert!(Method::Delete.is_idempotent());
    }
}
