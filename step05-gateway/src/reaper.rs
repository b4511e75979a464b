//! The end of programs: one thread that sees to it that none of them stays behind.
//!
//! A process that has ended stays in the process table until its parent asks for its status, and
//! asking can wait, which a server's loop must not. And a process that should end may not want
//! to. Both are this thread's work:
//!
//! ```text
//!     answered, still busy ──► PATIENCE ──► SIGTERM ──┐
//!     abandoned, asked with SIGTERM ──────────────────┴─► MERCY ──► SIGKILL ──► gone
//! ```
//!
//! Signals go to the process *group*, and only while its first process has not been waited for: until
//! then the kernel keeps the number, afterwards it may be somebody else's. So when the first
//! process of a group that was asked to end has gone, the rest of the group is ended with it.
//!
//! Programs that leave their group on purpose (daemons) are let go. And a server that is itself ended
//! by force, with SIGKILL or a second SIGTERM, ends nobody: its programs see their input end and are
//! stopped by SIGPIPE when they write, but one that only sleeps, sleeps on.

use crate::ward::{Places, Running, Started};
use concurrency::sys::{self, Interest, Pollable, Signal};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a program that has answered may go on, to write its log for instance.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// How long a program has between being asked to end and being ended.
pub(crate) const MERCY: Duration = Duration::from_secs(1);

/// Starts programs, and sees them end.
///
/// Dropping it ends every program it still has, and waits for that: [`MERCY`], at most.
#[derive(Debug)]
pub(crate) struct Reaper {
    places: Arc<Places>,
    inbox: Arc<Inbox>,
    thread: Option<JoinHandle<()>>,
}

impl Reaper {
    /// Starts the thread; at most `limit` programs will run at once.
    ///
    /// # Errors
    /// When the system has no pipe or thread left.
    pub(crate) fn new(limit: usize) -> io::Result<Reaper> {
        let (woken, wake) = io::pipe()?;
        sys::set_nonblocking(woken.as_fd())?;
        sys::set_nonblocking(wake.as_fd())?;
        let list = Mutex::default();
        let inbox = Arc::new(Inbox { list, wake });
        let for_thread = Arc::clone(&inbox);
        let thread = thread::Builder::new().name("reaper".to_owned());
        let thread = thread.spawn(move || reap_all(&for_thread, &woken))?;
        Ok(Reaper {
            places: Arc::new(Places::new(limit)),
            inbox,
            thread: Some(thread),
        })
    }

    /// Starts a program, which will come back here when its ward is dropped.
    ///
    /// # Errors
    /// As [`Started::new`].
    pub(crate) fn start(&self, command: &mut Command) -> io::Result<Started> {
        Started::new(command, &self.places, &self.inbox)
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        self.inbox.list().is_closed = true;
        self.inbox.wake();
        if let Some(thread) = self.thread.take() {
            // Were the thread to have panicked, its message has been printed.
            let _ = thread.join();
        }
    }
}

/// Where programs are left for the thread.
#[derive(Debug)]
pub(crate) struct Inbox {
    list: Mutex<List>,
    /// An octet here wakes the thread.
    wake: PipeWriter,
}

#[derive(Debug, Default)]
struct List {
    /// Never more than there are places.
    dying: Vec<Dying>,
    is_closed: bool,
}

impl Inbox {
    /// Leaves a program to the thread; if that has ended already, ends the program here.
    pub(crate) fn hand_over(&self, running: Running, stage: Stage) {
        let mut list = self.list();
        if list.is_closed {
            drop(list);
            running.end_now();
        } else {
            list.dying.push(Dying { running, stage });
            drop(list);
            self.wake();
        }
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        // A full pipe is no loss: the octets in it will wake the thread.
        let _ = (&self.wake).write(&[0]);
    }
}

/// How far a program is from its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It may run until then.
    Trusted(Instant),
    /// It was asked to end, and will be ended then.
    Asked(Instant),
    /// It was ended; the kernel has yet to clear it away.
    Killed,
}

/// A program on its way out.
#[derive(Debug)]
struct Dying {
    running: Running,
    stage: Stage,
}

impl Dying {
    fn deadline(&self) -> Option<Instant> {
        match self.stage {
            Stage::Trusted(deadline) | Stage::Asked(deadline) => Some(deadline),
            Stage::Killed => None,
        }
    }

    fn escalate(&mut self, now: Instant) {
        self.stage = match self.stage {
            Stage::Trusted(deadline) if deadline <= now => self.running.ask_to_end(now),
            Stage::Asked(deadline) if deadline <= now => {
                self.running.signal(Signal::Kill);
                Stage::Killed
            }
            unchanged => unchanged,
        };
    }

    /// At the end of the server nobody is trusted to end by itself.
    fn hurry(&mut self, now: Instant) {
        if let Stage::Trusted(_) = self.stage {
            self.stage = self.running.ask_to_end(now);
        }
    }

    /// The process has ended.
    fn bury(self) {
        match self.stage {
            // What it left running in the background, it meant to.
            Stage::Trusted(_) => {}
            Stage::Asked(_) | Stage::Killed => self.running.signal(Signal::Kill),
        }
        self.running.bury();
    }
}

