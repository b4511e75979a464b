//! A server in front of this one.
//!
//! ```text
//!   client ──https──► front ──http──► this server
//!   Request::peer     Front::addr     Request::local
//! ```
//!
//! Behind a front every connection comes from the same few addresses, and none is encrypted. What
//! the front says about the client stands here, apart from the fields of the request: those anybody
//! can write. So whoever makes a [`Front`] has found out before that the front may be believed, and
//! whoever reads one need not ask.

use std::net::SocketAddr;

/// What a trusted front says of its client, beside the address, which is
/// [`Request::peer`](crate::Request::peer).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Front {
    /// Its own address: the other end of the connection.
    pub addr: SocketAddr,
    /// How the client talks to it.
    pub scheme: Scheme,
    /// Everybody it names on the way from the client, as X-Forwarded-For does; empty if nobody.
    pub chain: Box<str>,
    /// Which host the client asked it for, where it says so.
    pub host: Option<Box<str>>,
}

impl Front {
    /// A front that says nothing but an address.
    pub fn new(addr: SocketAddr) -> Front {
        Front {
            addr,
            scheme: Scheme::Http,
            chain: Box::default(),
            host: None,
        }
    }
}

/// Whether the client's own connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scheme {
    /// It is not.
    #[default]
    Http,
    /// By TLS, which ends at the front.
    Https,
}

impl Scheme {
    /// The scheme as it stands in a URI.
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    /// The port a URI means when it names none (RFC 9110 §4.2).
    pub fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_has_a_name_and_a_port() {
        let all = [Scheme::Http, Scheme::Https];
        assert_eq!(all.map(Scheme::as_str), ["http", "https"]);
        assert_eq!(all.map(Scheme::default_port), [80, 443]);
    }
}
