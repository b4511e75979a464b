//! 2c Say 400: what is no request is refused, and not repaired.
//!
//! Each part is either what the grammar allows or no part of a request. Nothing is trimmed, and of two
//! that contradict each other none is chosen.

use check::exercise::pages::{Ending, Failed, answer, guests, hear, page};
use check::exercise::{self, Given};
use http_parse::{Status, is_tchar};
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
    let fields_are_good = request
        .fields
        .iter()
        .all(|(name, value)| is_token(name) && !value.chars().any(is_control));
    let is_good = is_token(&request.method)
        && has_whole_escapes(&request.target)
        && is_version(&request.version)
        && fields_are_good
        && is_for_one_host(request)
        && has_one_length(request);
    match is_good {
        true => Ok(()),
        false => Err(Status::BAD_REQUEST),
    }
}

/// RFC 9110 §5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_tchar)
}

/// RFC 9110 §5.5: HTAB is the one control character of a value.
fn is_control(c: char) -> bool {
    c.is_ascii_control() && c != '\t'
}

/// RFC 3986 §2.1.
fn has_whole_escapes(target: &str) -> bool {
    let mut escapes = target.split('%').skip(1).map(str::as_bytes);
    escapes.all(|escape| {
        matches!(escape, [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
    })
}

/// RFC 9112 §2.3.
fn is_version(text: &str) -> bool {
    let numbers = text.strip_prefix("HTTP/").map(str::as_bytes);
    matches!(numbers, Some([major, b'.', minor])
        if major.is_ascii_digit() && minor.is_ascii_digit())
}

/// RFC 9112 §3.2; only HTTP/1.0 may leave it out.
fn is_for_one_host(request: &Request) -> bool {
    let is_part =
        |octet: u8| octet.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:[]%".contains(&octet);
    match request.all("Host")[..] {
        [host] => host.bytes().all(is_part),
        [] => request.version == "HTTP/1.0",
        _ => false,
    }
}

/// RFC 9112 §6.3: digits and nothing else, once.
fn has_one_length(request: &Request) -> bool {
    match request.all("Content-Length")[..] {
        [length] => {
            length.bytes().all(|octet| octet.is_ascii_digit()) && length.parse::<u64>().is_ok()
        }
        [] => true,
        _ => false,
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
