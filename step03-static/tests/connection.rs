//! The life of a connection to the blocking server: several requests, bodies, deadlines, endings.
#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

mod common;

use common::{Answer, Client, Server, TempDir};
use http_parse::{ResponseHead, Status};
use static_files::{Body, Collect, Config, Ends, Exchange, Reply, Request, Response, Timeouts};
use std::fs::File;
use std::io::{self, Cursor, ErrorKind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Long enough for a program to be asked a few times.
const SHORT: Duration = Duration::from_millis(100);

fn path(request: &Request) -> Response {
    Response::text(request.path().escape_ascii().to_string())
}

/// Answers with the length of the content, of which it takes 100 octets.
fn count(request: &Request) -> Reply {
    let answer = |_: &Request, content: Vec<u8>| Response::text(content.len().to_string());
    Reply::Exchange(Box::new(Collect::new(request.clone(), 100, answer)))
}

fn hasty() -> Config {
    Config {
        timeouts: Timeouts {
            head: SHORT,
            body: SHORT,
            idle: SHORT,
            gateway: SHORT,
            ..Timeouts::default()
        },
        ..Config::default()
    }
}

#[track_caller]
fn check(answer: &Answer, status: u16, text: &str) {
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (status, text),
        "{}",
        answer.head
    );
}

