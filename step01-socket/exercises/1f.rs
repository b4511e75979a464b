//! 1f Unkillable: nothing that a guest does ends the server.
//!
//! Write the body of `welcome_all`. The rest is given; `cargo test --test 1f` judges it.

use check::exercise::{self, Given};
use socket::{Linger, close_politely, echo};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

/// What is heard of a guest who goes on talking.
const LINGER: Linger = Linger {
    bytes: 1 << 20,
    time: Duration::from_secs(2),
};

/// Serves one guest to the end.
fn welcome(stream: &TcpStream) -> io::Result<()> {
    echo(stream, stream)?;
    close_politely(stream, LINGER)
}

/// Serves one guest after the other, as long as the listener is sound.
///
/// # Errors
/// Only what is wrong with the listener itself.
fn welcome_all(listener: &TcpListener) -> io::Result<()> {
    loop {
        // Two errors go the same way here. Whose are they?
        let (stream, _) = listener.accept()?;
        welcome(&stream)?;
    }
}

fn serve(given: &Given) -> io::Result<()> {
    welcome_all(&given.listener()?)
}

fn main() -> ExitCode {
    exercise::main("1f", serve)
}
