//! `check`: the grader, at the command line.
//!
//! ```text
//! check 3f                                    one check, of the course's own server
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
mod server;
mod show;

use crate::Failure;
use check::grader::{Check, Cutting, Problem, Tree, Verdict};
use clap::{Args, ValueEnum};
use server::Judged;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// The exit status when there was nothing to be judged.
const USAGE: u8 = 2;

/// The exit status that shells give to a program that was interrupted.
const INTERRUPTED: u8 = 130;

/// What to check, and how to tell.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    /// Checks, such as 3f, and steps, such as step02 [default: all; of another server, those from
    /// step 2 on].
    #[arg(value_name = "CHECK|STEP")]
    what: Vec<String>,
    /// All checks of the steps up to this one; of another server, from step 2 on, because an echo
    /// is another program.
    #[arg(long, value_name = "STEP", value_parser = clap::value_parser!(u8).range(1..=5))]
    through: Option<u8>,
    /// The server to judge: its command, or step01, step03, step04 or step05 for the course's programs
    /// [default: the course's own, one for each check].
    ///
    /// In the command, {port} or {addr} stands where the server takes its port or its address,
    /// {root} where it takes the folder of its files, and {cgi} where it takes the folder of the
    /// programs that it runs for /cgi/NAME (checks of step 5).
    #[arg(long, value_name = "COMMAND")]
    server: Option<String>,
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
    pub(crate) verdict: Verdict,
    pub(crate) took: Duration,
}

/// What the checking thread, or the keyboard, has to say.
enum Event {
    Begun(Check),
    Done(Outcome),
    Finished,
    Broken,
    Interrupted,
}

/// Says that the checking is over, also when it ends by a panic.
struct Farewell<'t>(&'t Sender<Event>);

impl Drop for Farewell<'_> {
    fn drop(&mut self) {
        let event = match thread::panicking() {
            true => Event::Broken,
            false => Event::Finished,
        };
        // Nobody listens any more after an interruption.
        let _ = self.0.send(event);
    }
}

/// Runs the verb.
pub(crate) fn run(asked: &Asked) -> ExitCode {
    match prepared(asked) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(session)) => session.run(asked),
        Err(failure) => {
            anstream::eprintln!("{failure}");
            ExitCode::from(USAGE)
        }
    }
}

/// Everything that can be known to be wrong before the first check; `None` after a list.
fn prepared(asked: &Asked) -> Result<Option<Session>, Failure> {
    let checks = choice::chosen(asked)?;
    if asked.list {
        show::list(&checks);
        return Ok(None);
    }
    let server = asked.server.as_deref().map(Judged::read).transpose()?;
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
        server,
        cutting: asked.cuts.map(choice::cutting),
        tree: Arc::new(tree),
    }))
}

/// A run of some checks.
struct Session {
    checks: Vec<Check>,
    /// What is judged; none for the course's own servers, one for each check.
    server: Option<Judged>,
    /// How what is sent is cut.
    cutting: Option<Cutting>,
    tree: Arc<Tree>,
}

impl Session {
    fn run(self, asked: &Asked) -> ExitCode {
        let (tell, events) = mpsc::channel();
        let tree = Arc::clone(&self.tree);
        let stop_at_first = match asked.stop_at_first {
            true => Stop::AtFirst,
            false => Stop::AtNoServer,
        };
        let shown = show::Shown::new(asked, &self);
        if let Err(error) = listen_to_the_keyboard(tell.clone()) {
            anstream::eprintln!("Ctrl-C will leave {}: {error}", tree.root().display());
        }
        let worker = thread::Builder::new().spawn(move || self.judge(&tell, stop_at_first));
        if let Err(error) = worker {
            anstream::eprintln!("the system has no thread for the checks: {error}");
            return ExitCode::from(USAGE);
        }
        let mut outcomes = Vec::new();
        for event in events {
            match event {
                Event::Begun(check) => shown.begun(&check),
                Event::Done(outcome) => {
                    shown.done(&outcome);
                    outcomes.push(outcome);
                }
                Event::Finished => break,
                // The panic has said what it was about.
                Event::Broken => return ExitCode::from(USAGE),
                Event::Interrupted => {
                    // The thread that checks dies with this process, and its servers with both.
                    tree.remove();
                    anstream::eprintln!("\nstopped, and the server with it");
                    return ExitCode::from(INTERRUPTED);
                }
            }
        }
        shown.summary(&outcomes);
        status(&outcomes)
    }

    fn judge(self, tell: &Sender<Event>, stop: Stop) {
        let _farewell = Farewell(tell);
        for check in self.checks.iter().copied() {
            // Nobody listens any more after an interruption.
            let _ = tell.send(Event::Begun(check));
            let started = Instant::now();
            let verdict = self.verdict(&check);
            let ends = stop.is_at(&verdict);
            let outcome = Outcome {
                check,
                verdict,
                took: started.elapsed(),
            };
            // As above.
            let _ = tell.send(Event::Done(outcome));
            if ends {
                break;
            }
        }
    }
}

impl Session {
    fn verdict(&self, check: &Check) -> Verdict {
        let subject = match &self.server {
            Some(server) => server.subject.clone(),
            None => check.reference()?,
        };
        match self.cutting {
            Some(cutting) => check.run_cut(&subject, &self.tree, cutting),
            None => (check.run)(&subject, &self.tree),
        }
    }
}

/// After which verdict nothing more is asked.
#[derive(Clone, Copy)]
enum Stop {
    AtFirst,
    AtNoServer,
}

impl Stop {
    fn is_at(self, verdict: &Verdict) -> bool {
        match (verdict, self) {
            (Ok(()), _) | (Err(Problem::Wrong(_)), Stop::AtNoServer) => false,
            (Err(Problem::Wrong(_)), Stop::AtFirst) => true,
            // A server that did not come up will not come up for the next check.
            (Err(Problem::NotServing(_) | Problem::NotJudged(_)), _) => true,
        }
    }
}

fn listen_to_the_keyboard(tell: Sender<Event>) -> std::io::Result<()> {
    let stop = Arc::new(socket::Stop::new());
    concurrency::stop_on_signals(Arc::clone(&stop))?;
    let waits = move || {
        let (ring, rung) = mpsc::channel();
        let ring = move || {
            // Whoever waited has been woken by the first call.
            let _ = ring.send(());
        };
        let _waker = stop.on_stop(ring);
        // The other end is held by the waker, so this ends with a signal only; and then somebody
        // listens, or the process is over.
        let _ = rung.recv().map(|()| tell.send(Event::Interrupted));
    };
    thread::Builder::new().spawn(waits).map(drop)
}

fn status(outcomes: &[Outcome]) -> ExitCode {
    let worst = outcomes.iter().map(|outcome| match &outcome.verdict {
        Ok(()) => 0,
        Err(Problem::Wrong(_)) => 1,
        Err(Problem::NotServing(_) | Problem::NotJudged(_)) => USAGE,
    });
    ExitCode::from(worst.max().unwrap_or(0))
}
