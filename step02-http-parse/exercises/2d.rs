//! 2d Limits: a head that is too large is refused while it comes.
//!
//! Write the body of `bounds`. The server around it is given; `cargo test --test 2d` judges it.

use check::exercise::pages::{Ending, Failed, answer, guests, hear, site};
use check::exercise::{self, Given};
use http_parse::{Framing, Limits, Parsed, Status, parse_request_head, request_framing};
use std::io::Write;
use std::net::TcpStream;
use std::process::ExitCode;

/// Octets of a whole head.
const HEAD: usize = 1 << 20;

/// Says whether what has come of a head is within bounds, be it complete or not. Behind its empty
/// line there may be more, which is no part of it.
///
/// # Errors
/// The status that tells the client what was too much.
fn bounds(come: &[u8]) -> Result<(), Status> {
    // A megabyte is a bound. For how many clients at once, and what does one of them learn whose
    // address is too long?
    match come.len() > HEAD {
        true => Err(Status::BAD_REQUEST),
        false => Ok(()),
    }
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
