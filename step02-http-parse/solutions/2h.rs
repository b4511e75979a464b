//! 2h Continue: who waits is told to go on, and nobody else.
//!
//! The one word there is stands in HTTP/1.1 only. Who is not going to be listened to is refused now and
//! not after he has sent it all.

use check::exercise::pages::{CONTENT, Ending, Failed, answer, content, guests, head, site};
use check::exercise::{self, Given};
use http_parse::{Framing, RequestHead, Status, Version, request_framing};
use std::io::Write;
use std::net::TcpStream;
use std::process::ExitCode;

/// Says whether the client has to be told to send its content, of which so much has come already.
///
/// # Errors
/// The status of the answer, when the content is not wanted at all.
fn invites(head: &RequestHead, framing: Framing, come: &[u8]) -> Result<bool, Status> {
    if matches!(framing, Framing::Length(octets) if octets > CONTENT as u64) {
        return Err(Status::CONTENT_TOO_LARGE);
    }
    match (head.version, head.fields.get("Expect")) {
        // An interim answer would be taken for the final one (RFC 9110 §10.1.1).
        (Version::Http10, _) | (_, None) => Ok(false),
        (Version::Http11, Some(value)) if value.eq_ignore_ascii_case(b"100-continue") => {
            Ok(framing != Framing::None && come.is_empty())
        }
        (Version::Http11, Some(_)) => Err(Status::EXPECTATION_FAILED),
    }
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
