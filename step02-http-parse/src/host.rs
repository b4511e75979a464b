//! Hosts and ports, in Host fields and in request-targets.
//!
//! ```text
//!   example.com   example.com:8080   192.0.2.1   [2001:db8::1]:8080   caf%C3%A9.example
//! ```
//!
//! Refused although the URI grammar might read them: a user name before `@` (RFC 9110 §4.2.4),
//! a zone (`fe80::1%eth0`), an address format of the future, a port above 65535. Which hosts are
//! *served* is not decided here.

use crate::bytes::is_reg_name;
use core::net::Ipv6Addr;

/// Splits `uri-host [":" port]`; `None` when either cannot be one. The host may be empty, and so
/// may the port: whoever needs one must look.
///
/// Source: RFC 9110 §7.2, RFC 3986 §3.2
pub(crate) fn split(authority: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let host_end = match authority.first() {
        Some(b'[') => authority.iter().position(|byte| *byte == b']')? + 1,
        _ => authority
            .iter()
            .position(|byte| *byte == b':')
            .unwrap_or(authority.len()),
    };
    let (host, rest) = authority.split_at(host_end);
    let port = match rest {
        [] => None,
        [b':', port @ ..] => Some(port),
        _ => return None,
    };
    (is_host(host) && port.is_none_or(is_port)).then_some((host, port))
}

fn is_host(host: &[u8]) -> bool {
    match host {
        [b'[', address @ .., b']'] => {
            str::from_utf8(address).is_ok_and(|address| address.parse::<Ipv6Addr>().is_ok())
        }
        name => is_registered_name(name),
    }
}

fn is_registered_name(mut name: &[u8]) -> bool {
    loop {
        name = match name {
            [] => return true,
            [octet, rest @ ..] if is_reg_name(*octet) => rest,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                rest
            }
            _ => return false,
        };
    }
}

fn is_port(port: &[u8]) -> bool {
    let number = port.iter().try_fold(0u16, |number, digit| match digit {
        b'0'..=b'9' => number.checked_mul(10)?.checked_add(u16::from(digit - b'0')),
        _ => None,
    });
    number.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(authority: &str, expected: Option<(&str, Option<&str>)>) {
        let found = split(authority.as_bytes());
        let expected = expected.map(|(host, port)| (host.as_bytes(), port.map(str::as_bytes)));
        assert_eq!(found, expected, "{authority:?}");
    }

    #[test]
    fn names_and_addresses_are_split_from_their_ports() {
        check("", Some(("", None)));
        check("a.example", Some(("a.example", None)));
        check("a.example:", Some(("a.example", Some(""))));
        check("a.example:80", Some(("a.example", Some("80"))));
        check("192.0.2.1:65535", Some(("192.0.2.1", Some("65535"))));
        check("[::1]", Some(("[::1]", None)));
        check("[2001:db8::7]:8080", Some(("[2001:db8::7]", Some("8080"))));
        check("caf%C3%A9", Some(("caf%C3%A9", None)));
        check(
            "under_score!$&'()*+,;=~",
            Some(("under_score!$&'()*+,;=~", None)),
        );
    }

    #[test]
    fn what_cannot_be_a_host_is_refused() {
        for authority in [
            "a b",
            "a/b",
            "user@host",
            "a?b",
            "a#b",
            "a\\b",
            "%4",
            "%zz",
            "%4g",
            "%g4",
            "a%",
            "\u{e9}",
            "[::1",
            "::1",
            "[::1]x",
            "[]",
            "[1.2.3.4]",
            "[fe80::1%25eth0]",
            "[v1.x]",
        ] {
            check(authority, None);
        }
    }

    #[test]
    fn what_cannot_be_a_port_is_refused() {
        for authority in ["a:65536", "a:-1", "a:+1", "a:8o", "a:80:80", "a: 80"] {
            check(authority, None);
        }
    }
}