/// The thread: waits for ends and for deadlines, until it is told to stop and nothing is left.
fn reap_all(inbox: &Inbox, woken: &PipeReader) {
    let mut dying: Vec<Dying> = Vec::new();
    loop {
        let is_closed = {
            let mut list = inbox.list();
            dying.append(&mut list.dying);
            list.is_closed
        };
        let now = Instant::now();
        if is_closed {
            dying.iter_mut().for_each(|each| each.hurry(now));
        }
        if is_closed && dying.is_empty() {
            return;
        }
        let mut has_ended = wait(&dying, woken, now).into_iter();
        let has_ended = |_: &mut Dying| has_ended.next() == Some(true);
        dying.extract_if(.., has_ended).for_each(Dying::bury);
        let now = Instant::now();
        dying.iter_mut().for_each(|each| each.escalate(now));
    }
}

/// Waits until something has happened, and tells for each program whether it has ended.
fn wait(dying: &[Dying], mut woken: &PipeReader, now: Instant) -> Vec<bool> {
    let ends = dying.iter().map(|each| each.running.end());
    let mut fds: Vec<Pollable<'_>> = std::iter::once(woken.as_fd())
        .chain(ends)
        .map(|fd| Pollable::new(fd, Interest::READ))
        .collect();
    let deadline = dying.iter().filter_map(Dying::deadline).min();
    // It fails only without memory. Nothing is ready then, and the next turn tries again.
    let _ = sys::poll(&mut fds, now, deadline);
    // Emptied so that it can wake again; there is nothing in it to be read.
    let _ = woken.read(&mut [0; 64]);
    fds[1..].iter().map(Pollable::is_ready).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::path::Path;
    use std::process::{ChildStdout, Stdio};

    /// No test waits longer than this for something that should happen.
    const DEADLINE: Duration = Duration::from_secs(20);

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    /// Reads until the last process that holds the pipe has gone.
    #[track_caller]
    fn assert_ends(stdout: ChildStdout) {
        let mut fds = [Pollable::new(stdout.as_fd(), Interest::READ)];
        let now = Instant::now();
        sys::poll(&mut fds, now, Some(now + DEADLINE)).expect("poll works");
        assert!(fds[0].is_gone(), "nobody holds the pipe any more");
    }

    /// Waits for the first line, by which a program says that it is ready.
    fn await_line(stdout: &mut ChildStdout) {
        let mut octet = [0];
        stdout.read_exact(&mut octet).expect("the program speaks");
    }

    #[test]
    fn the_end_of_a_program_can_be_waited_for_and_asked_for() {
        let reaper = Reaper::new(1).expect("a thread starts");
        let mut started = reaper.start(&mut sh("exit 3")).expect("sh starts");
        let now = Instant::now();
        let end = started.ward.end().expect("not asked for yet");
        let mut fds = [Pollable::new(end, Interest::READ)];
        sys::poll(&mut fds, now, Some(now + DEADLINE)).expect("poll works");
        let status = started.ward.ended().expect("it can be waited for");
        assert_eq!(status.and_then(|status| status.code()), Some(3));
        assert!(started.ward.end().is_none());
    }

    #[test]
    fn an_abandoned_program_ends_with_everything_it_started() {
        let reaper = Reaper::new(1).expect("a thread starts");
        let mut command = sh("sleep 600 & echo; sleep 600");
        let mut started = reaper.start(&mut command).expect("sh starts");
        let mut stdout = started.stdout.take().expect("it was piped");
        await_line(&mut stdout);
        drop(started);
        assert_ends(stdout);
    }

    #[test]
    fn a_program_that_ignores_being_asked_is_ended() {
        let reaper = Reaper::new(1).expect("a thread starts");
        let mut command = sh("trap '' TERM; echo; while :; do sleep 1; done");
        let mut started = reaper.start(&mut command).expect("sh starts");
        let mut stdout = started.stdout.take().expect("it was piped");
        await_line(&mut stdout);
        drop(started);
        assert_ends(stdout);
    }

    #[test]
    fn the_end_of_the_reaper_is_the_end_of_its_programs() {
        let reaper = Reaper::new(1).expect("a thread starts");
        let mut command = sh("echo $$; exec sleep 600");
        let mut started = reaper.start(&mut command).expect("sh starts");
        let mut stdout = started.stdout.take().expect("it was piped");
        let mut pid = String::new();
        BufReader::new(&mut stdout)
            .read_line(&mut pid)
            .expect("the program speaks");
        started.ward.has_answered();
        drop(started);
        drop(reaper);
        let folder = format!("/proc/{}", pid.trim());
        assert!(!Path::new(&folder).exists(), "no zombie either");
    }

    #[test]
    fn a_ward_may_outlive_the_reaper() {
        let reaper = Reaper::new(1).expect("a thread starts");
        let mut started = reaper.start(&mut sh("sleep 600")).expect("sh starts");
        let stdout = started.stdout.take().expect("it was piped");
        drop(reaper);
        drop(started);
        assert_ends(stdout);
    }

    #[test]
    fn programs_beyond_the_limit_are_refused_until_one_is_gone() {
        let reaper = Reaper::new(1).expect("a thread starts");
        let first = reaper.start(&mut sh("sleep 600")).expect("sh starts");
        let error = reaper.start(&mut sh("")).expect_err("the place is taken");
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
        drop(first);
        let start = Instant::now();
        while let Err(error) = reaper.start(&mut sh("")) {
            assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
            assert!(start.elapsed() < DEADLINE, "the place is given back");
            thread::yield_now();
        }
    }
}
