//! A program from its start to the moment when nobody needs its answer any more.
//!
//! ```text
//!  start ──► Ward ──┬─ ended by itself, asked in time ──► gone
//!                   ├─ has answered, still busy ────────► the reaper, patiently
//!                   └─ abandoned ──── SIGTERM ──────────► the reaper, soon
//! ```
//!
//! Each program gets a process group of its own, so that what a shell script has started can be
//! ended with it, and a descriptor that becomes readable at its end, so that the end can be waited
//! for beside everything else.

use crate::reaper::{Inbox, MERCY, PATIENCE, Stage};
use concurrency::sys::{self, Signal};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// How many programs may run at once, and how many do. The dying count too.
#[derive(Debug)]
pub(crate) struct Places {
    limit: usize,
    taken: AtomicUsize,
}

impl Places {
    pub(crate) fn new(limit: usize) -> Places {
        let taken = AtomicUsize::new(0);
        Places { limit, taken }
    }

    fn take(self: &Arc<Places>) -> io::Result<Place> {
        let taken = self.taken.fetch_add(1, Ordering::Relaxed);
        // Given back when dropped, so before the refusal too.
        let place = Place(Arc::clone(self));
        if taken < self.limit {
            Ok(place)
        } else {
            Err(io::ErrorKind::ResourceBusy.into())
        }
    }
}

/// A program's place among those that may run at once.
#[derive(Debug)]
struct Place(Arc<Places>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A started program, and the parent's ends of its pipes.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) ward: Ward,
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: Option<ChildStdout>,
}

impl Started {
    /// Starts a program; whenever its ward is dropped, it goes to that reaper.
    ///
    /// # Errors
    /// `ResourceBusy` when as many programs as may run do; otherwise why it could not be started.
    pub(crate) fn new(
        command: &mut Command,
        places: &Arc<Places>,
        reaper: &Arc<Inbox>,
    ) -> io::Result<Started> {
        let mut running = Running::start(command, places)?;
        let (stdin, stdout) = (running.child.stdin.take(), running.child.stdout.take());
        let ward = Ward {
            manner: Manner::Abandoned,
            running: Some(running),
            status: None,
            reaper: Arc::clone(reaper),
        };
        Ok(Started {
            ward,
            stdin,
            stdout,
        })
    }
}

/// A running program, as seen by whoever needs its answer. Dropping it hands it to the reaper.
#[derive(Debug)]
pub(crate) struct Ward {
    manner: Manner,
    /// `None` once its status has been fetched.
    running: Option<Running>,
    /// The kernel tells it once.
    status: Option<ExitStatus>,
    reaper: Arc<Inbox>,
}

/// A process that has not been waited for, so its number is still its own.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    /// Becomes readable when the process has ended.
    end: OwnedFd,
    _place: Place,
}

/// How a program is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Nobody wants its answer any more.
    Abandoned,
    /// It has given its answer.
    Answered,
}

impl Ward {
    /// How the program ended; `None` while it runs.
    ///
    /// # Errors
    /// What waitpid(2) reports.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        if let Some(running) = &mut self.running {
            self.status = running.child.try_wait()?;
        }
        if self.status.is_some() {
            self.running = None;
        }
        Ok(self.status)
    }

    /// What to wait on for the end; `None` when it is known already.
    pub(crate) fn end(&self) -> Option<BorrowedFd<'_>> {
        self.running.as_ref().map(|running| running.end.as_fd())
    }

    /// Notes that the program has given its answer, so that it may end in peace.
    pub(crate) fn has_answered(&mut self) {
        self.manner = Manner::Answered;
    }
}

impl Drop for Ward {
    fn drop(&mut self) {
        let Some(mut running) = self.running.take() else {
            return;
        };
        let now = Instant::now();
        let stage = match self.manner {
            Manner::Abandoned => running.ask_to_end(now),
            // In most cases it has ended by now, and nobody has to be woken for it.
            Manner::Answered if matches!(running.child.try_wait(), Ok(Some(_))) => return,
            Manner::Answered => Stage::Trusted(now + PATIENCE),
        };
        self.reaper.hand_over(running, stage);
    }
}

impl Running {
    /// Starts a program in a process group of its own.
    ///
    /// # Errors
    /// `ResourceBusy` when as many programs as may run do; otherwise why it could not be started.
    fn start(command: &mut Command, places: &Arc<Places>) -> io::Result<Running> {
        let place = places.take()?;
        let mut child = command.process_group(0).spawn()?;
        match sys::pidfd_open(child.id()) {
            Ok(end) => Ok(Running {
                child,
                end,
                _place: place,
            }),
            Err(error) => {
                end_now(&mut child);
                Err(error)
            }
        }
    }

    /// What becomes readable at the end.
    pub(crate) fn end(&self) -> BorrowedFd<'_> {
        self.end.as_fd()
    }

    /// Asks the whole group to end.
    pub(crate) fn ask_to_end(&self, now: Instant) -> Stage {
        self.signal(Signal::Terminate);
        Stage::Asked(now + MERCY)
    }

    /// Sends a signal to the whole group.
    pub(crate) fn signal(&self, signal: Signal) {
        // It can only fail because the group has ended, which is what is wanted.
        let _ = sys::kill_group(self.child.id(), signal);
    }

    /// Waits for a process of which the end has been seen.
    pub(crate) fn bury(mut self) {
        // So it does not wait; and there is nobody left to be told its status.
        let _ = self.child.wait();
    }

    /// Ends the program when there is nobody left to see to it.
    pub(crate) fn end_now(mut self) {
        end_now(&mut self.child);
    }
}

/// SIGKILL cannot be refused, so the wait is short.
fn end_now(child: &mut Child) {
    // Both fail only when the process has ended and been waited for already.
    let _ = sys::kill_group(child.id(), Signal::Kill);
    let _ = child.wait();
}
