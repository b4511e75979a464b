//! 1a Report your port: what is printed is where the door is.
//!
//! Write the body of `open`. The rest is given, and prints the error that `open` returns, with an
//! exit status of 1; `cargo test --test 1a` judges it.

use check::exercise::{self, Given};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

/// Opens the door, and says on standard output where it is.
///
/// # Errors
/// What the system reports, with the address that could not be had.
fn open(addr: SocketAddr) -> io::Result<TcpListener> {
    // Two people read this: one came to be served, the other wonders why it failed. Do both learn
    // which port it is about?
    let listener = TcpListener::bind(addr)?;
    println!("listening on {addr}");
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
