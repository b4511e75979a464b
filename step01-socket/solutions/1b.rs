//! 1b Echo to the end: what comes in goes out, to the last octet.
//!
//! The end of input is the only end: a read of nothing. A short read is only a short read.

use check::exercise::{self, Given};
use std::io::{self, Read, Write};
use std::process::ExitCode;

/// Sends back everything that is read, until the end of input, and says how many octets it was.
fn echo(mut from: impl Read, mut to: impl Write) -> io::Result<u64> {
    let mut buf = [0; 4096];
    let mut moved = 0;
    loop {
        match from.read(&mut buf) {
            Ok(0) => return Ok(moved),
            Ok(count) => {
                to.write_all(&buf[..count])?;
                moved += count as u64;
            }
            // A signal is no end (POSIX read, EINTR).
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// One guest after the other. A guest who is gone is no loss to the next one.
fn serve(given: &Given) -> io::Result<()> {
    let listener = given.listener()?;
    loop {
        let (stream, _) = listener.accept()?;
        if let Err(error) = echo(&stream, &stream) {
            eprintln!("a guest was lost: {error}");
        }
    }
}

fn main() -> ExitCode {
    exercise::main("1b", serve)
}
