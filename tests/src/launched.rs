//! A program whose words are of interest, not its connections.
//!
//! It runs in a process group of its own, gone on drop, and also when this process is killed.

use crate::subject::kill;
use crate::terminal;
use crate::watchdog::Watchdog;
use std::io::{self, ErrorKind, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// What is remembered of what a program says: more than any banner.
const SAID_BYTES: usize = 4096;

/// A program that runs, and what it has said.
#[derive(Debug)]
pub(crate) struct Launched {
    pid: u32,
    said: Arc<Mutex<Vec<u8>>>,
    ended: Receiver<ExitStatus>,
    status: Option<ExitStatus>,
    _watchdog: Watchdog,
}

impl Launched {
    /// Starts a program with its arguments.
    ///
    /// # Errors
    /// What spawning reports; `InvalidInput` where there is no word.
    pub(crate) fn start(words: &[String]) -> io::Result<Launched> {
        let (program, arguments) = words
            .split_first()
            .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "there is no command"))?;
        let mut child = terminal::command(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let pid = child.id();
        let watchdog = Watchdog::over(pid).inspect_err(|_| {
            // Unwatched it is not to run; that it cannot be killed is no news then.
            let _ = child.kill();
        })?;
        let said = Arc::default();
        let (tell, ended) = mpsc::sync_channel(1);
        let listeners = [
            listen(child.stdout.take().expect("it is a pipe"), &said)?,
            listen(child.stderr.take().expect("it is a pipe"), &said)?,
        ];
        thread::Builder::new().spawn(move || {
            // Nobody asks any more when the check is over.
            let _ = wait(&mut child, listeners).map(|status| tell.send(status));
        })?;
        Ok(Launched {
            pid,
            said,
            ended,
            status: None,
            _watchdog: watchdog,
        })
    }

    /// What it has said so far, on both of its outputs.
    pub(crate) fn said(&self) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&said).into_owned()
    }

    /// Waits for its end, and for all that it had to say; `None` when that has not come within
    /// `patience`.
    pub(crate) fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = self.ended.recv_timeout(patience).ok();
        }
        self.status
    }
}

impl Drop for Launched {
    fn drop(&mut self) {
        // The group outlives its leader where a child of it does, so the group is always killed;
        // an empty group is what it should be, and no failure.
        let _ = kill("KILL", &format!("-{}", self.pid));
    }
}

/// Remembers what comes from one output, to its end.
fn listen(
    mut output: impl Read + Send + 'static,
    said: &Arc<Mutex<Vec<u8>>>,
) -> io::Result<thread::JoinHandle<()>> {
    let said = Arc::clone(said);
    thread::Builder::new().spawn(move || {
        let mut buf = [0; 1024];
        while let Ok(count @ 1..) = output.read(&mut buf) {
            let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
            let room = SAID_BYTES.saturating_sub(said.len());
            said.extend(&buf[..count.min(room)]);
        }
    })
}

/// What a program said last may still be on its way when it has ended.
fn wait(child: &mut Child, listeners: [thread::JoinHandle<()>; 2]) -> io::Result<ExitStatus> {
    let status = child.wait()?;
    for listener in listeners {
        // It has no way to panic, and if it did, what was heard would have to do.
        let _ = listener.join();
    }
    Ok(status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::START_AND_STOP;

    #[test]
    fn the_end_comes_with_all_that_was_said() {
        let words = ["sh", "-c", "echo one; echo two >&2; exit 3"].map(str::to_owned);
        let mut launched = Launched::start(&words).unwrap();
        let status = launched.wait(START_AND_STOP).unwrap();
        assert_eq!(status.code(), Some(3));
        let said = launched.said();
        assert!(said.contains("one\n") && said.contains("two\n"), "{said}");
    }
}
