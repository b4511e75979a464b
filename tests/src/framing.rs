//! Scenarios of step 2: content, connections that are kept, `100 Continue`.

use crate::expected::Expected;
use crate::scenario::{Act, Scenario};

/// Everything about where a message ends and the next begins.
pub fn scenarios() -> Vec<Scenario> {
    let mut all = content();
    all.extend(refused());
    all.extend(kept());
    all.extend(waiting());
    all
}

fn post(name: &'static str, target: &str, lines: &str, content: &str) -> Scenario {
    let request = format!("POST {target} HTTP/1.1\r\nHost: a\r\n{lines}\r\n{content}");
    Scenario::sending(name, request)
}

fn content() -> Vec<Scenario> {
    const FIVE: &str = "Content-Length: 5\r\n";
    const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";
    let echoed = |name, lines, content| {
        post(name, "/echo", lines, content)
            .answered(Expected::status(200).content("hello"))
            .by("RFC 9112 §7.1", "2.4")
    };
    let collected = |name, lines, content, comes_back: &str| {
        let length = comes_back.len().to_string();
        let answer = Expected::status(200).field("Content-Length", length);
        post(name, "/collect", lines, content)
            .answered(answer.content(comes_back))
            .by("RFC 9112 §6.3", "2.4")
    };
    let trailers = "005;a=\"b\";c\r\nhello\r\n0\r\nDigest: x\r\n\r\n";
    vec![
        echoed("content with a length", FIVE, "hello"),
        echoed(
            "content in chunks",
            CHUNKED,
            "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        ),
        collected("content in one piece", FIVE, "hello", "hello"),
        collected("extensions and trailers", CHUNKED, trailers, "hello"),
        collected("content of no octets", "Content-Length: 0\r\n", "", ""),
        collected("neither length nor chunks", "", "", ""),
        post("content that nobody wants", "/hello.txt", FIVE, "hello")
            .answered(Expected::status(405).field("Allow", "GET, HEAD, OPTIONS"))
            .by("RFC 9112 §9.3", "2.4"),
        Scenario::get("GET with content", "/digits.txt", FIVE)
            .then(Act::Send(b"GET /".to_vec()))
            .answered(Expected::status(200).content("0123456789"))
            .by("RFC 9110 §9.3.1", "2.4"),
    ]
}

/// A POST that is refused, after which the connection ends.
fn refusal(name: &'static str, lines: &str, content: &str, status: u16) -> Scenario {
    let answer = Expected::status(status).field("Connection", "close");
    post(name, "/collect", lines, content)
        .answered(answer)
        .closed()
}

fn refused() -> Vec<Scenario> {
    let length = |name, value: &str| {
        let line = format!("Content-Length: {value}\r\n");
        refusal(name, &line, "hello", 400).by("RFC 9112 §6.3", "2.6")
    };
    let coding = |name, value: &str, status| {
        let line = format!("Transfer-Encoding: {value}\r\n");
        refusal(name, &line, "0\r\n\r\n", status).by("RFC 9112 §6.1", "2.6")
    };
    let chunks = |name, content: &str| {
        let content = format!("{content}\r\n0\r\n\r\n");
        refusal(name, "Transfer-Encoding: chunked\r\n", &content, 400).by("RFC 9112 §7.1", "2.4")
    };
    let old = "POST /collect HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    vec![
        length("two lengths", "5\r\nContent-Length: 5"),
        length("a list of lengths", "5, 5"),
        length("a length with a sign", "+5"),
        length("a negative length", "-5"),
        length("a length beyond 64 bits", "18446744073709551616"),
        coding("length and chunks", "chunked\r\nContent-Length: 5", 400),
        coding("another coding", "gzip", 501),
        coding("chunked twice", "chunked, chunked", 400),
        coding("chunked not last", "chunked, gzip", 400),
        Scenario::sending("chunks in HTTP/1.0", old)
            .answered(Expected::status(400))
            .closed()
            .by("RFC 9112 §6.1", "2.6"),
        chunks("a chunk size that is none", "x\r\nhello"),
        chunks("a chunk size with a prefix", "0x5\r\nhello"),
        chunks("a chunk size beyond 64 bits", "10000000000000000\r\nhello"),
        chunks("a chunk longer than it says", "4\r\nhello"),
        chunks("a bare LF after a chunk size", "5\nhello"),
        chunks(
            "a chunk-size line over 256 octets",
            &format!("5;{}\r\nhello", "a".repeat(256)),
        ),
        chunks(
            "extensions over 16 KiB",
            &format!("1;{}\r\na\r\n", "b".repeat(200)).repeat(90),
        ),
        refusal(
            "more than is collected",
            "Content-Length: 1048577\r\n",
            "",
            413,
        )
        .by("RFC 9110 §15.5.14", "2.4"),
    ]
}

fn kept() -> Vec<Scenario> {
    let get =
        |target: &str, lines: &str| format!("GET {target} HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
    let hello = || Expected::status(200).content("Hello, reader.\n");
    let digits = || Expected::status(200).content("0123456789");
    let three = get("/hello.txt", "") + &get("/digits.txt", "") + &get("/missing", "");
    let close = get("/hello.txt", "Connection: close\r\n") + &get("/digits.txt", "");
    let head = get("/hello.txt", "").replacen("GET", "HEAD", 1) + &get("/digits.txt", "");
    let hundred = Scenario::sending("a hundred pipelined", get("/digits.txt", "").repeat(100));
    let hundred = (0..100).fold(hundred, |scenario, _| scenario.answered(digits()));
    let hundred = hundred.by("RFC 9112 §9.3.2", "2.5");
    let post = "POST /collect HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    vec![
        Scenario::sending("three pipelined", three)
            .answered(hello())
            .answered(digits())
            .answered(Expected::status(404))
            .by("RFC 9112 §9.3.2", "2.5"),
        hundred,
        Scenario::sending("HEAD pipelined before GET", head)
            .answered(Expected::head(200).field("Content-Length", "15"))
            .answered(digits())
            .by("RFC 9112 §6.3", "2.5"),
        Scenario::sending("pipelined after the last one", close)
            .answered(hello().field("Connection", "close"))
            .left_talking()
            .by("RFC 9112 §9.6", "2.5"),
        Scenario::sending(
            "content, then another request",
            post.to_owned() + &get("/digits.txt", ""),
        )
        .answered(Expected::status(200).content("hello"))
        .answered(digits())
        .by("RFC 9112 §9.3", "2.5"),
        Scenario::sending(
            "pipelined after a refusal",
            "GET / HTTP/1.1\r\n\r\n".to_owned() + &get("/", ""),
        )
        .answered(Expected::status(400))
        .closed()
        .by("RFC 9112 §9.3.2", "2.6"),
    ]
}

fn waiting() -> Vec<Scenario> {
    let expecting = "Content-Length: 5\r\nExpect: 100-continue\r\n";
    vec![
        post("content after 100 Continue", "/collect", expecting, "")
            .then(Act::AwaitContinue)
            .then(Act::Send(b"hello".to_vec()))
            .answered(Expected::status(200).content("hello"))
            .by("RFC 9110 §10.1.1", "2.5"),
        post(
            "content without waiting for it",
            "/collect",
            expecting,
            "hello",
        )
        .answered(Expected::status(200).content("hello"))
        .by("RFC 9110 §10.1.1", "2.5"),
    ]
}
