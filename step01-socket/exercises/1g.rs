//! 1g Idle limit: whoever is silent for too long is sent away.
//!
//! Write the body of `welcome`. The rest is given; `cargo test --test 1g` judges it.

use check::exercise::{self, Given};
use socket::{Linger, Stop, accept_until, close_politely, echo};
use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How long a guest may be silent.
const IDLE: Duration = Duration::from_secs(1);

/// What is heard of a guest who goes on talking.
const LINGER: Linger = Linger {
    bytes: 1 << 20,
    time: IDLE,
};

/// Serves a guest who is never silent for longer than `idle`.
///
/// # Errors
/// `WouldBlock` or `TimedOut` for a guest who is, and whatever the connection reports.
fn welcome(stream: &TcpStream, idle: Duration) -> io::Result<()> {
    let before = Instant::now();
    echo(stream, stream)?;
    // The clock is read. When?
    if before.elapsed() > idle {
        return Err(ErrorKind::TimedOut.into());
    }
    close_politely(stream, LINGER)
}

/// One guest after the other, and no guest ends it (exercise 1f).
fn serve(given: &Given) -> io::Result<()> {
    accept_until(&given.listener()?, &Stop::new(), |stream| {
        if let Err(error) = welcome(&stream, IDLE) {
            eprintln!("a guest was lost: {error}");
        }
    })
}

fn main() -> ExitCode {
    exercise::main("1g", serve)
}
