//! Scenarios of step 2: request lines, fields, limits.

use crate::expected::Expected;
use crate::scenario::{Act, Scenario};

/// Everything about reading a request's head.
pub fn scenarios() -> Vec<Scenario> {
    let mut all = request_lines();
    all.extend(methods());
    all.extend(targets());
    all.extend(fields());
    all.extend(refused_lines());
    all.extend(refused_fields());
    all.extend(limits());
    all
}

fn hello() -> Expected {
    Expected::status(200).content("Hello, reader.\n")
}

/// A head that is refused, after which the connection ends.
fn refused(name: &'static str, octets: impl AsRef<[u8]>, status: u16) -> Scenario {
    let answer = Expected::status(status).field("Connection", "close");
    Scenario::sending(name, octets).answered(answer).closed()
}

fn request_lines() -> Vec<Scenario> {
    vec![
        Scenario::sending("eight empty lines first", {
            "\r\n".repeat(8) + "GET /hello.txt HTTP/1.1\r\nHost: a\r\n\r\n"
        })
        .answered(hello())
        .by("RFC 9112 §2.2", "2.2"),
        Scenario::sending("HTTP/1.0 without Host", "GET /hello.txt HTTP/1.0\r\n\r\n")
            .answered(hello())
            .closed()
            .by("RFC 9112 §3.2", "2.5"),
        Scenario::sending(
            "HTTP/1.0 that asks to be kept",
            "GET /hello.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        )
        .answered(hello().field("Connection", "keep-alive"))
        .by("RFC 9112 §9.3", "2.5"),
        Scenario::sending("HTTP/1.2", "GET /hello.txt HTTP/1.2\r\nHost: a\r\n\r\n")
            .answered(hello())
            .by("RFC 9110 §2.5", "2.2"),
    ]
}

fn methods() -> Vec<Scenario> {
    let ask = |name, line: &str, answer| {
        Scenario::sending(name, format!("{line} HTTP/1.1\r\nHost: a\r\n\r\n"))
            .answered(answer)
            .by("RFC 9110 §9", "2.2")
    };
    let head = Expected::head;
    let allowed = || {
        Expected::status(204)
            .field("Allow", "GET, HEAD, OPTIONS")
            .content("")
    };
    let refused = || Expected::status(405).field("Allow", "GET, HEAD, OPTIONS");
    vec![
        ask(
            "HEAD",
            "HEAD /hello.txt",
            head(200).field("Content-Length", "15"),
        ),
        ask(
            "HEAD of nothing",
            "HEAD /missing",
            head(404).with("Content-Length"),
        ),
        ask("OPTIONS", "OPTIONS /hello.txt", allowed()),
        ask("asterisk form", "OPTIONS *", allowed()),
        ask("DELETE", "DELETE /hello.txt", refused()),
        ask("TRACE", "TRACE /hello.txt", refused()),
        ask("CONNECT", "CONNECT a:443", refused()),
        ask("unknown method", "FETCH /", Expected::status(501)),
        ask("methods have case", "get /", Expected::status(501)),
    ]
}

fn targets() -> Vec<Scenario> {
    let get = |name, target| {
        Scenario::get(name, target, "")
            .answered(hello())
            .by("RFC 9112 §3.2", "2.2")
    };
    vec![
        get("absolute form", "http://b/hello.txt"),
        get("absolute form with a port", "http://b:81/hello.txt"),
        get("a query", "/hello.txt?a=b&c=/d?e"),
        get("what browsers put into a query", "/hello.txt?[a]{b}|^\\`"),
        get("an escaped letter", "/%68ello.txt"),
    ]
}

fn fields() -> Vec<Scenario> {
    vec![
        Scenario::get("one GET", "/hello.txt", "")
            .answered(hello().field("Content-Length", "15").without("Connection"))
            .by("RFC 9110 §9.3.1", "2.1"),
        Scenario::get(
            "field names have no case",
            "/hello.txt",
            "cOnNeCtIoN: cLoSe\r\n",
        )
        .answered(hello().field("Connection", "close"))
        .closed()
        .by("RFC 9110 §5.1", "2.3"),
        Scenario::get(
            "octets above ASCII in a value",
            "/hello.txt",
            "A: \u{e9}\r\n",
        )
        .answered(hello())
        .by("RFC 9110 §5.5", "2.3"),
        Scenario::get(
            "whitespace around a value",
            "/hello.txt",
            "Connection: \t close \t\r\n",
        )
        .answered(hello())
        .closed()
        .by("RFC 9112 §5.1", "2.3"),
        Scenario::sending("empty Host", "GET /hello.txt HTTP/1.1\r\nHost:\r\n\r\n")
            .answered(hello())
            .by("RFC 9112 §3.2", "2.3"),
        Scenario::get("half-close after the request", "/hello.txt", "")
            .then(Act::CloseWrite)
            .answered(hello())
            .closed()
            .by("RFC 9112 §9.6", "1.2"),
    ]
}

fn refused_lines() -> Vec<Scenario> {
    let refused = |name, line: &str, status, rule| {
        refused(name, format!("{line}\r\nHost: a\r\n\r\n"), status).by(rule, "2.2")
    };
    vec![
        refused(
            "bare LF in the request line",
            "GET / HTTP/1.1\nA: b",
            400,
            "RFC 9112 §2.2",
        ),
        refused("two spaces", "GET  / HTTP/1.1", 400, "RFC 9112 §3"),
        refused("a tab for a space", "GET\t/ HTTP/1.1", 400, "RFC 9112 §3"),
        refused("space at the end", "GET / HTTP/1.1 ", 400, "RFC 9112 §3"),
        refused("no version", "GET /", 400, "RFC 9112 §2.3"),
        refused("version 2", "GET / HTTP/2.0", 505, "RFC 9110 §15.6.6"),
        refused("lower-case version", "GET / http/1.1", 400, "RFC 9112 §2.3"),
        refused(
            "fragment in the target",
            "GET /#a HTTP/1.1",
            400,
            "RFC 9112 §3.2",
        ),
        refused(
            "relative target",
            "GET hello.txt HTTP/1.1",
            400,
            "RFC 9112 §3.2",
        ),
        refused(
            "nine empty lines",
            &("\r\n".repeat(9) + "GET / HTTP/1.1"),
            400,
            "RFC 9112 §2.2",
        ),
        refused(
            "TLS hello",
            "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03",
            400,
            "RFC 9112 §3",
        ),
    ]
}

fn refused_fields() -> Vec<Scenario> {
    let refused = |name, lines: &str, rule| {
        refused(name, format!("GET / HTTP/1.1\r\n{lines}\r\n"), 400).by(rule, "2.3")
    };
    vec![
        refused("no Host", "", "RFC 9112 §3.2"),
        refused("two Hosts", "Host: a\r\nHost: a\r\n", "RFC 9112 §3.2"),
        refused("invalid Host", "Host: a b\r\n", "RFC 9112 §3.2"),
        refused(
            "bare LF after a field",
            "Host: a\nB: c\r\n",
            "RFC 9112 §2.2",
        ),
        refused(
            "bare CR in a value",
            "Host: a\r\nB: c\rd\r\n",
            "RFC 9112 §2.2",
        ),
        refused("folded line", "Host: a\r\nB: c\r\n d\r\n", "RFC 9112 §5.2"),
        refused(
            "space before the first field",
            " Host: a\r\n",
            "RFC 9112 §2.2",
        ),
        refused("space before the colon", "Host : a\r\n", "RFC 9112 §5.1"),
        refused("no colon", "Host: a\r\nB\r\n", "RFC 9112 §5"),
        refused("empty name", "Host: a\r\n: b\r\n", "RFC 9112 §5"),
        refused("NUL in a value", "Host: a\r\nB: \0\r\n", "RFC 9110 §5.5"),
    ]
}

fn limits() -> Vec<Scenario> {
    let request =
        |target: &str, lines: &str| format!("GET {target} HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
    let method = "M".repeat(33);
    let target = format!("/{}", "t".repeat(8_000));
    let line = format!("A: {}\r\n", "v".repeat(8 * 1024));
    vec![
        refused(
            "a method of 33 octets",
            request("/", "").replace("GET", &method),
            501,
        )
        .by("RFC 9110 §15.6.2", "2.3"),
        refused("a target of 8,001 octets", request(&target, ""), 414)
            .by("RFC 9110 §15.5.15", "2.3"),
        refused("a field line over 8 KiB", request("/", &line), 431).by("RFC 6585 §5", "2.3"),
        refused("101 fields", request("/", &"A: b\r\n".repeat(100)), 431).by("RFC 6585 §5", "2.3"),
        Scenario::get("100 fields", "/hello.txt", &"A: b\r\n".repeat(99))
            .answered(hello())
            .by("RFC 6585 §5", "2.3"),
    ]
}
