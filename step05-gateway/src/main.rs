//! The finished server: `gateway DIR` serves a folder, `gateway` alone a demo, and `gateway --help` tells
//! the rest.
#![forbid(unsafe_code)]

mod demo;

use concurrency::{Listeners, Predecessor, Succession};
use concurrency::{stop_on_signals, stop_or_succeed_on_signals, sys};
use demo::Site;
use gateway::{Failure, Invocation, Options, help, listeners, map, run_on};
use socket::{Stop, reachable};
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;

/// Exit code for a command line that makes no sense.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let typed: Vec<_> = std::env::args_os().skip(1).collect();
    let (invocation, site) = match demo::understand(&typed) {
        Ok(understood) => understood,
        Err(mistake) => {
            complain(&mistake);
            return ExitCode::from(USAGE);
        }
    };
    let outcome = match invocation {
        Invocation::Help => Ok(help()),
        Invocation::Version => Ok(format!("gateway {}\n", env!("CARGO_PKG_VERSION"))),
        Invocation::Serve(options) => serve(&options, site).map(|()| String::new()),
        Invocation::Check(options) => map(&options),
    };
    match outcome {
        Ok(text) => {
            say(&text);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            complain(&failure);
            ExitCode::FAILURE
        }
    }
}

fn serve(options: &Options, site: Site) -> Result<(), Failure> {
    let (listeners, predecessor) = door(options)?;
    // Before the first program is started: what was inherited is for this process alone.
    sys::close_inherited_on_exec().map_err(Failure::System)?;
    let site = site.routes(options)?;
    let stop = Arc::new(Stop::new());
    heed_signals(&stop, &listeners).map_err(Failure::System)?;
    if let Err(error) = sys::raise_descriptor_limit() {
        complain(&format_args!(
            "there will be fewer connections at once: {error}"
        ));
    }
    run_on(&listeners, site, options, &stop, |addr| {
        let folder = options.folder.display();
        say(&format!(
            "http://{}/ serves {folder}; Ctrl-C ends it\n",
            reachable(addr)
        ));
        if let Some(predecessor) = predecessor {
            predecessor.may_go();
        }
    })
}

/// The listeners of the server that this one follows, or new ones.
fn door(options: &Options) -> Result<(Listeners, Option<Predecessor>), Failure> {
    let inherited = Listeners::inherit(options.server, &options.config);
    match inherited.map_err(Failure::System)? {
        Some((listeners, predecessor)) => Ok((listeners, Some(predecessor))),
        None => Ok((listeners(options)?, None)),
    }
}

/// SIGHUP has two meanings. A server in a terminal hears it when the terminal closes, and ends like
/// every other program there; one without hears it when its configuration has changed.
fn heed_signals(stop: &Arc<Stop>, listeners: &Listeners) -> io::Result<()> {
    let stop = Arc::clone(stop);
    if io::stdin().is_terminal() {
        stop_on_signals(stop)
    } else {
        stop_or_succeed_on_signals(stop, Succession::on(listeners.as_slice())?)
    }
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
