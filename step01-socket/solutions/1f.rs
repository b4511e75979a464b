//! 1f Unkillable: nothing that a guest does ends the server.
//!
//! An error belongs to somebody: to one guest, to a house that is full for the moment, or to the
//! listener. Only the last one ends the server.

use check::exercise::{self, Given};
use socket::{AcceptFate, Linger, accept_fate, close_politely, echo};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

/// What is heard of a guest who goes on talking.
const LINGER: Linger = Linger {
    bytes: 1 << 20,
    time: Duration::from_secs(2),
};

/// Until there may be a place again: no system tells when that is.
const NAP: Duration = Duration::from_millis(50);

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
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) => match accept_fate(&error) {
                AcceptFate::Retry => continue,
                AcceptFate::Pause => {
                    thread::sleep(NAP);
                    continue;
                }
                AcceptFate::Fatal => return Err(error),
            },
        };
        if let Err(error) = welcome(&stream) {
            eprintln!("a guest was lost: {error}");
        }
    }
}

fn serve(given: &Given) -> io::Result<()> {
    welcome_all(&given.listener()?)
}

fn main() -> ExitCode {
    exercise::main("1f", serve)
}
