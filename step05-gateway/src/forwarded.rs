//! What fronts write into requests about their clients.
//!
//! ```text
//!     X-Forwarded-For: 192.0.2.7, 10.0.0.2     the client first, the last front's own client last
//!     X-Forwarded-Proto: https
//!     Forwarded: for=192.0.2.7;proto=https;host=shop.example, for="[2001:db8::1]:4711"
//! ```
//!
//! The three fields of custom and the one of RFC 7239 say the same; where both are there, those of
//! custom count, as more fronts mean what they say in them. Nothing here asks whether any of it may
//! be believed.

use http_parse::Fields;
use static_files::Scheme;
use std::net::{IpAddr, SocketAddr};

/// What the fronts on the way have said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Forwarded {
    /// Whom each front names as its own client, the outermost first. `None` is one that is no
    /// address: "unknown", or a name of the front's own (RFC 7239 §6.2, §6.3).
    pub(crate) hops: Vec<Option<IpAddr>>,
    /// How the client talks to the outermost front that says it.
    pub(crate) scheme: Option<Scheme>,
    /// The host that the client asked for.
    pub(crate) host: Option<Box<str>>,
    /// The port that the client asked.
    pub(crate) port: Option<u16>,
}

impl Forwarded {
    pub(crate) fn read(fields: &Fields) -> Forwarded {
        let mut said = by_custom(fields);
        let standard = by_standard(fields);
        if said.hops.is_empty() {
            said.hops = standard.hops;
        }
        said.scheme = said.scheme.or(standard.scheme);
        said.host = said.host.or(standard.host);
        said
    }
}

fn by_custom(fields: &Fields) -> Forwarded {
    let first = |name| fields.list(name).next();
    let text = |name| first(name).and_then(|value| std::str::from_utf8(value).ok());
    Forwarded {
        hops: fields.list("X-Forwarded-For").map(address).collect(),
        scheme: first("X-Forwarded-Proto").and_then(scheme),
        host: text("X-Forwarded-Host")
            .filter(|host| is_host(host))
            .map(Box::from),
        port: text("X-Forwarded-Port").and_then(|port| port.parse().ok()),
    }
}

/// Reads Forwarded; whatever in it is malformed says nothing.
///
/// Source: RFC 7239 §4
fn by_standard(fields: &Fields) -> Forwarded {
    let mut said = Forwarded::default();
    for element in fields.all("Forwarded").flat_map(|value| split(value, b',')) {
        let mut hop = None;
        for (name, value) in split(element, b';').filter_map(pair) {
            let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
            if is(b"for") {
                hop = address(value);
            } else if is(b"proto") {
                said.scheme = said.scheme.or(scheme(value));
            } else if is(b"host") && said.host.is_none() {
                let host = std::str::from_utf8(value).ok();
                said.host = host.filter(|host| is_host(host)).map(Box::from);
            }
        }
        said.hops.push(hop);
    }
    said
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

/// Octets that a host and a port can have, and no others: the value goes into fields and pages.
fn is_host(text: &str) -> bool {
    let is_known = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~[]:%".contains(&octet);
    !text.is_empty() && text.bytes().all(is_known)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks what lines say, as `hops scheme host port`.
    #[track_caller]
    fn check(lines: &[(&str, &str)], expected: &str) {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields
                .try_push(name.as_bytes(), value.as_bytes())
                .expect("a field");
        }
        let said = Forwarded::read(&fields);
        let hops: Vec<String> = said
            .hops
            .iter()
            .map(|hop| hop.map_or("?".to_owned(), |hop| hop.to_string()))
            .collect();
        let scheme = said.scheme.map_or("-", Scheme::as_str);
        let host = said.host.as_deref().unwrap_or("-");
        let port = said.port.map_or("-".to_owned(), |port| port.to_string());
        assert_eq!(
            format!("{} {scheme} {host} {port}", hops.join(",")),
            expected,
            "{lines:?}"
        );
    }

    #[test]
    fn fields_of_custom_are_read() {
        check(&[], " - - -");
        check(
            &[
                ("X-Forwarded-For", "192.0.2.7, 2001:db8::1"),
                ("X-Forwarded-For", "10.0.0.1:99,[::1]:80 , [::2]"),
                ("X-Forwarded-Proto", "HTTPS"),
                ("X-Forwarded-Host", "a.example:81"),
                ("X-Forwarded-Port", "81"),
            ],
            "192.0.2.7,2001:db8::1,10.0.0.1,::1,::2 https a.example:81 81",
        );
        check(
            &[("X-Forwarded-For", "unknown, 1.2.3.4.5, a")],
            "?,?,? - - -",
        );
        check(
            &[
                ("X-Forwarded-Proto", "gopher"),
                ("X-Forwarded-Host", "<script>"),
                ("X-Forwarded-Port", "99999"),
            ],
            " - - -",
        );
    }

    #[test]
    fn the_field_of_the_standard_is_read() {
        check(
            &[(
                "Forwarded",
                "for=192.0.2.43;proto=https;by=203.0.113.43;host=a",
            )],
            "192.0.2.43 https a -",
        );
        check(
            &[
                ("Forwarded", "For=\"[2001:db8:cafe::17]:4711\", for=unknown"),
                ("Forwarded", "proto=http; for=\"192.0.2.1:80\", by=_x"),
            ],
            "2001:db8:cafe::17,?,192.0.2.1,? http - -",
        );
        check(&[("Forwarded", "for=\"a,b;c\";host=\"x y\"")], "? - - -");
    }

    #[test]
    fn custom_comes_before_the_standard() {
        check(
            &[
                ("Forwarded", "for=192.0.2.1;proto=http;host=b"),
                ("X-Forwarded-For", "192.0.2.2"),
                ("X-Forwarded-Proto", "https"),
            ],
            "192.0.2.2 https b -",
        );
    }
}
