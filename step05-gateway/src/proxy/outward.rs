//! A request's head, for another server.
//!
//! ```text
//!     GET http://a.example/x HTTP/1.0     GET /x HTTP/1.1
//!     Connection: x-mine          ──►     Host: a.example
//!     X-Mine: 1                           Accept: */*
//!     Accept: */*                         X-Forwarded-For: 192.0.2.7
//!                                         …
//! ```

use super::hop::{is_hop, is_one_of, via};
use crate::environ::OF_FRONTS;
use crate::numeral::push_ip;
use http_parse::{Framing, Method, TargetForm, Version, is_tchar};
use static_files::Request;
use std::io::Write as _;

/// Fields that are written anew, or dealt with by this server: Expect is answered here.
const ANEW: [&str; 3] = ["host", "content-length", "expect"];

/// The protocol that a request wants to change to, if it may be handed on.
///
/// Only for requests without content, so that it is clear where the other protocol begins. Never
/// for h2c, and never for TLS: what an upstream would be asked inside such a tunnel nobody checks
/// here, and it could be asked for anything.
///
/// Source: RFC 9110 §7.8
pub(super) fn upgrade(request: &Request) -> Option<&[u8]> {
    let fields = &request.head.fields;
    let mut values = fields.all("Upgrade");
    let (Some(protocol), None) = (values.next(), values.next()) else {
        return None;
    };
    let mut options = fields.list("Connection");
    let asked = options.any(|option| option.eq_ignore_ascii_case(b"upgrade"));
    let bodiless = matches!(request.framing, Framing::None | Framing::Length(0));
    let name = protocol.split(|octet| *octet == b'/').next()?;
    let is_one = protocol
        .iter()
        .all(|octet| is_tchar(*octet) || *octet == b'/');
    let harmless = is_one && !is_one_of(name, &["", "h2c", "http", "tls"]);
    let whole = request.head.version == Version::Http11 && bodiless;
    (asked && whole && harmless).then_some(protocol)
}

/// Appends the head, with the framing for content of that length. `named` are the fields that its
/// Connection names.
pub(super) fn write_head(
    request: &Request,
    named: &[Box<[u8]>],
    length: Option<u64>,
    upgrade: Option<&[u8]>,
    out: &mut Vec<u8>,
) {
    const EXTRA: usize = 512;
    out.reserve(request.head.fields.wire().len() + request.head.target.raw().len() + EXTRA);
    write_request_line(request, out);
    write_host(request, out);
    write_fields(request, named, out);
    write_forwarded(request, out);
    match length {
        None => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        Some(0) if !tells_no_content(request) => {}
        Some(length) => line(out, format_args!("Content-Length: {length}")),
    }
    if let Some(protocol) = upgrade {
        out.extend_from_slice(b"Connection: upgrade\r\n");
        value(out, "Upgrade", protocol);
    }
    out.extend_from_slice(b"\r\n");
}

/// Always in origin-form, and always as HTTP/1.1, which is what this server speaks (RFC 9110 §6.2).
fn write_request_line(request: &Request, out: &mut Vec<u8>) {
    let target = &request.head.target;
    out.extend_from_slice(request.method().as_str().as_bytes());
    out.push(b' ');
    match target.form() {
        TargetForm::Asterisk => out.push(b'*'),
        TargetForm::Origin | TargetForm::Absolute | TargetForm::Authority => {
            out.extend_from_slice(target.path());
        }
    }
    if let Some(query) = target.query() {
        out.push(b'?');
        out.extend_from_slice(query);
    }
    out.extend_from_slice(b" HTTP/1.1\r\n");
}

/// The client's, so that the upstream makes the addresses that the client knows; where a client of
/// HTTP/1.0 named none, the address it came to.
fn write_host(request: &Request, out: &mut Vec<u8>) {
    let target = &request.head.target;
    match target.authority().or(request.head.fields.get("Host")) {
        Some(host) => value(out, "Host", host),
        None => line(out, format_args!("Host: {}", request.local)),
    }
}

fn write_fields(request: &Request, named: &[Box<[u8]>], out: &mut Vec<u8>) {
    let fields = &request.head.fields;
    let hops = max_forwards(request);
    for (name, field) in fields.iter() {
        let counted = hops.is_some() && is_one_of(name, &["max-forwards"]);
        let is_ours = counted || is_one_of(name, &ANEW) || is_one_of(name, &OF_FRONTS);
        if is_ours || is_hop(name, named) || is_deceptive(name) {
            continue;
        }
        out.extend_from_slice(name);
        out.extend_from_slice(b": ");
        out.extend_from_slice(field);
        out.extend_from_slice(b"\r\n");
    }
    if let Some(hops) = hops {
        line(
            out,
            format_args!("Max-Forwards: {}", hops.saturating_sub(1)),
        );
    }
}