#[test]
fn a_connection_is_kept() {
    let server = Server::start(path);
    let mut client = server.connect();
    for target in ["/a", "/b", "/c"] {
        client.send(format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n"));
        check(&client.answer("GET"), 200, target);
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = Server::start(path);
    let mut client = server.connect();
    let one = |target| format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
    client.send(["/a", "/b", "/c"].map(one).concat());
    client.half_close();
    for target in ["/a", "/b", "/c"] {
        check(&client.answer("GET"), 200, target);
    }
    client.expect_end();
}

#[test]
fn a_connection_ends_when_the_client_says_so() {
    let server = Server::start(path);
    for request in [
        "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /a HTTP/1.0\r\n\r\n",
    ] {
        let mut client = server.connect();
        client.send(request);
        check(&client.answer("GET"), 200, "/a");
        client.expect_end();
    }
}

#[test]
fn a_mistake_is_explained_and_ends_the_connection() {
    let server = Server::start(path);
    for (request, status) in [
        ("GET / HTTP/1.1\nHost: x\n\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505),
        (
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
            501,
        ),
        (
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            400,
        ),
    ] {
        let mut client = server.connect();
        client.send(request);
        let answer = client.answer("GET");
        assert_eq!(answer.status, status, "{request:?}");
        assert_eq!(answer.field("Connection"), Some("close"), "{request:?}");
        assert!(answer.text().contains("<p>"), "{request:?}");
        client.expect_end();
    }
}

#[test]
fn content_that_nobody_wants_is_read_past() {
    let server = Server::start(path);
    let mut client = server.connect();
    let content = "x".repeat(200_000);
    client.send(format!(
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n{content}"
    ));
    check(&client.answer("POST"), 200, "/a");
    client.send(
        "GET /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    );
    check(&client.answer("GET"), 200, "/b");
    client.send("GET /c HTTP/1.1\r\nHost: x\r\n\r\n");
    check(&client.answer("GET"), 200, "/c");
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
        let answer = client.answer("POST");
        check(&answer, 200, "/a");
        assert_eq!(answer.field("Connection"), Some("close"));
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
    check(&client.answer("POST"), 200, "10");
}

#[test]
fn a_slow_head_is_refused() {
    let server = Server::configured(path, hasty());
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHos");
    let answer = client.answer("GET");
    assert_eq!(answer.status, 408);
    assert_eq!(answer.field("Connection"), Some("close"));
    client.half_close();
    client.expect_end();
}

#[test]
fn the_deadline_of_a_head_does_not_move() {
    let mut config = hasty();
    config.timeouts.head = Duration::from_millis(400);
    let server = Server::configured(path, config);
    let mut client = server.connect();
    let mut dripping = client.another();
    // Each octet comes well within the deadline; all of a head never do.
    let drip = thread::Builder::new().spawn(move || {
        while dripping.try_send("E") {
            thread::park_timeout(Duration::from_millis(20));
        }
    });
    assert_eq!(client.answer("GET").status, 408);
    client.half_close();
    drip.unwrap().join().unwrap();
}

#[test]
fn an_idle_connection_ends_in_silence() {
    let server = Server::configured(path, hasty());
    let mut fresh = server.connect();
    fresh.expect_end();
    let mut used = server.connect();
    used.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    check(&used.answer("GET"), 200, "/a");
    used.expect_end();
}

#[test]
fn slow_content_is_refused() {
    let server = Server::configured(count, hasty());
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
    check(&client.answer("POST"), 200, "3");
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    check(&client.answer("GET"), 200, "0");
}

#[test]
fn content_that_is_not_wanted_is_not_invited() {
    let expect =
        "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 101\r\n\r\n";
    let server = Server::start(path);
    let mut client = server.connect();
    client.send(expect);
    check(&client.answer("POST"), 200, "/a");
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
        check(&client.answer("GET"), 200, "0");
    }
}

#[test]
fn a_file_that_is_shorter_than_promised_breaks_the_response() {
    let folder = TempDir::new();
    folder.file("file", [7; 200_000]);
    let file = Arc::new(File::open(folder.path().join("file")).unwrap());
    let server = Server::start(move |_: &Request| {
        let mut response = Response::new(Status::OK);
        response.body = Body::File {
            file: Arc::clone(&file),
            offset: 100_000,
            len: 100_001,
        };
        response
    });
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    let head = client.head();
    assert_eq!(head.field("Content-Length"), Some("100001"));
    assert_eq!(
        client.body(&head).unwrap_err().kind(),
        ErrorKind::UnexpectedEof
    );
}

#[test]
fn content_of_unknown_length_is_chunked_or_ends_the_connection() {
    let server = Server::start(|_: &Request| {
        let mut response = Response::new(Status::OK);
        response.body = Body::Stream(Box::new(Cursor::new(vec![b'x'; 100_000])));
        response
    });
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    let answer = client.answer("GET");
    assert_eq!(answer.field("Transfer-Encoding"), Some("chunked"));
    assert_eq!(answer.body.len(), 100_000);
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    let answer = client.answer("GET");
    assert_eq!(answer.field("Transfer-Encoding"), None);
    assert_eq!(answer.body.len(), 100_000);
    client.expect_end();
}

/// An exchange that ends as it is told to.
#[derive(Debug)]
struct Play {
    head: Result<&'static str, ErrorKind>,
    /// What `read` gives, in turn; then it never gives anything.
    reads: Vec<Result<&'static str, ErrorKind>>,
}

impl Exchange for Play {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        Ok(data.len())
    }

    fn close_write(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn head(&mut self) -> io::Result<ResponseHead> {
        let mut head = ResponseHead::new(Status::OK);
        let length = self.head?;
        if !length.is_empty() {
            head.fields.push("Content-Length", length);
        }
        Ok(head)
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.reads.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let text = self.reads.remove(0)?;
        buf[..text.len()].copy_from_slice(text.as_bytes());
        Ok(text.len())
    }

    fn ends(&self) -> Ends<'_> {
        Ends::None
    }
}

fn play(
    head: Result<&'static str, ErrorKind>,
    reads: &'static [Result<&'static str, ErrorKind>],
) -> (Server, Client) {
    let server = Server::configured(
        move |_: &Request| {
            let reads = reads.to_vec();
            Reply::Exchange(Box::new(Play { head, reads }))
        },
        hasty(),
    );
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    (server, client)
}

#[test]
fn an_exchange_that_fails_before_its_head_has_a_status() {
    for (kind, status) in [
        (ErrorKind::WouldBlock, 504),
        (ErrorKind::TimedOut, 504),
        (ErrorKind::ResourceBusy, 503),
        (ErrorKind::FileTooLarge, 413),
        (ErrorKind::InvalidData, 502),
        (ErrorKind::ConnectionRefused, 502),
    ] {
        let (_server, mut client) = play(Err(kind), &[]);
        let answer = client.answer("GET");
        assert_eq!(answer.status, status, "{kind}");
        assert_eq!(answer.field("Retry-After").is_some(), status == 503);
    }
}

#[test]
fn an_exchange_that_breaks_after_its_head_breaks_the_response() {
    for reads in [
        &[Ok("abc"), Err(ErrorKind::ConnectionReset)][..],
        &[Ok("abc")],
        &[Err(ErrorKind::InvalidData)],
    ] {
        for length in ["", "10"] {
            let (_server, mut client) = play(Ok(length), reads);
            let head = client.head();
            let broken = client.body(&head).unwrap_err();
            assert_eq!(
                broken.kind(),
                ErrorKind::UnexpectedEof,
                "{reads:?} {length}"
            );
        }
    }
}

#[test]
fn an_exchange_must_keep_its_promised_length() {
    let (_server, mut client) = play(Ok("4"), &[Ok("abc"), Ok("")]);
    let head = client.head();
    assert_eq!(
        client.body(&head).unwrap_err().kind(),
        ErrorKind::UnexpectedEof
    );
    let (_server, mut client) = play(Ok("4"), &[Ok("abc"), Ok("defg"), Ok("")]);
    let head = client.head();
    assert_eq!(client.body(&head).unwrap(), b"abcd");
    client.expect_end();
}

#[test]
fn an_exchange_streams() {
    let (_server, mut client) = play(Ok(""), &[Ok("abc"), Ok("def"), Ok("")]);
    check(&client.answer("GET"), 200, "abcdef");
}
