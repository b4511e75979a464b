//! 2f Chunked: each octet of framing is demanded, none is skipped.
//!
//! A size is digits, the line end behind a chunk is two octets, and the last line is the empty one
//! behind the last field. No line is longer than we are willing to keep.

use check::exercise::pages::{self, Ending, Failed, answer, guests, head, hear_more, site};
use check::exercise::{self, Given};
use http_parse::{Fields, Framing, Piece, Status, request_framing};
use std::io::Write;
use std::net::TcpStream;
use std::process::ExitCode;

/// Octets of a line of framing.
const LINE: usize = 1024;

/// What stands at the front of chunked content.
#[derive(Clone, Copy)]
enum Chunks {
    Line(Line),
    /// Content, of which so many octets are to come; never 0.
    Content(usize),
    Over,
}

/// What a line of framing is.
#[derive(Clone, Copy)]
enum Line {
    /// The size of a chunk.
    Size,
    /// The end of its content.
    End,
    /// A field behind the last chunk, or the empty line behind all of them.
    Trailer,
}

impl Chunks {
    /// Names what stands at the front of what has come. All of it is taken away before this is asked
    /// again.
    ///
    /// # Errors
    /// The status of the answer to what is no chunk.
    fn next(&mut self, front: &[u8]) -> Result<Piece, Status> {
        match *self {
            Chunks::Line(kind) => {
                let Some(line) = line(front)? else {
                    return Ok(Piece::NeedBytes);
                };
                *self = match (kind, line) {
                    (Line::Size, line) => match size(line)? {
                        0 => Chunks::Line(Line::Trailer),
                        size => Chunks::Content(size),
                    },
                    (Line::End, b"") => Chunks::Line(Line::Size),
                    // What stands here is neither content nor framing, or the size was wrong.
                    (Line::End, _) => return Err(Status::BAD_REQUEST),
                    (Line::Trailer, b"") => Chunks::Over,
                    (Line::Trailer, _) => Chunks::Line(Line::Trailer),
                };
                Ok(Piece::Skip(line.len() + 2))
            }
            Chunks::Content(left) => {
                let count = front.len().min(left);
                *self = match left - count {
                    0 => Chunks::Line(Line::End),
                    left => Chunks::Content(left),
                };
                Ok(match count {
                    0 => Piece::NeedBytes,
                    count => Piece::Data(count),
                })
            }
            Chunks::Over => Ok(Piece::End(Fields::new())),
        }
    }
}

/// The line at the front, without its CR LF; none while it has no end.
fn line(front: &[u8]) -> Result<Option<&[u8]>, Status> {
    let near = &front[..front.len().min(LINE + 2)];
    match near.windows(2).position(|octets| octets == b"\r\n") {
        Some(end) => Ok(Some(&front[..end])),
        None if near.len() == LINE + 2 => Err(Status::BAD_REQUEST),
        None => Ok(None),
    }
}

/// The size that a line says: digits, and perhaps extensions behind a semicolon.
fn size(line: &[u8]) -> Result<usize, Status> {
    let is_digit = |octet: &&u8| octet.is_ascii_hexdigit();
    let (digits, extensions) = line.split_at(line.iter().take_while(is_digit).count());
    // A bare LF would be the end of the line to others (RFC 9112 §2.2).
    let is_extended =
        extensions.trim_ascii_start().starts_with(b";") && !extensions.contains(&b'\n');
    let size = match extensions.is_empty() || is_extended {
        true => usize::from_str_radix(&String::from_utf8_lossy(digits), 16).ok(),
        false => None,
    };
    size.ok_or(Status::BAD_REQUEST)
}

/// Takes chunked content from what comes.
fn chunked(stream: &TcpStream, come: &mut Vec<u8>) -> Result<Vec<u8>, Failed> {
    let mut chunks = Chunks::Line(Line::Size);
    let mut content = Vec::new();
    loop {
        match chunks.next(come)? {
            Piece::Skip(count) => drop(come.drain(..count)),
            Piece::Data(count) => content.extend(come.drain(..count)),
            Piece::NeedBytes => hear_more(stream, come)?,
            Piece::End(_) => return Ok(content),
        }
        if content.len() > pages::CONTENT {
            return Err(Status::CONTENT_TOO_LARGE.into());
        }
    }
}

/// Answers what is asked.
fn talk(mut stream: &TcpStream) -> Result<(), Failed> {
    let mut come = Vec::new();
    while let Some(head) = head(stream, &mut come)? {
        let content = match request_framing(&head)? {
            Framing::Chunked => chunked(stream, &mut come)?,
            framing => pages::content(stream, &mut come, framing)?,
        };
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
    exercise::main("2f", serve)
}