/// Names that applications cannot tell from others once they are variables: `X_Forwarded_For` would
/// become the one that this server vouches for, and `Proxy` the one that names a proxy.
pub(super) fn is_deceptive(name: &[u8]) -> bool {
    name.contains(&b'_') || is_one_of(name, &["proxy"])
}

/// How many servers an OPTIONS may still pass (RFC 9110 §7.6.2); with other methods the field means
/// nothing.
pub(super) fn max_forwards(request: &Request) -> Option<u32> {
    if *request.method() != Method::Options {
        return None;
    }
    let value = request.head.fields.get("Max-Forwards")?;
    let digits = value.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(value)
        .ok()
        .filter(|_| digits)?
        .parse()
        .ok()
}

// ANCHOR: forwarded
/// Who asks, how, and whom: what the upstream cannot see, because the connection is ours.
fn write_forwarded(request: &Request, out: &mut Vec<u8>) {
    let front = request.front.as_deref();
    out.extend_from_slice(b"X-Forwarded-For: ");
    match front.filter(|front| !front.chain.is_empty()) {
        Some(front) => {
            out.extend_from_slice(front.chain.as_bytes());
            out.extend_from_slice(b", ");
            push_ip(front.addr.ip(), out);
        }
        None => push_ip(request.peer.ip(), out),
    }
    out.extend_from_slice(b"\r\n");
    let scheme = request.scheme().as_str();
    value(out, "X-Forwarded-Proto", scheme.as_bytes());
    let named = front.and_then(|front| front.host.as_deref());
    let host = named.map_or(request.head.host(), str::as_bytes);
    if !host.is_empty() {
        value(out, "X-Forwarded-Host", host);
    }
    value(out, "Via", via(request.head.version).as_bytes());
}
// ANCHOR_END: forwarded

/// Whether a length of zero has to be said: where the client said it, and with the methods whose
/// content is missed (RFC 9110 §8.6).
fn tells_no_content(request: &Request) -> bool {
    request.framing != Framing::None
        || matches!(request.method(), Method::Post | Method::Put | Method::Patch)
}

fn line(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a vector takes every octet");
    out.extend_from_slice(b"\r\n");
}

