//! 2f Chunked: each octet of framing is demanded, none is skipped.
//!
//! Write the bodies of `next` and `size`. The server around them is given; `cargo test --test 2f`
//! judges it.

use check::exercise::pages::{self, Ending, Failed, answer, guests, head, hear_more, site};
use check::exercise::{self, Given};
use http_parse::{Fields, Framing, Piece, Status, request_framing};
use std::io::Write;
use std::net::TcpStream;
use std::process::ExitCode;

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
                let Some(line) = line(front) else {
                    return Ok(Piece::NeedBytes);
                };
                // A line is passed over as far as it reaches, whatever it says. Is that well?
                *self = match kind {
                    Line::Size => match size(line)? {
                        0 => Chunks::Line(Line::Trailer),
                        size => Chunks::Content(size),
                    },
                    Line::End => Chunks::Line(Line::Size),
                    Line::Trailer => Chunks::Over,
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
fn line(front: &[u8]) -> Option<&[u8]> {
    let end = front.windows(2).position(|octets| octets == b"\r\n")?;
    Some(&front[..end])
}

/// The size that a line says.
fn size(line: &[u8]) -> Result<usize, Status> {
    let text = String::from_utf8_lossy(line);
    usize::from_str_radix(text.trim(), 16).map_err(|_| Status::BAD_REQUEST)
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
