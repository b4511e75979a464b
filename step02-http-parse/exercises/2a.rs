//! 2a Cut anywhere: a request ends where its octets say so, however they come.
//!
//! Write the body of `parse`. The server around it is given; `cargo test --test 2a` judges it. (What
//! comes from `pages` can be read in `tests/src/exercise/pages.rs` of the course. It is what you write
//! in the exercises of this step, so it is worth reading afterwards.)

use check::exercise::pages::{Ending, Failed, answer, guests, hear, page};
use check::exercise::{self, Given};
use http_parse::Status;
use std::io::Write;
use std::net::TcpStream;
use std::process::ExitCode;

/// A head, taken apart.
struct Request {
    method: String,
    path: String,
    version: String,
    fields: Vec<(String, String)>,
}

impl Request {
    fn ending(&self) -> Ending {
        let is_close = |(name, value): &(String, String)| {
            name.eq_ignore_ascii_case("Connection") && value.eq_ignore_ascii_case("close")
        };
        match self.version == "HTTP/1.1" && !self.fields.iter().any(is_close) {
            true => Ending::Stays,
            false => Ending::Closes,
        }
    }
}

/// Reads the request at the front of what has come, and says how many octets it took. None while
/// it may still become one; the status of the answer when it cannot.
fn parse(come: &[u8]) -> Result<Option<(Request, usize)>, Status> {
    // One read has brought this. Is it one request?
    let text = String::from_utf8_lossy(come);
    let mut lines = text.trim_end().lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version)) = (words.next(), words.next(), words.next())
    else {
        return Err(Status::BAD_REQUEST);
    };
    let request = Request {
        method: method.into(),
        path: target.split('?').next().unwrap_or(target).into(),
        version: version.into(),
        fields: lines.map(field).collect::<Result<_, _>>()?,
    };
    Ok(Some((request, come.len())))
}

/// Takes a field line apart.
fn field(line: &str) -> Result<(String, String), Status> {
    let (name, value) = line.split_once(':').ok_or(Status::BAD_REQUEST)?;
    Ok((name.into(), value.trim_matches([' ', '\t']).into()))
}

/// Answers what is asked. Nobody reads content yet, so a request that may have some is the last.
fn talk(mut stream: &TcpStream) -> Result<(), Failed> {
    let mut come = Vec::new();
    while hear(stream, &mut come)? {
        while !come.is_empty()
            && let Some((request, used)) = parse(&come)?
        {
            come.drain(..used);
            let Request { method, path, .. } = &request;
            let (status, content) = page(method, path.as_bytes(), b"");
            let ending = match method.as_str() {
                "GET" | "HEAD" => request.ending(),
                _ => Ending::Closes,
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
    exercise::main("2a", serve)
}
