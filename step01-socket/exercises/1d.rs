//! 1d Slow reader: what does not fit on the way has to wait.
//!
//! Write the body of `echo`, without `write_all`. The server around it is given; `cargo test --test
//! 1d` judges it.

use check::exercise::{self, Given};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;

/// Octets that are moved at a time.
const BUFFER: usize = 16 * 1024;

/// Octets that are kept for a guest who does not read.
const KEPT: usize = 1 << 20;

/// Sends back everything that is read, until the end of input.
fn echo(mut stream: &TcpStream) -> io::Result<()> {
    let mut buf = [0; BUFFER];
    let mut kept = Vec::new();
    loop {
        let count = stream.read(&mut buf)?;
        if count == 0 {
            return stream.write_all(&kept);
        }
        // Whoever does not read must not make us wait. A megabyte is kept for him: is it enough?
        let room = KEPT - kept.len();
        kept.extend(&buf[..count.min(room)]);
        stream.set_nonblocking(true)?;
        match stream.write(&kept) {
            Ok(taken) => drop(kept.drain(..taken)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        stream.set_nonblocking(false)?;
    }
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
