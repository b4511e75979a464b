//! `grade`: the checks, of every submission of a class.
//!
//! ```text
//! grade ── for each submission ──▶ check --rows --server …      a process of its own, a folder of its own
//!   ▲                                  └─▶ the submission        files limited, marked in its environment
//!   └── rows, and a look at time, disk and processes four times a second
//! ```
//!
//! A submission that hangs, floods the disk or forks without end is stopped, with all that it has
//! started, and the next one has its turn. This is no jail: who takes pains to leave no trace gets away, and
//! files elsewhere are not seen. Code that nobody trusts belongs into a container.

mod herd;
mod submission;
mod table;
mod warden;

use crate::{Failure, check};
use clap::Args;
use socket::Stop;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use submission::Submission;
use table::Table;
use warden::{Ending, Warden};

/// The exit status when somebody had to be stopped.
const STOPPED: u8 = 1;

/// The exit status when there was nothing to be graded.
const USAGE: u8 = 2;

/// The exit status that shells give to a program that was interrupted.
const INTERRUPTED: u8 = 130;

/// Whom to grade, and by what.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo course grade --each 'submissions/*/run.sh {port} {root}' step02
  cargo course grade --each 'python3 submissions/*/server.py {port}' 2a 2b --csv >grades.csv
  cargo course check 2b --server 'submissions/anna/run.sh {port} {root}'   why anna's failed
Each submission runs in its own folder, and is given a {root} of its own.
The exit status is 0 when all were graded, whatever their grades, and 1 when one was stopped.")]
pub(crate) struct Asked {
    /// The command of every submission: a `*` stands for what differs, and {port}, {addr}, {root}, {cgi}
    /// for what a server is told (see `check --help`).
    #[arg(long, value_name = "COMMAND", required = true)]
    each: String,
    /// Checks and steps, such as 3f and step02 [default: all from step 2 on].
    #[arg(value_name = "CHECK|STEP")]
    what: Vec<String>,
    /// Seconds for all checks of one submission.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    limit: u64,
    /// Print the grades as comma-separated values, and everything else on standard error.
    #[arg(long)]
    csv: bool,
}

/// Grades everybody.
pub(crate) fn run(asked: &Asked) -> ExitCode {
    match graded(asked) {
        Ok(code) => code,
        Err(failure) => {
            anstream::eprintln!("{failure}");
            ExitCode::from(USAGE)
        }
    }
}

fn graded(asked: &Asked) -> Result<ExitCode, Failure> {
    let checks = check::of_a_server(&asked.what)?;
    let submissions = Submission::all(&asked.each)?;
    let stop = Arc::new(Stop::new());
    let advice = "Is there room for another process, and on the disk?";
    concurrency::stop_on_signals(Arc::clone(&stop))
        .map_err(|error| Failure::new(error.to_string(), advice))?;
    let warden = Warden {
        what: checks.iter().map(|check| check.id).collect(),
        limit: Duration::from_secs(asked.limit),
        stop: &stop,
    };
    let mut table = Table::new(&checks, asked.csv);
    let mut code = 0;
    for submission in &submissions {
        let graded = warden
            .grade(submission)
            .map_err(|error| Failure::new(format!("{}: {error}", submission.name), advice))?;
        code = match graded.ending {
            Ending::Whole => code,
            Ending::Stopped(_) => STOPPED,
            Ending::Interrupted => {
                table.summary();
                return Ok(ExitCode::from(INTERRUPTED));
            }
        };
        table.add(submission, &graded);
    }
    table.summary();
    Ok(ExitCode::from(code))
}
