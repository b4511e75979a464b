//! What the exercises of step 2 are given, so that each of them is about one thing: somebody at the
//! door, a site of two pages, and what a learner has written before.
//!
//! ```text
//! guests ──▶ talk(stream)
//!              head ──▶ content ──▶ site ──▶ answer     and the next one, from what has come
//! ```
//!
//! Every function here is the subject of one exercise, where it is written anew. It serves one guest
//! at a time, and keeps what it has read in a `Vec`: the plain way, not the way of step 4.

use crate::exercise::Given;
use http_parse::{
    BodyDecoder, Framing, HttpDate, Limits, Parsed, Piece, Reject, RequestHead, Status, Version,
    parse_request_head,
};
use socket::{Linger, Stop, accept_until, close_politely};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime};

/// Octets of content that are taken: as many as any check sends.
pub const CONTENT: usize = 1 << 20;

/// Octets of one read.
const READ: usize = 16 * 1024;

/// For a guest to say, or to take, the next octet.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is heard of a guest who goes on talking.
const LINGER: Linger = Linger {
    bytes: 1 << 20,
    time: Duration::from_secs(2),
};

/// Why a conversation did not come to a good end.
#[derive(Debug)]
pub enum Failed {
    /// The guest is told this status, and shown out.
    Refused(Status),
    /// There is nobody left to be told anything.
    Lost(io::Error),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Failed {
        Failed::Lost(error)
    }
}

impl From<Status> for Failed {
    fn from(status: Status) -> Failed {
        Failed::Refused(status)
    }
}

impl From<Reject> for Failed {
    fn from(reject: Reject) -> Failed {
        Failed::Refused(reject.status)
    }
}

/// What becomes of the connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Another request may follow.
    Stays,
    /// It was the last one.
    Closes,
}

impl Ending {
    /// What a request asks for.
    pub fn after(head: &RequestHead) -> Ending {
        match head.keeps_alive() {
            true => Ending::Stays,
            false => Ending::Closes,
        }
    }
}

/// Serves one guest after another, for ever.
///
/// # Errors
/// What is wrong with the listener.
pub fn guests(given: &Given, talk: fn(&TcpStream) -> Result<(), Failed>) -> io::Result<()> {
    accept_until(&given.listener()?, &Stop::new(), |stream| {
        if let Err(error) = welcome(&stream, talk) {
            eprintln!("a guest was lost: {error}");
        }
    })
}

/// Serves one guest: answers him if he was refused, and leaves politely.
///
/// # Errors
/// What the connection reports.
pub fn welcome(
    mut stream: &TcpStream,
    talk: fn(&TcpStream) -> Result<(), Failed>,
) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    match talk(stream) {
        Ok(()) => {}
        Err(Failed::Refused(status)) => {
            stream.write_all(&answer("", Ending::Closes, status, b""))?;
        }
        Err(Failed::Lost(error)) => return Err(error),
    }
    close_politely(stream, LINGER)
}

