//! What fronts write into requests about their clients.
//!
//! ```text
//!     X-Forwarded-For: 192.0.2.7, 10.0.0.2     the client first, the last front's own client last
//!     X-Forwarded-Proto: https
//!     Forwarded: for=192.0.2.7;proto=https;host=shop.example, for="[2001:db8::1]:4711"
//! ```
//!
//! The fields of custom and the one of RFC 7239 say the same. A front that writes the one kind lets
//! the other pass as the client has sent it, so where a field of custom is there, the other is not
//! read. For the same reason it is always the last value of a list that counts: the one before may
//! have come from anywhere.
//!
//! Nothing here asks whether any of it may be believed.

use http_parse::Fields;
use static_files::Scheme;
use std::net::{IpAddr, SocketAddr};

const CUSTOM: [&str; 4] = [
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
];

/// What the fronts on the way have said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Forwarded {
    /// What each front says of its own client, the outermost first.
    pub(crate) hops: Vec<Hop>,
    /// What the last front says of the client of the first.
    pub(crate) client: Hop,
    /// The port that the client asked.
    pub(crate) port: Option<u16>,
}

/// What a front says of somebody.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Hop {
    /// Its address; `None` for "unknown", or a name of the front's own (RFC 7239 §6.2, §6.3).
    pub(crate) addr: Option<IpAddr>,
    /// How it talks to the front.
    pub(crate) scheme: Option<Scheme>,
    /// The host that it asked for.
    pub(crate) host: Option<Box<str>>,
}

impl Forwarded {
    pub(crate) fn read(fields: &Fields) -> Forwarded {
        if CUSTOM.iter().any(|name| fields.contains(name)) {
            by_custom(fields)
        } else {
            by_standard(fields)
        }
    }
}

fn by_custom(fields: &Fields) -> Forwarded {
    let last = |name| fields.list(name).last();
    let hops = fields.list("X-Forwarded-For").map(|value| Hop {
        addr: address(value),
        ..Hop::default()
    });
    let port = last("X-Forwarded-Port").and_then(|port| std::str::from_utf8(port).ok());
    Forwarded {
        hops: hops.collect(),
        client: Hop {
            addr: None,
            scheme: last("X-Forwarded-Proto").and_then(scheme),
            host: last("X-Forwarded-Host").and_then(host),
        },
        port: port.and_then(|port| port.parse().ok()),
    }
}

/// Reads Forwarded; whatever in it is malformed says nothing.
///
/// Source: RFC 7239 §4
fn by_standard(fields: &Fields) -> Forwarded {
    let values = fields.all("Forwarded");
    let elements = values.flat_map(|value| split(value, b','));
    let hops = elements.map(|element| {
        let mut hop = Hop::default();
        for (name, value) in split(element, b';').filter_map(pair) {
            let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
            if is(b"for") {
                hop.addr = address(value);
            } else if is(b"proto") {
                hop.scheme = scheme(value);
            } else if is(b"host") {
                hop.host = host(value);
            }
        }
        hop
    });
    Forwarded {
        hops: hops.collect(),
        ..Forwarded::default()
    }
}

/// Cuts at a separator outside quoted strings.
fn split(value: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    value.split(move |octet| {
        quoted ^= *octet == b'"';
        *octet == separator && !quoted
    })
}

/// `name=value`, the value without its quotes. A backslash in it is left where it is: no address
/// and no host has one.
fn pair(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii();
    let equals = text.iter().position(|octet| *octet == b'=')?;
    let (name, value) = (&text[..equals], &text[equals + 1..]);
    let inner = value
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""));
    Some((name, inner.unwrap_or(value)))
}

/// An address, with a port or without, in brackets or not: all of these are in use.
fn address(value: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(value).ok()?;
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let parsed = bare.unwrap_or(text).parse().ok();
    let parsed = parsed.or_else(|| text.parse().ok().map(|addr: SocketAddr| addr.ip()));
    parsed.map(|ip: IpAddr| ip.to_canonical())
}

fn scheme(value: &[u8]) -> Option<Scheme> {
    let is = |other: &[u8]| value.eq_ignore_ascii_case(other);
    if is(b"https") || is(b"wss") {
        Some(Scheme::Https)
    } else if is(b"http") || is(b"ws") {
        Some(Scheme::Http)
    } else {
        None
    }
}

/// A host and a port, of octets that these can have and no others: it goes into fields and pages.
fn host(value: &[u8]) -> Option<Box<str>> {
    let is_known = |octet: &u8| octet.is_ascii_alphanumeric() || b"-._~[]:%".contains(octet);
    let text = std::str::from_utf8(value).ok()?;
    (!value.is_empty() && value.iter().all(is_known)).then(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks what lines say, as `hops; scheme host port`.
    #[track_caller]
    fn check(lines: &[(&str, &str)], expected: &str) {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields
                .try_push(name.as_bytes(), value.as_bytes())
                .expect("a field");
        }
        let said = Forwarded::read(&fields);
        let told = |hop: &Hop| {
            let addr = hop.addr.map_or("?".to_owned(), |addr| addr.to_string());
            let scheme = hop.scheme.map_or("-", Scheme::as_str);
            let host = hop.host.as_deref().unwrap_or("-");
            format!("{addr} {scheme} {host}")
        };
        let hops: Vec<String> = said.hops.iter().map(told).collect();
        let port = said.port.map_or("-".to_owned(), |port| port.to_string());
        let text = format!("{}; {} {port}", hops.join(", "), told(&said.client));
        assert_eq!(text, expected, "{lines:?}");
    }

    #[test]
    fn fields_of_custom_are_read() {
        check(&[], "; ? - - -");
        check(
            &[
                ("X-Forwarded-For", "192.0.2.7, 2001:db8::1"),
                ("X-Forwarded-For", "10.0.0.1:99,[::1]:80 , [::2]"),
                ("X-Forwarded-Proto", "gopher, HTTPS"),
                ("X-Forwarded-Host", "evil, a.example:81"),
                ("X-Forwarded-Port", "81"),
            ],
            "192.0.2.7 - -, 2001:db8::1 - -, 10.0.0.1 - -, ::1 - -, ::2 - -; \
             ? https a.example:81 81",
        );
        check(
            &[("X-Forwarded-For", "unknown, 1.2.3.4.5")],
            "? - -, ? - -; ? - - -",
        );
        check(
            &[
                ("X-Forwarded-Proto", "gopher"),
                ("X-Forwarded-Host", "<script>"),
                ("X-Forwarded-Port", "99999"),
            ],
            "; ? - - -",
        );
    }

    #[test]
    fn the_field_of_the_standard_is_read() {
        check(
            &[(
                "Forwarded",
                "for=192.0.2.43;proto=https;by=203.0.113.43;host=a",
            )],
            "192.0.2.43 https a; ? - - -",
        );
        check(
            &[
                ("Forwarded", "For=\"[2001:db8:cafe::17]:4711\", for=unknown"),
                ("Forwarded", "proto=http; for=\"192.0.2.1:80\", by=_x"),
            ],
            "2001:db8:cafe::17 - -, ? - -, 192.0.2.1 http -, ? - -; ? - - -",
        );
        check(
            &[("Forwarded", "for=\"a,b;c\";host=\"x y\"")],
            "? - -; ? - - -",
        );
    }

    #[test]
    fn one_kind_of_field_is_read_and_not_the_other() {
        check(
            &[
                ("Forwarded", "for=192.0.2.1;proto=http;host=evil"),
                ("X-Forwarded-For", "192.0.2.2"),
            ],
            "192.0.2.2 - -; ? - - -",
        );
    }
}
