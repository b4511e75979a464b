//! The content of requests: wanted, not wanted, too much, too slow.
#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

mod common;

use common::{SHORT, Server, impatient, path};
use static_files::{Collect, Config, Reply, Request, Response};

/// Answers with the length of the content, of which it takes 100 octets.
fn count(request: &Request) -> Reply {
    let answer = |_: &Request, content: Vec<u8>| Response::text(content.len().to_string());
    Reply::Exchange(Box::new(Collect::new(request.clone(), 100, answer)))
}

#[test]
fn content_that_nobody_wants_is_read_past() {
    let server = Server::start(path);
    let mut client = server.connect();
    let content = "x".repeat(200_000);
    client.send(format!(
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n{content}"
    ));
    client.answer("POST").check(200, "/a");
    client.send(
        "GET /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    );
    client.answer("GET").check(200, "/b");
    client.send("GET /c HTTP/1.1\r\nHost: x\r\n\r\n");
    client.answer("GET").check(200, "/c");
}

#[test]
fn too_much_unwanted_content_ends_the_connection_after_the_answer() {
    let config = Config {
        linger_bytes: 1000,
        ..Config::default()
    };
    let server = Server::configured(path, config);
    for framing in [
        "Content-Length: 1001\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n3e9\r\n",
    ] {
        let mut client = server.connect();
        client.send(format!("POST /a HTTP/1.1\r\nHost: x\r\n{framing}"));
        client.send("x".repeat(1001));
        client.answer("POST").check(200, "/a");
        client.half_close();
        client.expect_end();
    }
}

#[test]
fn content_beyond_the_bound_is_refused() {
    let config = Config {
        body_bytes: 10,
        ..Config::default()
    };
    let server = Server::configured(count, config);
    for content in [
        "Content-Length: 11\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n",
    ] {
        let mut client = server.connect();
        client.send(format!("POST / HTTP/1.1\r\nHost: x\r\n{content}"));
        let answer = client.answer("POST");
        assert_eq!(answer.status, 413, "{content}");
        client.half_close();
        client.expect_end();
    }
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789");
    client.answer("POST").check(200, "10");
}

#[test]
fn slow_content_is_refused() {
    let server = Server::configured(count, impatient(|timeouts| timeouts.body = SHORT));
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
    assert_eq!(client.answer("POST").status, 408);
    client.half_close();
    client.expect_end();
}

#[test]
fn content_that_is_wanted_is_invited() {
    let server = Server::start(count);
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert_eq!(client.head().status, 100);
    client.send("abc");
    client.answer("POST").check(200, "3");
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    client.answer("GET").check(200, "0");
}

#[test]
fn content_that_is_not_wanted_is_not_invited() {
    let expect =
        "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 101\r\n\r\n";
    let server = Server::start(path);
    let mut client = server.connect();
    client.send(expect);
    client.answer("POST").check(200, "/a");
    client.expect_end();
    let server = Server::start(count);
    let mut client = server.connect();
    client.send(expect);
    assert_eq!(client.answer("POST").status, 413);
    client.expect_end();
}

#[test]
fn collected_content_has_a_limit() {
    let server = Server::start(count);
    for (len, status) in [(0, 200), (100, 200), (101, 413)] {
        let content = "x".repeat(len);
        let mut client = server.connect();
        client.send(format!(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len}\r\n\r\n{content}"
        ));
        assert_eq!(client.answer("POST").status, status, "{len}");
        client.send(format!(
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n{:x}\r\n{}\r\n0\r\n\r\n",
            len.max(2) - 1,
            "x".repeat(len.max(2) - 1),
        ));
        assert_eq!(client.answer("POST").status, status, "{len}");
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        client.answer("GET").check(200, "0");
    }
}

#[test]
fn dripping_content_is_refused() {
    let server = Server::configured(count, impatient(|timeouts| timeouts.body = SHORT));
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n");
    let drip = client.drip("x");
    assert_eq!(client.answer("POST").status, 408);
    client.half_close();
    drip.join().unwrap();
}
