//! 2h Continue: who waits is told to go on, and nobody else.
//!
//! Write the body of `invites`. The server around it is given; `cargo test --test 2h` judges it.

use check::exercise::pages::{Ending, Failed, answer, content, guests, head, site};
use check::exercise::{self, Given};
use http_parse::{Framing, RequestHead, Status, request_framing};
use std::io::Write;
use std::net::TcpStream;
use std::process::ExitCode;

/// Says whether the client has to be told to send its content, of which so much has come already.
///
/// # Errors
/// The status of the answer, when the content is not wanted at all.
fn invites(head: &RequestHead, framing: Framing, come: &[u8]) -> Result<bool, Status> {
    // Who says Expect and sends nothing is waiting. For what, and would he know it when it comes?
    Ok(head.fields.contains("Expect") && framing != Framing::None && come.is_empty())
}

/// Answers what is asked.
fn talk(mut stream: &TcpStream) -> Result<(), Failed> {
    let mut come = Vec::new();
    while let Some(head) = head(stream, &mut come)? {
        let framing = request_framing(&head)?;
        if invites(&head, framing, &come)? {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let content = content(stream, &mut come, framing)?;
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
    exercise::main("2h", serve)
}
