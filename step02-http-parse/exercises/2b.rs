//! 2b Well-formed answer: how long it is, when it was made, and the same for HEAD.
//!
//! Write the body of `answer`. The server around it is given; `cargo test --test 2b` judges it.

use check::exercise::pages::{Ending, Failed, guests, head, site};
use check::exercise::{self, Given};
use http_parse::{Framing, Method, Status, request_framing};
use std::io::Write;
use std::net::TcpStream;
use std::process::ExitCode;

/// An answer to that method as it goes onto the wire.
fn answer(method: &Method, ending: Ending, status: Status, content: &[u8]) -> Vec<u8> {
    let connection = match ending {
        Ending::Stays => "",
        Ending::Closes => "Connection: close\r\n",
    };
    // Whoever asks for the head gets no content. How long is what he does not get, and when was it
    // made?
    let content: &[u8] = match method {
        Method::Head => b"",
        _ => content,
    };
    let mut out = format!(
        "HTTP/1.1 {} {}\r\nContent-Length: {}\r\n{connection}\r\n",
        status.code(),
        status.reason(),
        content.len(),
    )
    .into_bytes();
    out.extend(content);
    out
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
