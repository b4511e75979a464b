//! One worker process: starting it, and hearing how it does.
//!
//! ```text
//!     descriptor 0 ◄── the listening socket
//!     descriptor 1 ──► "ready", or why not        closed when the server is gone: then it ends
//!     descriptor 2 ──► complaints
//! ```

use super::Application;
use crate::program::Programs;
use crate::ward::{Started, Ward};
use concurrency::sys::{self, Interest, Pollable};
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long an application may take to load.
const LOADING: Duration = Duration::from_secs(60);

/// What a worker says when it has loaded the application; else it says why it has not.
const READY: [u8; 6] = *b"ready\n";

/// Octets of that reason; a traceback is shorter.
const REASON: u64 = 16 * 1024;

/// A running worker. Dropping it sends SIGTERM, and SIGKILL after a second.
#[derive(Debug)]
pub(super) struct Worker {
    ward: Ward,
    /// Its descriptor 1.
    report: ChildStdout,
    /// Until when the application must have been loaded; `None` when it has.
    loading: Option<Instant>,
}

impl Worker {
    /// Starts a worker on a socket.
    ///
    /// # Errors
    /// When Python cannot be started.
    pub(super) fn start(
        application: &Application,
        programs: &Arc<Programs>,
        program: &Path,
        listener: &UnixListener,
    ) -> io::Result<Worker> {
        let mut command = Command::new(&application.python);
        command.arg(program).arg(&application.callable);
        command.current_dir(&application.folder);
        let listener = OwnedFd::from(listener.try_clone()?);
        command.stdin(Stdio::from(listener));
        let Started { ward, stdout, .. } = programs.start_worker(&mut command)?;
        let report = stdout.expect("its output is piped");
        sys::set_nonblocking(report.as_fd())?;
        Ok(Worker {
            ward,
            report,
            loading: Some(Instant::now() + LOADING),
        })
    }

    /// Waits until the worker has loaded its application.
    ///
    /// # Errors
    /// `InvalidInput`, with the reason, when it has not; `TimedOut`.
    pub(super) fn wait_until_loaded(&mut self) -> io::Result<()> {
        let mut fds = [Pollable::new(self.report.as_fd(), Interest::READ)];
        sys::poll(&mut fds, Instant::now(), self.loading)?;
        if !fds[0].is_ready() {
            return Err(ErrorKind::TimedOut.into());
        }
        match self.hear() {
            None => Ok(()),
            Some(reason) => {
                let reason = String::from_utf8_lossy(&reason).trim_end().to_owned();
                Err(io::Error::new(ErrorKind::InvalidInput, reason))
            }
        }
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// What waitpid(2) reports.
    pub(super) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.ward.ended()
    }

    /// Whether it may still be loading its application.
    pub(super) fn is_loading(&self, now: Instant) -> bool {
        self.loading.is_some_and(|until| now < until)
    }

    /// Why it could not load the application, if it says so now; never waits.
    pub(super) fn refusal(&mut self) -> Option<Vec<u8>> {
        self.loading?;
        let refusal = self.hear();
        if refusal.is_some() {
            self.loading = None;
        }
        refusal
    }

    /// What to wait on.
    pub(super) fn fds(&self) -> impl Iterator<Item = Pollable<'_>> {
        let report = self.loading.map(|_| self.report.as_fd());
        let all = self.ward.end().into_iter().chain(report);
        all.map(|fd| Pollable::new(fd, Interest::READ))
    }

    /// Hears the report: the reason why the application was not loaded, if that is what it is.
    fn hear(&mut self) -> Option<Vec<u8>> {
        let mut report = Vec::new();
        // The report is written at once. What cannot be read, because there is none yet, comes later.
        let end = (&mut self.report).take(REASON).read_to_end(&mut report);
        if report == READY {
            self.loading = None;
            return None;
        }
        let is_over = !report.is_empty() || end.is_ok();
        is_over.then_some(report)
    }
}
