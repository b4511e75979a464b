//! 2g Pipeline: the next request is not looked at before the last one is answered.
//!
//! Write the body of `talk`. What it is made of is given; `cargo test --test 2g` judges it.

use check::exercise::pages::{Ending, Failed, answer, content, guests, hear, site};
use check::exercise::{self, Given};
use http_parse::{Limits, Parsed, RequestHead, parse_request_head, request_framing};
use std::io::Write;
use std::net::TcpStream;
use std::process::ExitCode;

/// Answers one request after another, until a request is the last one or the guest has ended.
fn talk(stream: &TcpStream) -> Result<(), Failed> {
    let mut come = Vec::new();
    while hear(stream, &mut come)? {
        // Whatever has come is answered, in order. Does all of it want an answer?
        let mut requests = Vec::new();
        while let Parsed::Complete(head, used) = parse_request_head(&come, &Limits::default())? {
            come.drain(..used);
            let content = content(stream, &mut come, request_framing(&head)?)?;
            requests.push((head, content));
        }
        for (head, content) in &requests {
            reply(stream, head, content)?;
        }
        if requests.last().is_some_and(|(head, _)| is_last(head)) {
            break;
        }
    }
    Ok(())
}

fn is_last(head: &RequestHead) -> bool {
    Ending::after(head) == Ending::Closes
}

/// Answers a request whose content was read.
fn reply(mut stream: &TcpStream, head: &RequestHead, content: &[u8]) -> Result<(), Failed> {
    let method = head.method.as_str();
    let (status, page) = site(head, content);
    stream.write_all(&answer(method, Ending::after(head), status, &page))?;
    Ok(())
}

fn serve(given: &Given) -> std::io::Result<()> {
    guests(given, talk)
}

fn main() -> ExitCode {
    exercise::main("2g", serve)
}
