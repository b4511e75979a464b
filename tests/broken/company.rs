//! The course's own server of step 4, of which one thing can be chosen wrongly.

use crate::files;
use check::grader::slow;
use concurrency::{event_loop, stop_on_signals};
use socket::Stop;
use static_files::{Config, Files, Reply, Request, Timeouts, gateway_failure};
use std::io;
use std::net::TcpListener;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What a server in company has to get right.
pub(crate) struct Choice {
    /// How it serves.
    pub(crate) serve: concurrency::Serve,
    /// What it answers.
    pub(crate) answer: files::Answer,
    /// What it waits for.
    pub(crate) config: fn() -> Config,
    /// What it does about SIGTERM.
    pub(crate) hear: fn(&Arc<Stop>) -> io::Result<()>,
}

pub(crate) const CHOICE: Choice = Choice {
    serve: event_loop,
    answer,
    config,
    hear: |stop| stop_on_signals(Arc::clone(stop)),
};

/// The waits of a server whose clients are in a hurry.
fn config() -> Config {
    let timeouts = Timeouts {
        head: Duration::from_secs(2),
        ..Timeouts::default()
    };
    Config {
        timeouts,
        ..Config::default()
    }
}

pub(crate) fn serve(listener: &TcpListener, root: &Path, choice: &Choice) -> io::Result<()> {
    let files = Files::new(root)?;
    let stop = Arc::new(Stop::new());
    (choice.hear)(&stop)?;
    let handler = |request: &Request| (choice.answer)(&files, root, request);
    (choice.serve)(listener, &handler, &(choice.config)(), &stop)
}

fn answer(files: &Files, root: &Path, request: &Request) -> Reply {
    if request.path() == b"/panic" {
        // As a panic does, but without its message.
        resume_unwind(Box::new("as it was asked to"));
    }
    if request.path() == b"/slow" {
        return match slow() {
            Ok(gate) => Reply::Exchange(Box::new(gate)),
            Err(error) => Reply::Ready(gateway_failure(&error)),
        };
    }
    files::right(files, root, request)
}
