//! The finished server: `gateway DIR` serves a folder, and `gateway --help` tells the rest.
#![forbid(unsafe_code)]

use concurrency::{stop_on_signals, sys};
use gateway::{Failure, Invocation, Options, help, parse, run};
use socket::{Stop, reachable};
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

/// Exit code for a command line that makes no sense.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    match parse(std::env::args_os().skip(1)) {
        Ok(Invocation::Help) => say(&help()),
        Ok(Invocation::Version) => say(&format!("gateway {}\n", env!("CARGO_PKG_VERSION"))),
        Ok(Invocation::Serve(options)) => {
            if let Err(failure) = serve(&options) {
                complain(&failure);
                return ExitCode::FAILURE;
            }
        }
        Err(mistake) => {
            complain(&mistake);
            return ExitCode::from(USAGE);
        }
    }
    ExitCode::SUCCESS
}

fn serve(options: &Options) -> Result<(), Failure> {
    let stop = Arc::new(Stop::new());
    // First of all: until then a signal ends the server at once, which is right while nothing runs.
    stop_on_signals(Arc::clone(&stop)).map_err(Failure::System)?;
    sys::close_inherited_on_exec().map_err(Failure::System)?;
    if let Err(error) = sys::raise_descriptor_limit() {
        complain(&format_args!(
            "there will be fewer connections at once: {error}"
        ));
    }
    run(options, &stop, |addr| {
        let folder = options.folder.display();
        say(&format!(
            "http://{}/ serves {folder}; Ctrl-C ends it\n",
            reachable(addr)
        ));
    })
}

/// Prints a text; that nobody reads it is no reason to fail.
fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Tells what is wrong; as with [`say`], perhaps to nobody.
fn complain(sentence: &dyn Display) {
    let _ = writeln!(io::stderr(), "gateway: {sentence}");
}
