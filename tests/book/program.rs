//! A command line that runs in a process group of its own, and what it has printed so far.
//!
//! Whoever starts one can wait for its words or its end, always with a deadline. When the value
//! is dropped the whole group is killed, so a test that panics leaves nothing behind.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Octets of output that are kept: a transcript is read by people.
const OUTPUT_BYTES: u64 = 1024 * 1024;

/// Settings of the user that would change what commands print.
const UNWANTED: [&str; 8] = [
    "http_proxy",
    "HTTP_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "CURL_HOME",
    "CLICOLOR_FORCE",
];

/// A signal by the name `kill` knows.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Signal {
    /// What Ctrl-C sends.
    Interrupt,
    /// What nobody can refuse.
    Kill,
}

/// A running command line.
pub(crate) struct Program {
    group: u32,
    heard: Arc<Heard>,
    ended: Receiver<io::Result<ExitStatus>>,
}

#[derive(Default)]
struct Heard {
    output: Mutex<Output>,
    changed: Condvar,
}

#[derive(Default)]
struct Output {
    octets: Vec<u8>,
    complete: bool,
}

impl Program {
    /// Gives `line` to bash in `folder`, with no input, and both outputs in one.
    pub(crate) fn start(line: &str, folder: &Path) -> io::Result<Program> {
        let (from, to) = io::pipe()?;
        let mut command = Command::new("bash");
        command
            .args(["-c", line])
            .current_dir(folder)
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .stdout(to.try_clone()?)
            .stderr(to)
            .process_group(0);
        for name in UNWANTED {
            command.env_remove(name);
        }
        let mut child = command.spawn()?;
        // The command holds the writing end; while we do as well, the output has no end.
        drop(command);
        let group = child.id();
        let heard = Arc::new(Heard::default());
        let listener = Arc::clone(&heard);
        thread::Builder::new().spawn(move || listener.listen(from))?;
        let (tell, ended) = mpsc::channel();
        thread::Builder::new().spawn(move || {
            // Nobody may be left to tell.
            let _ = tell.send(child.wait());
        })?;
        Ok(Program {
            group,
            heard,
            ended,
        })
    }

    /// What it has printed so far, as lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        lines(&self.heard.lock().octets)
    }

    /// Waits until what it has printed satisfies `enough`. Gives up at `deadline`, or when its
    /// output has ended and is still not enough.
    pub(crate) fn wait_for<T>(
        &self,
        deadline: Instant,
        mut enough: impl FnMut(&[String]) -> Option<T>,
    ) -> Option<T> {
        let mut output = self.heard.lock();
        loop {
            if let Some(found) = enough(&lines(&output.octets)) {
                return Some(found);
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            if output.complete {
                return None;
            }
            output = self
                .heard
                .changed
                .wait_timeout(output, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Waits until its output and the program itself have ended.
    pub(crate) fn wait(&self, deadline: Instant) -> Option<ExitStatus> {
        let mut output = self.heard.lock();
        while !output.complete {
            let left = deadline.checked_duration_since(Instant::now())?;
            output = self
                .heard
                .changed
                .wait_timeout(output, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        drop(output);
        let left = deadline.saturating_duration_since(Instant::now());
        self.ended.recv_timeout(left).ok()?.ok()
    }

    /// Sends a signal to the whole group.
    pub(crate) fn signal(&self, signal: Signal) {
        let name = match signal {
            Signal::Interrupt => "-INT",
            Signal::Kill => "-KILL",
        };
        // It fails when nobody is left in the group, and then there is nothing to do.
        let _ = Command::new("kill")
            .args([name, "--", &format!("-{}", self.group)])
            .stderr(Stdio::null())
            .status();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.signal(Signal::Kill);
    }
}

impl Heard {
    fn lock(&self) -> std::sync::MutexGuard<'_, Output> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(&self, from: impl Read) {
        let mut from = from.take(OUTPUT_BYTES);
        let mut piece = [0; 4096];
        loop {
            let n = match from.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Ok(n) => n,
                Err(_) => 0,
            };
            let mut output = self.lock();
            output.octets.extend_from_slice(&piece[..n]);
            output.complete = n == 0;
            drop(output);
            self.changed.notify_all();
            if n == 0 {
                return;
            }
        }
    }
}

/// Octets as lines. The carriage return that ends a line of HTTP is not part of it, as it is not
/// in a terminal.
fn lines(octets: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(octets)
        .lines()
        .map(str::to_owned)
        .collect()
}

/// The time that is `seconds` from now.
pub(crate) fn within(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}
