//! `check`: the grader, at the command line.
//!
//! ```text
//! check                                       the current exercise of the workbook
//! check 3f                                    one check, of the workbook's 3f; without a workbook, or
//!                                             with --reference, of the course's own server
//! check step02 --server 'go run . {port}'     a step's checks, of a server in any language
//! check --through 3                           everything up to step 3
//! check 2c --cuts all                         the same requests, cut at every octet
//! ```
//!
//! The checks run in a thread of their own and this one only prints, so that Ctrl-C is heard at
//! once. The exit status is 0 when all have passed, 1 when one has not, and 2 when there was nothing to
//! be judged: the question itself was wrong, or no server came up.

mod choice;
mod json;
mod mine;
mod server;
mod session;
mod show;

use crate::{Failure, ending};
use check::grader::{Check, Problem, Tree, Verdict};
use clap::{Args, ValueEnum};
use server::{Judged, Whose};
use session::Session;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// The exit status when there was nothing to be judged.
const USAGE: u8 = 2;

/// The exit status that shells give to a program that was interrupted.
const INTERRUPTED: u8 = 130;

/// What to check, and how to tell.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo course check                  the first exercise of your workbook that is not solved
  cargo course check 3f               your 3f, or the course's own server when you have no workbook
  cargo course check 3f --reference   the course's own
  cargo course check --server 'python3 mine.py {port} {root}' step02
  cargo course check --server './mine {port} {root}' --through 3 --stop-at-first")]
pub(crate) struct Asked {
    /// Checks, such as 3f, and steps, such as step02 [default: the current exercise; without a
    /// workbook, all; of another server, those from step 2 on].
    #[arg(value_name = "CHECK|STEP")]
    what: Vec<String>,
    /// All checks of the steps up to this one; of another server, from step 2 on, because an echo
    /// is another program.
    #[arg(long, value_name = "STEP", value_parser = clap::value_parser!(u8).range(1..=5))]
    through: Option<u8>,
    /// The server to judge: its command, or step01, step03, step04 or step05 for the course's programs
    /// [default: the exercises of your workbook; without one, the course's own, one for each
    /// check].
    ///
    /// In the command, {port} or {addr} stands where the server takes its port or its address,
    /// {root} where it takes the folder of its files. For the checks of step 5 there are also {cgi},
    /// the folder of the programs that it runs for /cgi/NAME; {wsgi}, the folder of a Python module
    /// `app` whose callable `application` answers /wsgi/; and the addresses of those who stand behind
    /// it, whom the grader plays: {upstream} and {other}, HTTP servers for /api/, and {fastcgi},
    /// {scgi} and {uwsgi}, an application on three wires, for /fastcgi/, /scgi/ and /uwsgi/.
    #[arg(long, value_name = "COMMAND")]
    server: Option<String>,
    /// Judge the course's own servers, also when there is a workbook.
    #[arg(long, conflicts_with = "server")]
    reference: bool,
    /// Leave out the other kind of check.
    #[arg(long, value_enum, value_name = "KIND")]
    only: Option<Kind>,
    /// Send everything in pieces: cut at every octet, or in a few places at random.
    #[arg(long, value_name = "all|random[:SEED]", value_parser = choice::cuts)]
    cuts: Option<Cuts>,
    /// End with the first check that is not passed.
    #[arg(long)]
    stop_at_first: bool,
    /// Make the files that are served in this folder, and leave them there.
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Print one JSON document, for programs.
    #[arg(long)]
    json: bool,
    /// Print the verdict of each check as a line of JSON, as soon as it is there: for `grade`.
    #[arg(long, hide = true)]
    rows: bool,
    /// List the checks, and run none.
    #[arg(long)]
    list: bool,
}

/// Whose rules a check holds a server to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// What nginx and Apache agree on.
    Agreed,
    /// What an RFC decides, where one of them does otherwise or both do.
    Rfc,
    /// What the course has decided, where no RFC does.
    Course,
}

/// How what is sent is to be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cuts {
    All,
    /// Without a seed, one is drawn and printed.
    Random(Option<u64>),
}

/// One check, and what came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) check: Check,
    /// The exercise whose server was judged; without a workbook, the check's own.
    pub(crate) of: &'static str,
    pub(crate) verdict: Verdict,
    pub(crate) took: Duration,
}

/// Runs the verb.
pub(crate) fn run(asked: &Asked) -> ExitCode {
    match prepared(asked) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(session)) => session.run(asked),
        Err(failure) => {
            anstream::eprintln!("{failure}");
            ExitCode::from(match ending::has_come() {
                true => INTERRUPTED,
                false => USAGE,
            })
        }
    }
}

/// The checks that these words mean when they are asked of any server.
pub(crate) fn of_a_server(what: &[String]) -> Result<Vec<Check>, Failure> {
    choice::chosen(&Asked {
        what: what.to_vec(),
        server: Some(String::new()),
        ..Asked::default()
    })
}

/// Everything that can be known to be wrong before the first check; `None` after a list.
fn prepared(asked: &Asked) -> Result<Option<Session>, Failure> {
    let is_mine = !(asked.list || asked.reference || asked.server.is_some());
    let mine = match is_mine {
        true => mine::Mine::find()?,
        false => None,
    };
    let checks = match &mine {
        Some(mine) if asked.is_about_nothing() => vec![mine.current()?],
        Some(_) | None => choice::chosen(asked)?,
    };
    if asked.list {
        show::list(&checks);
        return Ok(None);
    }
    let (checks, whose) = match (mine, &asked.server) {
        (Some(mine), _) => mine.judged(checks)?,
        (None, Some(server)) => (checks, Whose::Server(Judged::read(server)?)),
        (None, None) => (checks, Whose::Course),
    };
    let tree = match &asked.keep {
        Some(folder) => Tree::kept(folder).map_err(|error| {
            let what = format!("the files cannot be made in {}: {error}", folder.display());
            Failure::new(
                what,
                "Name a folder that is new, or empty, and may be written to.",
            )
        })?,
        None => Tree::new().map_err(|error| {
            let what = format!("the files that are served cannot be made: {error}");
            Failure::new(what, "Name another place for them: --keep FOLDER")
        })?,
    };
    Ok(Some(Session {
        checks,
        whose,
        cutting: asked.cuts.map(choice::cutting),
        tree: Arc::new(tree),
    }))
}

impl Asked {
    fn is_about_nothing(&self) -> bool {
        self.what.is_empty() && self.through.is_none() && self.only.is_none()
    }
}

fn status(outcomes: &[Outcome]) -> ExitCode {
    let worst = outcomes.iter().map(|outcome| match &outcome.verdict {
        Ok(()) => 0,
        Err(Problem::Wrong(_)) => 1,
        Err(Problem::NotServing(_) | Problem::NotJudged(_)) => USAGE,
    });
    ExitCode::from(worst.max().unwrap_or(0))
}
