//! One submission, watched while it is checked.

use super::herd::{Herd, tasks};
use super::submission::Submission;
use check::TempFolder;
use serde_json::Value;
use socket::Stop;
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);

/// Octets that a submission may have on disk: far more than any check makes it write.
const DISK: u64 = 512 << 20;

/// Files that it may have there.
const FILES: u64 = 50_000;

/// Processes that it may have: one for each of the guests of the most crowded check, and some.
const PROCESSES: usize = 1024;

/// Tasks that it may add to those that there are. A thread is one, too.
const TASKS: usize = 4096;

/// Blocks of 512 octets in one file.
const BLOCKS: u64 = DISK / 2 / 512;

/// Whoever grades, and what is asked.
#[derive(Debug)]
pub(super) struct Warden<'s> {
    pub(super) what: Vec<&'static str>,
    pub(super) limit: Duration,
    pub(super) stop: &'s Stop,
}

/// What came of a submission: of each check that was come to, its verdict.
#[derive(Debug)]
pub(super) struct Graded {
    pub(super) verdicts: BTreeMap<String, String>,
    /// What the first check said that could not be made at all.
    pub(super) note: String,
    pub(super) ending: Ending,
}

/// How the grading of a submission ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// By itself.
    Whole,
    /// For that reason.
    Stopped(String),
    /// By Ctrl-C.
    Interrupted,
}

impl Warden<'_> {
    /// Checks one submission; when this returns, nothing of it is left.
    ///
    /// # Errors
    /// What the system reports of a folder or a process for the checks.
    pub(super) fn grade(&self, submission: &Submission) -> io::Result<Graded> {
        let place = TempFolder::new()?;
        let herd = Herd::new(place.path());
        let mut child = self.start(submission, &herd, place.path())?;
        let rows = listen(child.stdout.take().expect("it is a pipe"))?;
        let mut graded = Graded {
            verdicts: BTreeMap::new(),
            note: String::new(),
            ending: Ending::Whole,
        };
        let begun = Instant::now();
        let before = used(&submission.folder);
        graded.ending = loop {
            match rows.recv_timeout(LOOK) {
                Ok(row) => graded.add(&row),
                // Ctrl-C is for the checks as well: they may have ended by it.
                Err(_) if self.stop.is_stopped() => break Ending::Interrupted,
                Err(RecvTimeoutError::Disconnected) => break Ending::Whole,
                Err(RecvTimeoutError::Timeout) => {}
            }
            let now = used(place.path()).plus(used(&submission.folder));
            if let Some(why) = self.excess(begun, now.since(before), &herd) {
                break Ending::Stopped(why);
            }
        };
        herd.kill();
        child.wait()?;
        // What was said before the end may still be there to be heard.
        rows.try_iter().for_each(|row| graded.add(&row));
        if graded.ending != Ending::Whole {
            // That it did not serve any more may be our doing.
            graded
                .verdicts
                .retain(|_, verdict| matches!(verdict.as_str(), "passed" | "failed"));
        }
        Ok(graded)
    }

    fn start(&self, submission: &Submission, herd: &Herd, place: &Path) -> io::Result<Child> {
        // `exec` keeps the process what it was: the one that is asked to end. Of tasks, one shell says -u
        // and the other -p; where neither is known, the looks have to do.
        let limits = format!(
            "ulimit -f {BLOCKS}; ulimit -u {tasks} 2>/dev/null || ulimit -p {tasks} 2>/dev/null; \
             exec \"$@\"",
            tasks = tasks() + TASKS
        );
        let words = ["sh", "-c", &limits, "sh"].into_iter();
        let words = words.chain(submission.words.iter().map(String::as_str));
        let server: Vec<String> = words.map(quoted).collect();
        let mut command = Command::new(env::current_exe()?);
        command
            .args(["check", "--rows", "--server", &server.join(" ")])
            .args(&self.what)
            .current_dir(&submission.folder)
            // The files that are served, and whatever else asks for a place for a while.
            .env("TMPDIR", place)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        herd.mark(&mut command);
        command.spawn()
    }

    /// What there is too much of.
    fn excess(&self, begun: Instant, used: Used, herd: &Herd) -> Option<String> {
        if begun.elapsed() > self.limit {
            return Some(format!("more than {} s", self.limit.as_secs()));
        }
        if used.octets > DISK {
            return Some(format!("more than {} MiB on disk", DISK >> 20));
        }
        if used.files > FILES {
            return Some(format!("more than {FILES} files"));
        }
        let processes = herd.all().map_or(0, |all| all.len());
        (processes > PROCESSES).then(|| format!("more than {PROCESSES} processes"))
    }
}

impl Graded {
    fn add(&mut self, row: &str) {
        // A row is ours, and a line that is none says nothing about a check.
        let Ok(row) = serde_json::from_str::<Value>(row) else {
            return;
        };
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let verdict = text("verdict");
        if self.note.is_empty() {
            self.note = text("why");
        }
        self.verdicts.insert(text("id"), verdict);
    }
}

fn listen(output: ChildStdout) -> io::Result<Receiver<String>> {
    let (tell, rows) = mpsc::channel();
    let listen = move || {
        for row in BufReader::new(output).lines().map_while(Result::ok) {
            // Nobody asks any more when the submission was stopped.
            let _ = tell.send(row);
        }
    };
    thread::Builder::new().spawn(listen)?;
    Ok(rows)
}

/// A word between quotes, as every shell takes it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// What is on disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Used {
    octets: u64,
    files: u64,
}

impl Used {
    fn plus(self, other: Used) -> Used {
        Used {
            octets: self.octets + other.octets,
            files: self.files + other.files,
        }
    }

    fn since(self, before: Used) -> Used {
        Used {
            octets: self.octets.saturating_sub(before.octets),
            files: self.files.saturating_sub(before.files),
        }
    }
}

/// What a folder takes on disk: blocks, so that holes in files are free.
fn used(folder: &Path) -> Used {
    // What is gone while it is looked at takes nothing.
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let one = |entry: fs::DirEntry| {
        let Ok(metadata) = entry.metadata() else {
            return Used::default();
        };
        let own = Used {
            octets: metadata.blocks() * 512,
            files: 1,
        };
        match metadata.is_dir() {
            true => own.plus(used(&entry.path())),
            false => own,
        }
    };
    entries.map(one).fold(Used::default(), Used::plus)
}