/// A line whose value has been parsed, and so has no octet that ends it.
fn value(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::hop::{PSEUDONYM, named};
    use crate::speaking::request_between;
    use static_files::{Front, Scheme};

    fn request(head: &str) -> Request {
        request_between("[::ffff:192.0.2.7]:40000", "192.0.2.1:8080", head)
    }

    fn written(request: &Request) -> String {
        let length = match request.framing {
            Framing::None => Some(0),
            Framing::Length(length) => Some(length),
            Framing::Chunked | Framing::UntilClose => None,
        };
        let mut out = Vec::new();
        let named = named(&request.head.fields);
        write_head(request, &named, length, upgrade(request), &mut out);
        String::from_utf8_lossy(&out).replace("\r\n", "\n")
    }

    /// Checks everything but the lines that this server adds to all requests.
    #[track_caller]
    fn check(head: &str, expected: &str) {
        let added = |line: &&str| !line.starts_with("X-Forwarded-") && !line.ends_with(PSEUDONYM);
        let written = written(&request(head));
        let lines: Vec<&str> = written.lines().filter(added).collect();
        assert_eq!(lines.join("\n"), format!("{expected}\n"), "{head}");
    }

    #[test]
    fn a_plain_request_gets_exactly_these_lines() {
        assert_eq!(
            written(&request(
                "GET /a%2Fb/../c?d HTTP/1.1\nAccept: */*\nHost: a:81"
            )),
            "GET /a%2Fb/../c?d HTTP/1.1\nHost: a:81\nAccept: */*\nX-Forwarded-For: 192.0.2.7\n\
             X-Forwarded-Proto: http\nX-Forwarded-Host: a:81\nVia: 1.1 build-your-own\n\n"
        );
        assert_eq!(
            written(&request("GET / HTTP/1.0\nVia: 1.0 x")),
            "GET / HTTP/1.1\nHost: 192.0.2.1:8080\nVia: 1.0 x\nX-Forwarded-For: 192.0.2.7\n\
             X-Forwarded-Proto: http\nVia: 1.0 build-your-own\n\n"
        );
    }

    #[test]
    fn targets_are_written_in_origin_form() {
        let get = |target| format!("GET {target} HTTP/1.1\nHost: wrong");
        check(
            &get("http://right:81/x?y"),
            "GET /x?y HTTP/1.1\nHost: right:81",
        );
        check(&get("http://right"), "GET / HTTP/1.1\nHost: right");
        check(&get("http://right?y"), "GET /?y HTTP/1.1\nHost: right");
        check("OPTIONS * HTTP/1.1\nHost: a", "OPTIONS * HTTP/1.1\nHost: a");
        check("GET / HTTP/1.1\nHost:", "GET / HTTP/1.1\nHost: ");
    }

    #[test]
    fn fields_for_this_server_only_are_taken_off() {
        check(
            "GET / HTTP/1.1\nHost: a\nConnection: close, X-Mine\nx-mine: 1\nKeep-Alive: 5\nTE: gzip\n\
             Trailer: x\nProxy-Authorization: x\nProxy-Connection: x\nAuthorization: mine\n\
             Expect: 100-continue\nUpgrade: websocket",
            "GET / HTTP/1.1\nHost: a\nAuthorization: mine",
        );
        let post = "POST / HTTP/1.1\nHost: a\nConnection: Host, Content-Length, X-Forwarded-For\n";
        check(
            &format!("{post}Content-Length: 2"),
            "POST / HTTP/1.1\nHost: a\nContent-Length: 2",
        );
        assert!(written(&request(&format!("{post}A: b"))).contains("X-Forwarded-For: 192.0.2.7"));
        check(
            "POST / HTTP/1.1\nHost: a\nConnection: Transfer-Encoding\nTransfer-Encoding: chunked",
            "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked",
        );
    }

    #[test]
    fn names_that_pass_for_others_are_not_handed_on() {
        check(
            "GET / HTTP/1.1\nHost: a\nX_Forwarded_For: 1\nProxy: x\nForwarded: for=1\n\
             X-Forwarded-For: 1\nX-Forwarded-Proto: https\nX-Forwarded-Host: evil\nX.Y: 1",
            "GET / HTTP/1.1\nHost: a\nX.Y: 1",
        );
    }

    #[test]
    fn no_content_is_said_where_it_would_be_missed() {
        check(
            "DELETE / HTTP/1.1\nHost: a\nContent-Length: 0",
            "DELETE / HTTP/1.1\nHost: a\nContent-Length: 0",
        );
        check("DELETE / HTTP/1.1\nHost: a", "DELETE / HTTP/1.1\nHost: a");
        check(
            "POST / HTTP/1.1\nHost: a",
            "POST / HTTP/1.1\nHost: a\nContent-Length: 0",
        );
    }

    #[test]
    fn what_a_trusted_front_says_is_said_on() {
        let mut request = request("GET / HTTP/1.1\nHost: a");
        request.front = Some(Box::new(Front {
            scheme: Scheme::Https,
            chain: "192.0.2.7".into(),
            host: Some("shop.example".into()),
            ..Front::new("[2001:db8::1]:1".parse().expect("an address"))
        }));
        let text = written(&request);
        for line in [
            "X-Forwarded-For: 192.0.2.7, 2001:db8::1\n",
            "X-Forwarded-Proto: https\n",
            "X-Forwarded-Host: shop.example\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }

    #[test]
    fn a_change_of_protocol_is_asked_for_where_it_is_safe() {
        let get = |version: &str, fields: &str| format!("GET / HTTP/{version}\nHost: a\n{fields}");
        let asked = "Connection: Keep-Alive, Upgrade\nUpgrade: WebSocket";
        check(
            &get("1.1", asked),
            "GET / HTTP/1.1\nHost: a\nConnection: upgrade\nUpgrade: WebSocket",
        );
        let plain = "GET / HTTP/1.1\nHost: a";
        check(&get("1.0", asked), plain);
        for upgrade in ["h2c", "H2C", "HTTP/2.0", "TLS/1.2", "websocket, h2c", ""] {
            check(
                &get("1.1", &format!("Connection: upgrade\nUpgrade: {upgrade}")),
                plain,
            );
        }
        check(
            &get("1.1", "Connection: upgrade\nUpgrade: a\nUpgrade: h2c"),
            plain,
        );
        check(
            "POST / HTTP/1.1\nHost: a\nContent-Length: 1\nConnection: upgrade\nUpgrade: a",
            "POST / HTTP/1.1\nHost: a\nContent-Length: 1",
        );
    }

    #[test]
    fn an_options_is_passed_on_once_less() {
        check(
            "OPTIONS / HTTP/1.1\nHost: a\nMax-Forwards: 3",
            "OPTIONS / HTTP/1.1\nHost: a\nMax-Forwards: 2",
        );
        let meaningless = "GET / HTTP/1.1\nHost: a\nMax-Forwards: 3";
        check(meaningless, meaningless);
        assert_eq!(
            max_forwards(&request("OPTIONS / HTTP/1.1\nHost: a\nMax-Forwards: +1")),
            None
        );
    }
}
