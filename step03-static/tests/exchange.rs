//! Answers from somewhere else: in pieces, late, broken, or not at all.
#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

mod common;

use common::{Client, SHORT, Server, impatient};
use http_parse::{ResponseHead, Status};
use static_files::{Ends, Exchange, Reply, Request};
use std::io::{self, ErrorKind};

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
        impatient(|timeouts| timeouts.gateway = SHORT),
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
    client.answer("GET").check(200, "abcdef");
}
