//! 2b Well-formed answer: how long it is, when it was made, and the same for HEAD.
//!
//! The head is made from the content in every case; HEAD leaves the content away afterwards.

use check::exercise::pages::{Ending, Failed, guests, head, site};
use check::exercise::{self, Given};
use http_parse::{Framing, HttpDate, Method, Status, request_framing};
use std::io::Write;
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::SystemTime;

/// An answer to that method as it goes onto the wire.
fn answer(method: &Method, ending: Ending, status: Status, content: &[u8]) -> Vec<u8> {
    let connection = match ending {
        Ending::Stays => "",
        Ending::Closes => "Connection: close\r\n",
    };
    let mut out = format!(
        "HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Length: {}\r\n{connection}\r\n",
        status.code(),
        status.reason(),
        now(),
        content.len(),
    )
    .into_bytes();
    if *method != Method::Head {
        out.extend(content);
    }
    out
}

/// The time as a field says it (RFC 9110 §5.6.7).
fn now() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    // A clock before 1970 is as wrong as any other, and no reason not to answer.
    let seconds = since.map_or(0, |since| since.as_secs());
    String::from_utf8_lossy(&HttpDate { seconds }.format()).into_owned()
}

/// Answers what is asked. Nobody reads content here, so a request that has some is the last.
fn talk(mut stream: &TcpStream) -> Result<(), Failed> {
    let mut come = Vec::new();
    while let Some(head) = head(stream, &mut come)? {
        let (status, content) = site(&head, b"");
        let ending = match request_framing(&head)? == Framing::None {
            true => Ending::after(&head),
            false => Ending::Closes,
        };
        stream.write_all(&answer(&head.method, ending, status, &content))?;
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
    exercise::main("2b", serve)
}
