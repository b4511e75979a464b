//! 4a One slow guest: whoever stops in the middle of a request keeps nobody waiting but themselves.
//!
//! Write the body of `welcome`. Serving one guest is given; `cargo test --test 4a` judges it.

use check::exercise::{self, Given};
use concurrency::{StopSignal, drive};
use socket::{Stop, accept_until};
use static_files::Config;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;

/// Lets guests in until `stop` is raised, and has each of them served by `each`, which returns when
/// they have left.
fn welcome(listener: &TcpListener, stop: &Stop, each: impl Fn(TcpStream) + Sync) -> io::Result<()> {
    // When does `each` return, and who is outside until then?
    accept_until(listener, stop, each)
}

fn serve(given: &Given) -> io::Result<()> {
    let stop = given.stop()?;
    let (listener, handler) = (given.listener()?, given.handler()?);
    let (config, signal) = (Config::default(), StopSignal::new(&stop)?);
    welcome(&listener, &stop, |stream| {
        // A guest who is gone is no loss.
        let _ = drive(stream, &*handler, &config, &signal);
    })
}

fn main() -> ExitCode {
    exercise::main("4a", serve)
}
