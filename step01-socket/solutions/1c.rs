//! 1c Lines, not packets: a line ends where its line feed is, however it comes.
//!
//! What has come of a line waits at the front of the buffer, and no octet is looked at twice. A
//! buffer that is full without a line end is the bound.

use check::exercise::{self, Given};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;

/// Octets of one line with its end: a guest who never ends a line gets no more memory than that.
const LINE: usize = 1024;

/// Hands each line that is read, without its end, to `each`, until the end of input.
///
/// # Errors
/// What either side reports; `InvalidData` for a line beyond the limit, `UnexpectedEof` for one
/// without an end.
fn lines(mut from: impl Read, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut buf = [0; LINE];
    let mut filled = 0;
    loop {
        match from.read(&mut buf[filled..]) {
            Ok(0) if filled == LINE => return Err(ErrorKind::InvalidData.into()),
            Ok(0) if filled == 0 => return Ok(()),
            // What is cut off is not a line: who would know what was still to come?
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                let end = filled + count;
                let rest = each_of(&buf[..end], filled, &mut each)?;
                buf.copy_within(rest..end, 0);
                filled = end - rest;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Hands over the lines that are complete, and says where the first unfinished one begins. Before
/// `searched` there is no line end.
fn each_of(
    come: &[u8],
    mut searched: usize,
    each: &mut impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<usize> {
    let mut start = 0;
    while let Some(at) = come[searched..].iter().position(|&octet| octet == b'\n') {
        let end = searched + at;
        each(&come[start..end])?;
        start = end + 1;
        searched = start;
    }
    Ok(start)
}

/// Answers every line with its length.
fn talk(mut stream: &TcpStream) -> io::Result<()> {
    lines(stream, |line| {
        let answer = format!("a line of {} bytes\n", line.len());
        stream.write_all(answer.as_bytes())
    })
}

/// One guest after the other. A guest who is gone is no loss to the next one.
fn serve(given: &Given) -> io::Result<()> {
    let listener = given.listener()?;
    loop {
        let (stream, _) = listener.accept()?;
        if let Err(error) = talk(&stream) {
            eprintln!("a guest was lost: {error}");
        }
    }
}

fn main() -> ExitCode {
    exercise::main("1c", serve)
}
