//! 2e Read a body: as many octets as were announced, and not one at a stranger's word.
//!
//! A length is a promise of somebody whom we do not know. It is compared with what we are willing to
//! take, and memory is taken for what has come.

use check::exercise::pages::{CONTENT, Ending, Failed, answer, guests, head, hear_more, site};
use check::exercise::{self, Given};
use http_parse::{Framing, Status, request_framing};
use std::io::Write;
use std::net::TcpStream;
use std::process::ExitCode;

/// Takes `length` octets: first of those that have come with the head, then from the connection.
/// What follows them stays in `come`.
///
/// # Errors
/// 413 when they are more than `pages::CONTENT`, and what the connection reports.
fn content(stream: &TcpStream, come: &mut Vec<u8>, length: u64) -> Result<Vec<u8>, Failed> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > CONTENT {
        return Err(Status::CONTENT_TOO_LARGE.into());
    }
    while come.len() < length {
        hear_more(stream, come)?;
    }
    Ok(come.drain(..length).collect())
}

/// Answers what is asked.
fn talk(mut stream: &TcpStream) -> Result<(), Failed> {
    let mut come = Vec::new();
    while let Some(head) = head(stream, &mut come)? {
        let content = match request_framing(&head)? {
            Framing::None => Vec::new(),
            Framing::Length(length) => content(stream, &mut come, length)?,
            // That is exercise 2f.
            Framing::Chunked | Framing::UntilClose => return Err(Status::LENGTH_REQUIRED.into()),
        };
        let method = head.method.as_str();
        let (status, content) = site(&head, &content);
        let ending = Ending::after(&head);
        stream.write_all(&answer(method, ending, status, &content))?;
        if ending == Ending::Closes {
            break;
        }
    }
    Ok(())
}

fn serve(given: &Given) -> std::io::Result<()> {
    guests(given, talk)
}

fn main() -> ExitCode {
    exercise::main("2e", serve)
}
