//! 1a Report your port: what is printed is where the door is.
//!
//! What we were told is a wish, and for port 0 it is not even that. What we have got, only the
//! listener knows.

use check::exercise::{self, Given};
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

/// Opens the door, and says on standard output where it is.
///
/// # Errors
/// What the system reports, with the address that could not be had.
fn open(addr: SocketAddr) -> io::Result<TcpListener> {
    // The system says what went wrong, and not with which address.
    let listener = TcpListener::bind(addr)
        .map_err(|error| io::Error::new(error.kind(), format!("{addr}: {error}")))?;
    let mut out = io::stdout();
    writeln!(out, "listening on {}", listener.local_addr()?)?;
    // A standard output that is no terminal may keep the line back.
    out.flush()?;
    Ok(listener)
}

/// Whoever comes is let in and sent away: this is about the door.
fn serve(given: &Given) -> io::Result<()> {
    let listener = open(given.addr())?;
    loop {
        drop(listener.accept()?);
    }
}

fn main() -> ExitCode {
    exercise::main("1a", serve)
}
