//! 1d Slow reader: what does not fit on the way has to wait.
//!
//! While a write waits nothing is read, and so the guest waits with his own write: one buffer is
//! enough for any length.

use check::exercise::{self, Given};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;

/// Octets that are moved at a time.
const BUFFER: usize = 16 * 1024;

/// Sends back everything that is read, until the end of input.
fn echo(mut stream: &TcpStream) -> io::Result<()> {
    let mut buf = [0; BUFFER];
    loop {
        match stream.read(&mut buf) {
            Ok(0) => return Ok(()),
            Ok(count) => reply(stream, &buf[..count])?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Writes until nothing is left: a write takes what fits, and says how much that was.
fn reply(mut to: impl Write, mut rest: &[u8]) -> io::Result<()> {
    while !rest.is_empty() {
        match to.write(rest) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(taken) => rest = &rest[taken..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// One guest after the other. A guest who is gone is no loss to the next one.
fn serve(given: &Given) -> io::Result<()> {
    let listener = given.listener()?;
    loop {
        let (stream, _) = listener.accept()?;
        if let Err(error) = echo(&stream) {
            eprintln!("a guest was lost: {error}");
        }
    }
}

fn main() -> ExitCode {
    exercise::main("1d", serve)
}
