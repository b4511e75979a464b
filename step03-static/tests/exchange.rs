//! Answers from somewhere else: in pieces, late, broken, or not at all.
#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

mod common;

use common::{Client, SHORT, Server, impatient};
use http_parse::{ResponseHead, Status};
use static_files::{Ends, Exchange, Reply, Request};
use std::io::{self, ErrorKind};
use std::thread;
use std::time::Duration;

/// An exchange that goes as it is told to.
#[derive(Clone, Debug)]
struct Play {
    /// What `write` comes to, and how long it takes.
    write: (Result<(), ErrorKind>, Duration),
    head: Result<&'static str, ErrorKind>,
    /// What `read` gives, in turn; then it never gives anything.
    reads: Vec<Result<&'static str, ErrorKind>>,
}

impl Exchange for Play {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        thread::park_timeout(self.write.1);
        self.write.0?;
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

impl Play {
    fn new(
        head: Result<&'static str, ErrorKind>,
        reads: &[Result<&'static str, ErrorKind>],
    ) -> Play {
        Play {
            write: (Ok(()), Duration::ZERO),
            head,
            reads: reads.to_vec(),
        }
    }

    /// Serves it, and sends a request.
    fn asked(self, request: &str) -> (Server, Client) {
        let server = Server::configured(
            move |_: &Request| Reply::Exchange(Box::new(self.clone())),
            impatient(|timeouts| {
                timeouts.gateway = SHORT;
                timeouts.body = 2 * SHORT;
            }),
        );
        let mut client = server.connect();
        client.send(request);
        (server, client)
    }
}

fn play(
    head: Result<&'static str, ErrorKind>,
    reads: &[Result<&'static str, ErrorKind>],
) -> (Server, Client) {
    Play::new(head, reads).asked("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
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

fn post(len: usize) -> String {
    let content = "x".repeat(len);
    format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len}\r\n\r\n{content}")
}

#[test]
fn an_exchange_that_takes_no_content_is_given_up() {
    let mut stuck = Play::new(Err(ErrorKind::WouldBlock), &[]);
    stuck.write.0 = Err(ErrorKind::WouldBlock);
    let (_server, mut client) = stuck.asked(&post(3));
    assert_eq!(client.answer("POST").status, 504);
}

#[test]
fn a_slow_exchange_is_not_the_fault_of_the_client() {
    // It takes longer over each piece than the client has for the next, which is there already.
    let mut slow = Play::new(Err(ErrorKind::WouldBlock), &[]);
    slow.write.1 = 3 * SHORT;
    let (_server, mut client) = slow.asked(&post(150_000));
    assert_eq!(client.answer("POST").status, 504);
}

/// Says that all is well before it has read anything, and then repeats what it reads, as a shell
/// script does that prints its head first.
#[derive(Debug, Default)]
struct EarlyHead {
    content: Vec<u8>,
    is_whole: bool,
}

impl Exchange for EarlyHead {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.content.extend_from_slice(data);
        Ok(data.len())
    }

    fn close_write(&mut self) -> io::Result<()> {
        self.is_whole = true;
        Ok(())
    }

    fn head(&mut self) -> io::Result<ResponseHead> {
        Ok(ResponseHead::new(Status::OK))
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if !self.is_whole {
            return Err(ErrorKind::WouldBlock.into());
        }
        let count = self.content.len().min(buf.len());
        buf[..count].copy_from_slice(&self.content[..count]);
        self.content.drain(..count);
        Ok(count)
    }

    fn ends(&self) -> Ends<'_> {
        Ends::None
    }
}

#[test]
fn an_exchange_whose_head_comes_early_is_given_the_content_too() {
    let server = Server::configured(
        |_: &Request| Reply::Exchange(Box::<EarlyHead>::default()),
        impatient(|timeouts| timeouts.gateway = SHORT),
    );
    let mut client = server.connect();
    client.send(post(40_000));
    client.answer("POST").check(200, &"x".repeat(40_000));
    client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert_eq!(client.head().status, 100);
    client.send("abc");
    client.answer("POST").check(200, "abc");
}
