//! No descriptor left: some are kept back for those who are in, and it is said once in a while.
//!
//! Whoever has been let in needs more than a connection: a file, a program's pipes. A server that
//! accepts with its last descriptor has nothing to answer with. So nobody is let in any more when
//! only a few are left. How many are left is told by the number of the newest: the kernel gives the
//! lowest that is free (POSIX open()), so one near the limit means that all below are in use.

use crate::sys;
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

/// Descriptors kept back: enough for a program (three pipes, a process, what starting it takes).
const RESERVE: usize = 8;

/// How often it is said: each line would be one more for a disk that may be full, too.
const REPORT: Duration = Duration::from_secs(60);

/// How long a connection has to be idle before it is closed to make room. Whoever has come a moment
/// ago is idle, too, and about to ask.
pub(crate) const TO_ASK: Duration = Duration::from_millis(500);

/// Whether few descriptors are left, and when that was said last.
#[derive(Debug)]
pub(crate) struct Shortage {
    /// What the process may have.
    limit: usize,
    is_near: bool,
    reported: Option<Instant>,
}

impl Shortage {
    /// No shortage yet.
    ///
    /// # Errors
    /// What getrlimit(2) reports.
    pub(crate) fn new() -> io::Result<Shortage> {
        Ok(Shortage {
            limit: sys::descriptor_limit()?,
            is_near: false,
            reported: None,
        })
    }

    /// Whether somebody may be let in.
    ///
    /// # Errors
    /// `EMFILE`: there are too few descriptors, as when it was looked at last.
    pub(crate) fn is_over(&mut self, listener: &TcpListener) -> io::Result<()> {
        if self.is_near {
            // Any new descriptor would do to see which number is free.
            self.look_at(&listener.try_clone()?)?;
        }
        Ok(())
    }

    /// Looks how many descriptors the newest leaves.
    ///
    /// # Errors
    /// `EMFILE`: too few.
    pub(crate) fn look_at(&mut self, newest: &impl AsFd) -> io::Result<()> {
        let number = usize::try_from(newest.as_fd().as_raw_fd()).unwrap_or(usize::MAX);
        self.is_near = number.saturating_add(RESERVE) >= self.limit;
        if self.is_near {
            return Err(sys::too_many_open_files());
        }
        Ok(())
    }

    /// Says that nobody is let in because of `error`, and that `closed` idle connections have to go.
    pub(crate) fn report(&mut self, error: &io::Error, closed: usize, now: Instant) {
        self.is_near = true;
        if self.reported.is_some_and(|at| now < at + REPORT) {
            return;
        }
        self.reported = Some(now);
        let going = if closed == 0 {
            String::new()
        } else {
            format!("; {closed} idle connections are closed")
        };
        // A standard error that is closed must not end the server that complains.
        let _ = writeln!(io::stderr(), "accepting pauses: {error}{going}");
    }
}
