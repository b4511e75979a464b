//! The course's front door: `cargo run`.
//!
//! Without a verb it does what most people want, [`read`]: builds the book and serves it through
//! the server the book is about. A program of one job per verb; each verb is a module, and this
//! file is the command line.
#![forbid(unsafe_code)]

mod bench;
mod check;
mod compare;
mod desk;
mod ending;
mod grade;
mod hint;
mod list;
mod live;
mod new;
mod next;
mod predict;
mod read;
mod reset;
mod run;
mod solution;
mod start;
mod terminal;
mod watch;

use book::workbook::Workbook;
use clap::{Parser, Subcommand};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

/// The verbs by use; clap knows no groups of them.
const HELP: &str = "\
{about}

Usage: cargo course [VERB] [...]

The book:
  read [3.4]        build it and serve it to your browser; this is what `cargo run` does
  build             the same as a folder of pages that need no server
  predict           what will a server say? Write it down, and see
Your exercises:
  start             make your workbook, or add what is new
  list, next        where you are; what to do now
  check [3f]        judge an exercise
  watch [3f]        judge it each time you save
  hint [3f]         a push in the right direction, a harder one each time
  run [3f]          serve something with it, until Ctrl-C
  solution [3f]     how the course does it
  diff [3f]         yours beside the course's
  reset [3f]        begin again; your file is kept
A server of your own, in any language:
  new NAME          an empty crate, to build everything alone
  check --server    judge it
  grade --each      judge those of a whole class
The course's own:
  check --reference judge it
  bench             measure it beside nginx

[3f] is an exercise; without it, the first one that is not solved is meant.
`cargo course VERB --help` tells more, with examples.

Options:
{options}
";

/// Build your own web server: the course.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo course", version, help_template = HELP)]
struct Line {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Build the book and serve it on this machine, until Ctrl-C.
    #[command(after_help = "\
Examples:
  cargo course read        from the first page
  cargo course read 3.4    from chapter 3.4; only says where it is, when the book is served already")]
    Read {
        /// A chapter, such as 3.4 [default: the first page].
        chapter: Option<String>,
        /// Where to listen [default: 127.0.0.1:8080, or another port when that one is taken].
        #[arg(long, value_name = "ADDRESS", value_parser = address)]
        listen: Option<SocketAddr>,
        /// Where the pages go [default: target/book].
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
        /// Whose exercises the pages tick [default: yours].
        #[arg(long, value_name = "FOLDER")]
        workbook: Option<PathBuf>,
    },
    /// Build the book, as a folder of pages that need no server.
    Build {
        /// Where the pages go; what is in that folder is deleted [default: target/book].
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
    /// Make your workbook, or add to it what is new.
    Start(start::Asked),
    /// Show every exercise, and how far you have come.
    List,
    /// Show what is to be done now.
    Next,
    /// Judge an exercise of yours, or any server, by what it does.
    Check(check::Asked),
    /// Judge an exercise each time you save it.
    Watch(watch::Asked),
    /// Get a hint for an exercise.
    Hint(hint::Asked),
    /// Predict what a server of the course will say, and see.
    Predict(predict::Asked),
    /// Serve something with your exercise, or with a step, until Ctrl-C.
    Run(run::Asked),
    /// Read how the course solves an exercise.
    Solution(solution::Asked),
    /// Compare your exercise with the course's own.
    Diff(compare::Asked),
    /// Begin an exercise again; your file is kept.
    Reset(reset::Asked),
    /// Make an empty crate, to build a whole server alone.
    New(new::Asked),
    /// Judge every submission of a class.
    Grade(grade::Asked),
    /// Measure the server beside nginx, and the rungs of the ladder beside each other.
    Bench(bench::Asked),
}

fn main() -> ExitCode {
    let verb = Line::parse().verb.unwrap_or(Verb::Read {
        chapter: None,
        listen: None,
        out: None,
        workbook: None,
    });
    match done(verb) {
        Ok(code) => code,
        Err(failure) => {
            anstream::eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn done(verb: Verb) -> Result<ExitCode, Failure> {
    match verb {
        Verb::Read {
            chapter,
            listen,
            out,
            workbook,
        } => {
            let from = std::env::current_dir().unwrap_or_default();
            let workbook =
                workbook.map_or_else(|| Workbook::meant(&from), |folder| Workbook::at(&folder));
            let out = out.unwrap_or_else(pages);
            read::read(chapter.as_deref(), listen, &out, workbook)
        }
        Verb::Build { out } => read::build(&out.unwrap_or_else(pages)),
        Verb::Start(asked) => start::run(&asked),
        Verb::List => list::run(),
        Verb::Next => next::run(),
        Verb::Check(asked) => return Ok(check::run(&asked)),
        Verb::Watch(asked) => watch::run(&asked),
        Verb::Hint(asked) => hint::run(&asked),
        Verb::Predict(asked) => return predict::run(&asked),
        Verb::Run(asked) => return run::run(&asked),
        Verb::Solution(asked) => solution::run(&asked),
        Verb::Diff(asked) => compare::run(&asked),
        Verb::Reset(asked) => reset::run(&asked),
        Verb::New(asked) => new::run(&asked),
        Verb::Grade(asked) => return Ok(grade::run(&asked)),
        Verb::Bench(asked) => bench::run(&asked),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// Where something is served when nobody says otherwise: this machine only.
pub(crate) const HOME: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// Where it is served when somebody else is at [`HOME`]: the system chooses a free port.
pub(crate) const AWAY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

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
    fn every_verb_is_in_the_help_by_its_use() {
        for verb in Line::command().get_subcommands() {
            let name = verb.get_name();
            let mut words = HELP.split([' ', ',', '\n']);
            assert!(words.any(|word| word == name), "{name}");
        }
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
