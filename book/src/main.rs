//! The course's front door: `cargo run`.
//!
//! Without a verb it does what most people want, [`read`]: builds the book and serves it through
//! the server the book is about. A program of one job per verb; each verb is a module, and this
//! file is the command line.
#![forbid(unsafe_code)]

mod bench;
mod check;
mod live;
mod read;

use book::workbook::Workbook;
use clap::{Parser, Subcommand};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Build your own web server: the course.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo run --", version, about)]
#[command(after_help = "Without a verb, `cargo run` is `cargo run -- read`.\n\
    The steps are programs too: cargo run -p step01-socket, and so on.")]
struct Line {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Build the book and serve it on this machine, until Ctrl-C.
    Read {
        /// Where to listen [default: 127.0.0.1:8080, or another port when that one is taken].
        #[arg(long, value_name = "ADDRESS", value_parser = address)]
        listen: Option<SocketAddr>,
        /// Where the pages go [default: target/book].
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
        /// Whose exercises the pages tick [default: workbook].
        #[arg(long, value_name = "FOLDER")]
        workbook: Option<PathBuf>,
    },
    /// Build the book, as a folder of pages that need no server.
    Build {
        /// Where the pages go; what is in that folder is deleted [default: target/book].
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
    /// Judge a server, yours or the course's, by what it does.
    Check(check::Asked),
    /// Measure the server beside nginx, and the rungs of the ladder beside each other.
    Bench(bench::Asked),
}

fn main() -> ExitCode {
    let verb = Line::parse().verb.unwrap_or(Verb::Read {
        listen: None,
        out: None,
        workbook: None,
    });
    let done = match verb {
        Verb::Read {
            listen,
            out,
            workbook,
        } => {
            let workbook = workbook.map_or_else(Workbook::here, |folder| Workbook::at(&folder));
            read::read(listen, &out.unwrap_or_else(pages), workbook)
        }
        Verb::Build { out } => read::build(&out.unwrap_or_else(pages)),
        Verb::Check(asked) => return check::run(&asked),
        Verb::Bench(asked) => bench::run(&asked),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            anstream::eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "write an address and a port, such as 127.0.0.1:8080")
}

/// Where the pages go unless told: `book` in the folder cargo builds into, whatever that is
/// called, so that `cargo clean` removes them and git never sees them.
fn pages() -> PathBuf {
    let built = std::env::current_exe().ok();
    let target = built
        .as_deref()
        .and_then(|program| program.ancestors().nth(2));
    match target {
        Some(target) => target.join("book"),
        None => book::home().join("../target/book"),
    }
}

/// Why a verb was not done, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    next: String,
}

impl Failure {
    pub(crate) fn new(what: impl Into<String>, next: impl Into<String>) -> Failure {
        Failure {
            what: what.into(),
            next: next.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = anstyle::AnsiColor::Red.on_default().bold();
        write!(f, "{error}error:{error:#} {}\n{}", self.what, self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Line::command().debug_assert();
    }

    #[test]
    fn a_slip_of_the_finger_gets_advice() {
        let said = |words: &[&str]| Line::try_parse_from(words).unwrap_err().to_string();
        let verb = said(&["book", "raed"]);
        assert!(verb.contains("'read'"), "{verb}");
        let listen = said(&["book", "read", "--listen", "8080"]);
        assert!(listen.contains("such as 127.0.0.1:8080"), "{listen}");
    }
}