/// Reads once, behind what has come already; false at the end of input.
///
/// # Errors
/// What the socket reports.
pub fn hear(mut stream: &TcpStream, come: &mut Vec<u8>) -> io::Result<bool> {
    let mut buf = [0; READ];
    loop {
        match stream.read(&mut buf) {
            Ok(count) => {
                come.extend(&buf[..count]);
                return Ok(count > 0);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The same where more has to come.
///
/// # Errors
/// `UnexpectedEof` at the end of input, and what the socket reports.
pub fn hear_more(stream: &TcpStream, come: &mut Vec<u8>) -> io::Result<()> {
    match hear(stream, come)? {
        true => Ok(()),
        false => Err(ErrorKind::UnexpectedEof.into()),
    }
}

/// Takes the next head from what comes; none at the end of input.
///
/// # Errors
/// [`Failed::Refused`] for what is no request, and what the socket reports.
pub fn head(stream: &TcpStream, come: &mut Vec<u8>) -> Result<Option<RequestHead>, Failed> {
    loop {
        if let Parsed::Complete(head, used) = parse_request_head(come, &Limits::default())? {
            come.drain(..used);
            return Ok(Some(head));
        }
        if !hear(stream, come)? {
            return Ok(None);
        }
    }
}

/// Takes the content that is framed so from what comes.
///
/// # Errors
/// As [`pieces`], and [`Failed::Refused`] for more than [`CONTENT`].
pub fn content(
    stream: &TcpStream,
    come: &mut Vec<u8>,
    framing: Framing,
) -> Result<Vec<u8>, Failed> {
    let mut content = Vec::new();
    pieces(stream, come, framing, |piece| {
        content.extend(piece);
        match content.len() > CONTENT {
            true => Err(Status::CONTENT_TOO_LARGE),
            false => Ok(()),
        }
    })?;
    Ok(content)
}

/// Hands over the content that is framed so, piece by piece as it comes.
///
/// # Errors
/// [`Failed::Refused`] for what is no content or is refused by `each`, and what the socket reports.
pub fn pieces(
    stream: &TcpStream,
    come: &mut Vec<u8>,
    framing: Framing,
    mut each: impl FnMut(&[u8]) -> Result<(), Status>,
) -> Result<(), Failed> {
    let mut decoder = BodyDecoder::new(framing, &Limits::default());
    loop {
        let count = match decoder.next(come, false)? {
            Piece::Skip(count) => count,
            Piece::Data(count) => {
                each(&come[..count])?;
                count
            }
            Piece::NeedBytes => {
                hear_more(stream, come)?;
                continue;
            }
            Piece::End(_) => return Ok(()),
        };
        come.drain(..count);
        decoder.advance(count);
    }
}

/// Whether a client waits to be told to send its content, of which so much has come.
///
/// # Errors
/// 417 for an expectation that nobody knows.
pub fn invites(head: &RequestHead, framing: Framing, come: &[u8]) -> Result<bool, Status> {
    match (head.version, head.fields.get("Expect")) {
        // An interim answer would be taken for the final one (RFC 9110 §10.1.1).
        (Version::Http10, _) | (_, None) => Ok(false),
        (Version::Http11, Some(value)) if value.eq_ignore_ascii_case(b"100-continue") => {
            Ok(framing != Framing::None && come.is_empty())
        }
        (Version::Http11, Some(_)) => Err(Status::EXPECTATION_FAILED),
    }
}

/// What the site has for a request. Paths are its own affair, so it is here that half an escape is
/// refused.
pub fn site(head: &RequestHead, content: &[u8]) -> (Status, Vec<u8>) {
    let path = head.target.path();
    let mut escapes = path.split(|&octet| octet == b'%').skip(1);
    let is_whole = |escape: &[u8]| {
        let digits = escape.get(..2).unwrap_or_default();
        digits.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit)
    };
    match escapes.all(is_whole) {
        true => page(head.method.as_str(), path, content),
        false => (Status::BAD_REQUEST, Vec::new()),
    }
}

/// A page at `/`, an echo at `/echo`, and nothing else.
pub fn page(method: &str, path: &[u8], content: &[u8]) -> (Status, Vec<u8>) {
    match (method, path) {
        ("GET" | "HEAD", b"/") => (Status::OK, b"<!doctype html><title>front</title>\n".into()),
        ("POST", b"/echo") => (Status::OK, content.to_vec()),
        _ => {
            let nothing = b"<!doctype html><title>nothing here</title>\n";
            (Status::NOT_FOUND, nothing.into())
        }
    }
}

/// An answer as it goes onto the wire; to HEAD without its content.
pub fn answer(method: &str, ending: Ending, status: Status, content: &[u8]) -> Vec<u8> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    // A clock before 1970 is as wrong as any other, and no reason not to answer.
    let seconds = now.map_or(0, |since| since.as_secs());
    let date = HttpDate { seconds }.format();
    let connection = match ending {
        Ending::Stays => "",
        Ending::Closes => "Connection: close\r\n",
    };
    let mut out = format!(
        "HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Length: {}\r\n{connection}\r\n",
        status.code(),
        status.reason(),
        String::from_utf8_lossy(&date),
        content.len(),
    )
    .into_bytes();
    if method != "HEAD" {
        out.extend(content);
    }
    out
}
