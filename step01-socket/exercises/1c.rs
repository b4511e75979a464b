//! 1c Lines, not packets: a line ends where its line feed is, however it comes.
//!
//! Write the body of `lines`, with a buffer of your own and without `BufRead`. The server around it
//! is given; `cargo test --test 1c` judges it.

use check::exercise::{self, Given};
use std::io::{self, Read, Write};
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
    loop {
        let count = from.read(&mut buf)?;
        if count == 0 {
            return Ok(());
        }
        // A guest sends a line, and we read it. Do we?
        each(&buf[..count - 1])?;
    }
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
