//! A run of some checks: one thread judges, the other prints.

use super::mine::Mine;
use super::server::Whose;
use super::{Asked, INTERRUPTED, Outcome, USAGE, show, status};
use crate::ending;
use check::grader::{Check, Cutting, Problem, Tree, Verdict};
use std::iter;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Instant;

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

/// A run of some checks.
pub(super) struct Session {
    pub(super) checks: Vec<Check>,
    /// What is judged.
    pub(super) whose: Whose,
    /// How what is sent is cut.
    pub(super) cutting: Option<Cutting>,
    pub(super) tree: Arc<Tree>,
}

impl Session {
    /// Judges, and prints what comes of it.
    pub(super) fn run(self, asked: &Asked) -> ExitCode {
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
            let passed = match &self.whose {
                Whose::Mine(mine) => self.exercise(mine, &check, tell),
                Whose::Course | Whose::Server(_) => self.one(&check, check.id, tell),
            };
            if stop.is_at(&passed) {
                break;
            }
        }
    }

    /// Judges an exercise: its own check, and those that it has to keep; and writes down what came
    /// of it.
    fn exercise(&self, mine: &Mine, own: &Check, tell: &Sender<Event>) -> Passed {
        let mut kept = iter::once(*own).chain(own.earlier());
        let lost = kept
            .by_ref()
            .map(|check| self.one(&check, own.id, tell))
            .find(|passed| *passed != Passed::Yes);
        let passed = lost.unwrap_or(Passed::Yes);
        // Pieces are a question of their own, which an exercise need not be asked.
        if self.cutting.is_none() {
            mine.record(own.id, passed == Passed::Yes);
        }
        passed
    }

    /// One check, of the server of the exercise `of`.
    fn one(&self, check: &Check, of: &'static str, tell: &Sender<Event>) -> Passed {
        // Nobody listens any more after an interruption.
        let _ = tell.send(Event::Begun(*check));
        let started = Instant::now();
        let verdict = self.verdict(check, of);
        let passed = match &verdict {
            Ok(()) => Passed::Yes,
            Err(Problem::Wrong(_) | Problem::NotJudged(_)) => Passed::No,
            Err(Problem::NotServing(_)) => Passed::NoServer,
        };
        let outcome = Outcome {
            check: *check,
            of,
            verdict,
            took: started.elapsed(),
        };
        // As above.
        let _ = tell.send(Event::Done(outcome));
        passed
    }

    fn verdict(&self, check: &Check, of: &str) -> Verdict {
        let subject = match &self.whose {
            Whose::Course => check.reference()?,
            Whose::Server(server) => server.subject.clone(),
            Whose::Mine(mine) => mine.subject(of),
        };
        match self.cutting {
            Some(cutting) => check.run_cut(&subject, &self.tree, cutting),
            None => (check.run)(&subject, &self.tree),
        }
    }
}

/// What came of a check, as far as the next one is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passed {
    Yes,
    No,
    NoServer,
}

/// After which verdict nothing more is asked.
#[derive(Clone, Copy)]
enum Stop {
    AtFirst,
    AtNoServer,
}

impl Stop {
    fn is_at(self, passed: &Passed) -> bool {
        match (passed, self) {
            (Passed::Yes, _) | (Passed::No, Stop::AtNoServer) => false,
            (Passed::No, Stop::AtFirst) => true,
            // A server that did not come up will not come up for the next check.
            (Passed::NoServer, _) => true,
        }
    }
}

fn listen_to_the_keyboard(tell: Sender<Event>) -> std::io::Result<()> {
    let stop = ending::heard()?;
    let waits = move || {
        let (ring, rung) = mpsc::channel();
        let ring = move || {
            // Whoever waited has been woken by the first call.
            let _ = ring.send(());
        };
        let _waker = stop.on_stop(ring);
        // The other end is held by the waker, so this ends with a signal only; and then somebody
        // listens, or the process is over.
        if rung.recv().is_ok() {
            // As above.
            let _ = tell.send(Event::Interrupted);
        }
    };
    thread::Builder::new().spawn(waits).map(drop)
}
