//! Protocol versions.
//!
//! The minor number tells what a peer understands, never how its message is to be read, so two
//! cases are enough: 1.0, and everything later of major version 1.

use std::fmt;

/// The protocol version of a message; every later 1.x is answered as 1.1.
///
/// Source: RFC 9110 §2.5
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Version::Http10 => "HTTP/1.0",
            Version::Http11 => "HTTP/1.1",
        })
    }
}
