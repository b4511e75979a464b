//! 4e Five thousand idle: a guest who says nothing costs a line in a table, and no thread.
//!
//! Write the body of `everybody`, and what else it needs; `cargo test --test 4e` judges it.

use check::exercise::{self, Given};
use concurrency::{Entrance, StopSignal, drive, thread_per_connection};
use socket::Stop;
use static_files::{Config, Handler};
use std::io;
use std::net::TcpListener;
use std::process::ExitCode;

/// Guests at once.
const GUESTS: usize = 10_000;

/// Serves everybody until `stop` is raised.
fn everybody(
    listener: &TcpListener,
    handler: &dyn Handler,
    config: &Config,
    stop: &Stop,
) -> io::Result<()> {
    let (entrance, signal) = (Entrance::new(listener, stop)?, StopSignal::new(stop)?);
    // Five thousand guests who say nothing: what does each of these threads wait for?
    thread_per_connection(&entrance, GUESTS, |stream| {
        // A guest who is gone is no loss.
        let _ = drive(stream, handler, config, &signal);
    })
}

fn serve(given: &Given) -> io::Result<()> {
    let stop = given.stop()?;
    let (listener, handler) = (given.listener()?, given.handler()?);
    everybody(&listener, &*handler, &Config::default(), &stop)
}

fn main() -> ExitCode {
    exercise::main("4e", serve)
}
