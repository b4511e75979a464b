//! 2d Limits: a head that is too large is refused while it comes.
//!
//! Everything that can be repeated has a bound of its own, and crossing it has a status of its own. A
//! bound that is looked at when the head is complete is none.

use check::exercise::pages::{Ending, Failed, answer, guests, hear, site};
use check::exercise::{self, Given};
use http_parse::{Framing, Limits, Parsed, Status, parse_request_head, request_framing};
use std::io::Write;
use std::net::TcpStream;
use std::process::ExitCode;

/// Octets of a method, of a target (RFC 9112 §3 asks for that many), of a field line and of all.
const METHOD: usize = 32;
const TARGET: usize = 8_000;
const FIELD_LINE: usize = 8 * 1024;
const SECTION: usize = 32 * 1024;

/// Field lines.
const FIELDS: usize = 100;

/// Says whether what has come of a head is within bounds, be it complete or not. Behind its empty
/// line there may be more, which is no part of it.
///
/// # Errors
/// The status that tells the client what was too much.
fn bounds(come: &[u8]) -> Result<(), Status> {
    let mut lines = come.split(|&octet| octet == b'\n');
    let mut words = lines
        .next()
        .unwrap_or_default()
        .split(|&octet| octet == b' ');
    if words.next().is_some_and(|method| method.len() > METHOD) {
        return Err(Status::NOT_IMPLEMENTED);
    }
    if words.next().is_some_and(|target| target.len() > TARGET) {
        return Err(Status::URI_TOO_LONG);
    }
    let mut section = 0;
    for (before, line) in lines.take_while(|line| *line != b"\r").enumerate() {
        section += line.len();
        if before == FIELDS || line.len() > FIELD_LINE || section > SECTION {
            return Err(Status::REQUEST_HEADER_FIELDS_TOO_LARGE);
        }
    }
    Ok(())
}

/// Lets the parser pass what `bounds` has let pass.
fn boundless() -> Limits {
    Limits {
        target: usize::MAX,
        field_line: usize::MAX,
        section: usize::MAX,
        fields: usize::MAX,
        ..Limits::default()
    }
}

/// Answers what is asked. Nobody reads content here, so a request that has some is the last.
fn talk(mut stream: &TcpStream) -> Result<(), Failed> {
    let mut come = Vec::new();
    while hear(stream, &mut come)? {
        loop {
            bounds(&come)?;
            let Parsed::Complete(head, used) = parse_request_head(&come, &boundless())? else {
                break;
            };
            come.drain(..used);
            let method = head.method.as_str();
            let (status, content) = site(&head, b"");
            let ending = match request_framing(&head)? == Framing::None {
                true => Ending::after(&head),
                false => Ending::Closes,
            };
            stream.write_all(&answer(method, ending, status, &content))?;
            if ending == Ending::Closes {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn serve(given: &Given) -> std::io::Result<()> {
    guests(given, talk)
}

fn main() -> ExitCode {
    exercise::main("2d", serve)
}
