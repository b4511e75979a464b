//! A restart that loses nobody: the successor gets the listeners themselves.
//!
//! ```text
//!   old   serves ───── SIGHUP ─ start ─────────────────── hand over ── last answers ── end
//!                                 │ listeners, a pipe         ▲
//!   new                           └── options, site, caches ──┴─ "ready" ── serves ─────────
//!
//!   the queue of connections in the kernel is the same one all the time
//! ```
//!
//! A second listener at the same address would not do. The kernel divides newcomers between the queues
//! of all, and when one listener closes, those who wait in *its* queue are reset, even if
//! everything was accepted a moment before (listen(2) has no way to say "no more, but keep these").
//! A descriptor that is passed on leaves the queue untouched, so there is nothing to lose.
//!
//! The successor is the same command line, run again: a program file that was replaced meanwhile is the new
//! one. If it fails before it serves, the old server goes on. Numbers of descriptors go by way of the
//! environment, as in nginx; what is not passed on is state: caches begin empty.

use crate::sys;
use std::env;
use std::ffi::OsString;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::PathBuf;
use std::process::{Child, Command};

/// Names the descriptors of the listeners, `5,6`.
const LISTENERS: &str = "INHERITED_LISTENERS";
/// Names the descriptor on which the predecessor waits for a word.
const READY: &str = "INHERITED_READY";

/// What it takes to start a successor.
#[derive(Debug)]
pub struct Succession {
    program: PathBuf,
    arguments: Vec<OsString>,
    listeners: Vec<TcpListener>,
}

impl Succession {
    /// A successor to this process on `listeners`. Looks the program's file up now, while its name
    /// still leads to it.
    ///
    /// # Errors
    /// The program's file is not known, or no descriptor is left.
    pub fn on(listeners: &[TcpListener]) -> io::Result<Succession> {
        Ok(Succession {
            program: env::current_exe()?,
            arguments: env::args_os().skip(1).collect(),
            listeners: duplicates(listeners)?,
        })
    }

    /// Starts it. It serves when its pipe says so.
    pub(crate) fn begin(&self) -> io::Result<Candidate> {
        let (ready, tell) = io::pipe()?;
        let listeners = duplicates(&self.listeners)?;
        let numbers: Vec<String> = listeners
            .iter()
            .map(|listener| listener.as_raw_fd().to_string())
            .collect();
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env(LISTENERS, numbers.join(","))
            .env(READY, tell.as_raw_fd().to_string());
        let mut fds: Vec<OwnedFd> = listeners.into_iter().map(OwnedFd::from).collect();
        fds.push(tell.into());
        sys::pass_on(&mut command, fds);
        // The command owns the writing end; without it, the end of the child is the end of input.
        let child = command.spawn()?;
        Ok(Candidate {
            child: Some(child),
            ready,
        })
    }
}

fn duplicates(listeners: &[TcpListener]) -> io::Result<Vec<TcpListener>> {
    listeners.iter().map(TcpListener::try_clone).collect()
}

/// A successor that has been started, and may not serve yet. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Candidate {
    /// `None` once it is on its own.
    child: Option<Child>,
    ready: PipeReader,
}

/// What became of a candidate.
pub(crate) enum Verdict {
    /// It accepts connections.
    Serves,
    /// It has ended, or closed its pipe without a word.
    Failed(String),
}

impl Candidate {
    /// Hears what it has to say; waits for it, unless its pipe is readable.
    pub(crate) fn conclude(mut self) -> Verdict {
        match self.ready.read_exact(&mut [0]) {
            Ok(()) => {
                self.child = None;
                Verdict::Serves
            }
            Err(_) => Verdict::Failed(match self.end() {
                Ok(how) => how,
                Err(error) => error.to_string(),
            }),
        }
    }

    fn end(&mut self) -> io::Result<String> {
        let Some(mut child) = self.child.take() else {
            return Ok("it is on its own".to_owned());
        };
        // One that has closed its pipe and goes on would share the door unnoticed.
        child.kill()?;
        child.wait().map(|status| status.to_string())
    }
}

impl AsFd for Candidate {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ready.as_fd()
    }
}

impl Drop for Candidate {
    fn drop(&mut self) {
        // It fails only when the process has gone, which is what is wanted.
        let _ = self.end();
    }
}

/// Takes possession of the listeners that this process was started with; `None` when it has no
/// predecessor.
///
/// # Errors
/// `InvalidInput` when the environment names something that was not passed on.
pub(crate) fn claim() -> io::Result<Option<(Vec<TcpListener>, Predecessor)>> {
    let (Ok(listeners), Ok(ready)) = (env::var(LISTENERS), env::var(READY)) else {
        return Ok(None);
    };
    let listeners = listeners.split(',').map(claim_one);
    let listeners = listeners.map(|fd| fd.map(TcpListener::from));
    let listeners = listeners.collect::<io::Result<_>>()?;
    Ok(Some((listeners, Predecessor(claim_one(&ready)?.into()))))
}

fn claim_one(number: &str) -> io::Result<OwnedFd> {
    let number: RawFd = number.parse().map_err(|_| io::ErrorKind::InvalidInput)?;
    sys::claim(number)
}

/// A server that waits for this one to serve. If this is dropped, or the process ends, it goes on.
#[derive(Debug)]
pub struct Predecessor(PipeWriter);

impl Predecessor {
    /// Tells it that it can go.
    pub fn may_go(mut self) {
        // One that has gone already needs not be told.
        let _ = self.0.write_all(b"\n");
    }
}
