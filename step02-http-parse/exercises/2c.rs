//! 2c Say 400: what is no request is refused, and not repaired.
//!
//! Write the body of `judge`. The server around it is given; `cargo test --test 2c` judges it.

use check::exercise::pages::{Ending, Failed, answer, guests, hear, page};
use check::exercise::{self, Given};
use http_parse::Status;
use std::io::Write;
use std::net::TcpStream;
use std::process::ExitCode;

/// A head, taken apart and not judged.
struct Request {
    method: String,
    target: String,
    version: String,
    fields: Vec<(String, String)>,
}

impl Request {
    /// The values of all fields of that name.
    fn all(&self, name: &str) -> Vec<&str> {
        let named = |(n, _): &&(String, String)| n.eq_ignore_ascii_case(name);
        let values = self.fields.iter().filter(named);
        values.map(|(_, value)| value.as_str()).collect()
    }

    fn ending(&self) -> Ending {
        let is_plain = matches!(self.method.as_str(), "GET" | "HEAD");
        match is_plain && self.version == "HTTP/1.1" && self.all("Connection") != ["close"] {
            true => Ending::Stays,
            false => Ending::Closes,
        }
    }
}

/// Says whether this is a request.
///
/// # Errors
/// The status of the answer when it is none.
fn judge(request: &Request) -> Result<(), Status> {
    // It could be taken apart, so we know what was meant. Does everybody else?
    match request.version.starts_with("HTTP/") {
        true => Ok(()),
        false => Err(Status::BAD_REQUEST),
    }
}

/// Takes a head apart; none where a part is missing.
fn parts(head: &str) -> Option<Request> {
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.splitn(3, ' ').map(str::to_owned);
    let field = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()))
    };
    Some(Request {
        method: words.next()?,
        target: words.next()?,
        version: words.next()?,
        fields: lines.map(field).collect::<Option<_>>()?,
    })
}

/// Answers what is asked. Nobody reads content yet, so a request that may have some is the last.
fn talk(mut stream: &TcpStream) -> Result<(), Failed> {
    const END: &[u8] = b"\r\n\r\n";
    let mut come = Vec::new();
    loop {
        let Some(end) = come.windows(END.len()).position(|octets| octets == END) else {
            match hear(stream, &mut come)? {
                true => continue,
                false => return Ok(()),
            }
        };
        let request = parts(&String::from_utf8_lossy(&come[..end])).ok_or(Status::BAD_REQUEST)?;
        judge(&request)?;
        come.drain(..end + END.len());
        let path = request.target.split('?').next().unwrap_or_default();
        let (status, content) = page(&request.method, path.as_bytes(), b"");
        let ending = request.ending();
        stream.write_all(&answer(&request.method, ending, status, &content))?;
        if ending == Ending::Closes {
            return Ok(());
        }
    }
}

fn serve(given: &Given) -> std::io::Result<()> {
    guests(given, talk)
}

fn main() -> ExitCode {
    exercise::main("2c", serve)
}
