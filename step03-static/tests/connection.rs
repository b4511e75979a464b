//! The life of a connection to the blocking server: several requests, bodies, deadlines, endings.
#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

mod common;

use common::{PATIENCE, SHORT, Server, TempDir, impatient, path};
use http_parse::Status;
use static_files::{Body, Request, Response};
use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read};
use std::sync::{Arc, Mutex, mpsc};

#[test]
fn a_connection_is_kept() {
    let server = Server::start(path);
    let mut client = server.connect();
    for target in ["/a", "/b", "/c"] {
        client.send(format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n"));
        client.answer("GET").check(200, target);
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
        client.answer("GET").check(200, target);
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
        client.answer("GET").check(200, "/a");
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
fn a_slow_head_is_refused() {
    let server = Server::configured(path, impatient(|timeouts| timeouts.head = SHORT));
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
    let server = Server::configured(path, impatient(|timeouts| timeouts.head = 4 * SHORT));
    let mut client = server.connect();
    let drip = client.drip("E");
    assert_eq!(client.answer("GET").status, 408);
    client.half_close();
    drip.join().unwrap();
}

#[test]
fn an_idle_connection_ends_in_silence() {
    let server = Server::configured(path, impatient(|timeouts| timeouts.idle = 5 * SHORT));
    let mut fresh = server.connect();
    fresh.expect_end();
    let mut used = server.connect();
    used.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    used.answer("GET").check(200, "/a");
    used.expect_end();
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

#[test]
fn the_last_answer_survives_what_was_not_read() {
    let server = Server::start(path);
    let mut client = server.connect();
    // Closing a socket with unread octets resets it, and a reset destroys what is on its way.
    client.send("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    client.send("x".repeat(300_000));
    client.half_close();
    client.answer("GET").check(200, "/a");
    client.expect_end();
}

/// Content without an end, that tells when the server lets go of it.
struct Endless(mpsc::Sender<()>);

impl Read for Endless {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        buf.fill(b'x');
        Ok(buf.len())
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        // Whoever no longer listens has failed already.
        let _ = self.0.send(());
    }
}

#[test]
fn a_client_that_takes_nothing_is_given_up() {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let config = impatient(|timeouts| timeouts.send = SHORT);
    let server = Server::configured(
        move |_: &Request| {
            let mut response = Response::new(Status::OK);
            response.body = Body::Stream(Box::new(Endless(tell.lock().unwrap().clone())));
            response
        },
        config,
    );
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(told.recv_timeout(PATIENCE), Ok(()));
}
