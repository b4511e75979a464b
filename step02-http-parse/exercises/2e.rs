//! 2e Read a body: as many octets as were announced, and not one at a stranger's word.
//!
//! Write the body of `content`. The server around it is given; `cargo test --test 2e` judges it.

use check::exercise::pages::{Ending, Failed, answer, guests, head, site};
use check::exercise::{self, Given};
use http_parse::{Framing, Status, request_framing};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;

/// Takes `length` octets: first of those that have come with the head, then from the connection.
/// What follows them stays in `come`.
///
/// # Errors
/// 413 when they are more than `pages::CONTENT`, and what the connection reports.
fn content(mut stream: &TcpStream, come: &mut Vec<u8>, length: u64) -> Result<Vec<u8>, Failed> {
    // The client says how much it is going to be. So we know how much memory it takes?
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let mut content = vec![0; length];
    let early = come.len().min(length);
    content[..early].copy_from_slice(&come[..early]);
    come.drain(..early);
    stream.read_exact(&mut content[early..])?;
    Ok(content)
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
