//! One worker's post: a listening socket that outlives every process that serves it.
//!
//! ```text
//!     Running ── ended ──► Pause 0, 0.1, 0.2, 0.4 s ──► Running
//!        │                    └─ five ends in ten seconds ──► Closed 10 s ──► Running
//!        └─ no answer in time ──► killed ──► Running
//! ```
//!
//! While a process is started again, those who have connected wait in the kernel's queue and notice
//! nothing. Once starting has proved useless, the socket is closed: then everybody is refused at
//! once, which is better than waiting for nothing.

use super::Application;
use super::folder::SocketFolder;
use super::process::Worker;
use crate::program::Programs;
use concurrency::sys::Pollable;
use std::collections::VecDeque;
use std::fs;
use std::io;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So many ends of a worker within [`WINDOW`] say that starting it is useless.
const DEATHS: usize = 5;

/// See [`DEATHS`].
const WINDOW: Duration = Duration::from_secs(10);

/// How long a post stays closed after that: long enough not to be a load, short enough to notice
/// that a database is back.
const CLOSED: Duration = Duration::from_secs(10);

/// The first pause before a start; the next ones are twice as long each. The first end costs none.
const PAUSE: Duration = Duration::from_millis(100);

/// A worker's socket, and the worker that serves it at the moment.
#[derive(Debug)]
pub(super) struct Post {
    /// For complaints.
    name: String,
    application: Arc<Application>,
    programs: Arc<Programs>,
    program: PathBuf,
    path: PathBuf,
    state: State,
    /// When workers ended, at most the last [`DEATHS`].
    deaths: VecDeque<Instant>,
}

#[derive(Debug)]
enum State {
    Running(UnixListener, Worker),
    Pause(UnixListener, Instant),
    Closed(Instant),
}

impl Post {
    /// Opens a post and starts its worker, which is not loaded yet.
    ///
    /// # Errors
    /// When there can be no socket, or Python cannot be started.
    pub(super) fn open(
        application: &Arc<Application>,
        programs: &Arc<Programs>,
        folder: &SocketFolder,
    ) -> io::Result<Post> {
        let path = folder.socket();
        let listener = UnixListener::bind(&path)?;
        let worker = Worker::start(application, programs, &folder.program(), &listener)?;
        Ok(Post {
            name: application.callable.clone(),
            application: Arc::clone(application),
            programs: Arc::clone(programs),
            program: folder.program(),
            path,
            state: State::Running(listener, worker),
            deaths: VecDeque::new(),
        })
    }

    /// Where the worker can be reached.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until the worker has loaded its application.
    ///
    /// # Errors
    /// `InvalidInput`, with the reason, when it has ended instead; `TimedOut`.
    pub(super) fn wait_until_loaded(&mut self) -> io::Result<()> {
        match &mut self.state {
            State::Running(_, worker) => worker.wait_until_loaded(),
            State::Pause(..) | State::Closed(_) => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    /// Ends the worker, which has not answered in time, and starts another one.
    pub(super) fn replace_hung(&mut self, now: Instant) {
        match &self.state {
            State::Running(_, worker) if !worker.is_loading(now) => {
                self.complain("did not answer in time; it is ended, and another one is started");
                self.reopen(now);
            }
            // One that still loads its application was asked before it could answer.
            State::Running(..) | State::Pause(..) | State::Closed(_) => {}
        }
    }

    /// Does what is due; never waits.
    pub(super) fn tend(&mut self, now: Instant) {
        if let State::Running(_, worker) = &mut self.state {
            match worker.ended() {
                Ok(None) => self.listen(),
                Ok(Some(status)) => self.mourn(status, now),
                // Only for a process that was never ours.
                Err(error) => self.complain(&error.to_string()),
            }
            return;
        }
        if self.due().is_some_and(|due| due <= now) {
            self.reopen(now);
        }
    }

    /// What to wait on.
    pub(super) fn fds(&self) -> impl Iterator<Item = Pollable<'_>> {
        let worker = match &self.state {
            State::Running(_, worker) => Some(worker),
            State::Pause(..) | State::Closed(_) => None,
        };
        worker.into_iter().flat_map(Worker::fds)
    }

    /// Until when to wait at most.
    pub(super) fn due(&self) -> Option<Instant> {
        match &self.state {
            State::Running(..) => None,
            State::Pause(_, due) | State::Closed(due) => Some(*due),
        }
    }

    /// Hears from a running worker.
    fn listen(&mut self) {
        let State::Running(_, worker) = &mut self.state else {
            return;
        };
        if let Some(reason) = worker.refusal() {
            self.repeat(&reason);
        }
    }

    /// The worker has ended by itself.
    fn mourn(&mut self, status: ExitStatus, now: Instant) {
        // What it said last may not have been heard.
        if let State::Running(_, worker) = &mut self.state
            && let Some(reason) = worker.refusal()
        {
            self.repeat(&reason);
        }
        if self.deaths.len() == DEATHS {
            self.deaths.pop_front();
        }
        self.deaths.push_back(now);
        let recent = |death: &&Instant| now.duration_since(**death) < WINDOW;
        let recent = self.deaths.iter().filter(recent).count();
        if recent >= DEATHS {
            let (count, rest) = (DEATHS, CLOSED.as_secs());
            self.complain(&format!(
                "ended {count} times in a row, the last time with {status}; requests for it are answered 502, and \
                 it is tried again in {rest} s"
            ));
            self.close(now + CLOSED);
            return;
        }
        self.complain(&format!("ended ({status}); another one is started"));
        let doublings = u32::try_from(recent).unwrap_or(u32::MAX).checked_sub(2);
        let pause = doublings.map_or(Duration::ZERO, |doublings| PAUSE * (1 << doublings));
        let state = std::mem::replace(&mut self.state, State::Closed(now));
        if let State::Running(listener, _) | State::Pause(listener, _) = state {
            self.state = State::Pause(listener, now + pause);
        }
    }

    fn close(&mut self, until: Instant) {
        self.state = State::Closed(until);
        self.deaths.clear();
        // Nobody listens there now; a path that is gone says the same.
        let _ = fs::remove_file(&self.path);
    }

    /// Starts a worker, on the socket there is or on a new one.
    fn reopen(&mut self, now: Instant) {
        let state = std::mem::replace(&mut self.state, State::Closed(now));
        let listener = match state {
            State::Running(listener, _) | State::Pause(listener, _) => Ok(listener),
            State::Closed(_) => UnixListener::bind(&self.path),
        };
        let started = listener.and_then(|listener| {
            let worker =
                Worker::start(&self.application, &self.programs, &self.program, &listener)?;
            Ok((listener, worker))
        });
        match started {
            Ok((listener, worker)) => self.state = State::Running(listener, worker),
            Err(error) => {
                self.complain(&format!("could not be started: {error}"));
                self.close(now + CLOSED);
            }
        }
    }

    /// Says why the application was not loaded, line by line.
    fn repeat(&self, reason: &[u8]) {
        let lines = reason.split(|octet| *octet == b'\n');
        for line in lines.filter(|line| !line.is_empty()) {
            self.complain(&format!("says: {}", String::from_utf8_lossy(line)));
        }
    }

    fn complain(&self, what: &str) {
        let what = format_args!("worker {what}");
        self.programs.complain(self.name.as_bytes(), what);
    }
}
