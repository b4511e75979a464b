//! Programs from their start to their very end.
//!
//! A process that has ended stays in the process table until its parent asks for its status, and
//! asking can wait, which a server's loop must not. And a process that should end may not want
//! to. Both are the work of one thread:
//!
//! ```text
//!  start ──► Ward ──┬─ ended by itself, asked in time ───────────────────────────► gone
//!                   ├─ answered, still busy ──► PATIENCE ──┐
//!                   └─ abandoned ──────────────────────────┴► SIGTERM ► MERCY ► SIGKILL ► gone
//! ```
//!
//! Signals go to the process *group*, so that what a shell script has started goes with it. A
//! group is signalled only while its first process has not been waited for: until then the
//! kernel keeps the number, afterwards it may be somebody else's.
//!
//! Programs that leave their group on purpose (daemons) are let go.

use concurrency::sys::{self, Interest, Pollable, Signal};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a program that has answered may go on, to write its log for instance.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a program has between being asked to end and being ended.
const MERCY: Duration = Duration::from_secs(1);

/// Starts programs, and sees to it that none of them stays behind.
///
/// Dropping it ends every program it still has, and waits for that: a second, at most.
#[derive(Debug)]
pub(crate) struct Reaper {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    /// Programs at once, the dying included; this bounds `inbox` too.
    limit: usize,
    running: AtomicUsize,
    inbox: Mutex<Inbox>,
    /// An octet here wakes the thread.
    wake: PipeWriter,
}

#[derive(Debug, Default)]
struct Inbox {
    dying: Vec<Dying>,
    is_closed: bool,
}

/// A program's place among those that may run at once.
#[derive(Debug)]
struct Place(Arc<Shared>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A started program, and the parent's ends of its pipes.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) ward: Ward,
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: Option<ChildStdout>,
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
        let shared = Arc::new(Shared {
            limit,
            running: AtomicUsize::new(0),
            inbox: Mutex::default(),
            wake,
        });
        let for_thread = Arc::clone(&shared);
        let thread = thread::Builder::new().name("reaper".to_owned());
        let thread = thread.spawn(move || reap_all(&for_thread, &woken))?;
        let thread = Some(thread);
        Ok(Reaper { shared, thread })
    }

    /// Starts a program in a process group of its own.
    ///
    /// # Errors
    /// `ResourceBusy` when `limit` programs run; otherwise why it could not be started.
    pub(crate) fn start(&self, command: &mut Command) -> io::Result<Started> {
        let place = self.take_place()?;
        let mut child = command.process_group(0).spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let end = match sys::pidfd_open(child.id()) {
            Ok(end) => end,
            Err(error) => {
                destroy(&mut child);
                return Err(error);
            }
        };
        let ward = Ward {
            manner: Manner::Abandoned,
            running: Some(Running { child, end, place }),
            status: None,
        };
        Ok(Started {
            ward,
            stdin,
            stdout,
        })
    }

    fn take_place(&self) -> io::Result<Place> {
        let running = self.shared.running.fetch_add(1, Ordering::Relaxed);
        let place = Place(Arc::clone(&self.shared));
        if running < self.shared.limit {
            Ok(place)
        } else {
            Err(io::ErrorKind::ResourceBusy.into())
        }
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        self.shared.inbox().is_closed = true;
        self.shared.wake();
        if let Some(thread) = self.thread.take() {
            // Were the thread to have panicked, its message has been printed.
            let _ = thread.join();
        }
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
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// Becomes readable when the process has ended.
    end: OwnedFd,
    place: Place,
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
        let shared = Arc::clone(&running.place.0);
        shared.hand_over(Dying { running, stage });
    }
}

impl Running {
    fn ask_to_end(&mut self, now: Instant) -> Stage {
        self.signal(Signal::Terminate);
        Stage::Asked(now + MERCY)
    }

    fn signal(&self, signal: Signal) {
        // The only failure is that the group has ended, which is what is wanted.
        let _ = sys::kill_group(self.child.id(), signal);
    }
}

impl Shared {
    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        // A full pipe is no loss: the octets in it will wake the thread.
        let _ = (&self.wake).write(&[0]);
    }

    fn hand_over(&self, mut dying: Dying) {
        let mut inbox = self.inbox();
        if inbox.is_closed {
            drop(inbox);
            destroy(&mut dying.running.child);
        } else {
            inbox.dying.push(dying);
            drop(inbox);
            self.wake();
        }
    }
}

/// Ends a program that nobody is left to wait for. SIGKILL cannot be refused, so the wait is short.
fn destroy(child: &mut Child) {
    // Both fail only when the process has ended and been waited for already.
    let _ = sys::kill_group(child.id(), Signal::Kill);
    let _ = child.wait();
}

/// A program on its way out.
#[derive(Debug)]
struct Dying {
    running: Running,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It may run until then.
    Trusted(Instant),
    /// It was asked to end, and will be ended then.
    Asked(Instant),
    /// It was ended; the kernel has yet to clear it away.
    Killed,
}

impl Dying {
    fn deadline(&self) -> Option<Instant> {
        match self.stage {
            Stage::Trusted(deadline) | Stage::Asked(deadline) => Some(deadline),
            Stage::Killed => None,
        }
    }

    /// Waits for a process that has ended, and for nothing else of its group.
    fn bury(&mut self) {
        match self.stage {
            // What it left running in the background, it meant to.
            Stage::Trusted(_) => {}
            Stage::Asked(_) | Stage::Killed => self.running.signal(Signal::Kill),
        }
        // The process has ended, so this does not wait, and there is nobody to report its status to.
        let _ = self.running.child.wait();
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
}

/// The thread: waits for ends and for deadlines, until it is told to stop and nothing is left.
fn reap_all(shared: &Shared, woken: &PipeReader) {
    let mut dying: Vec<Dying> = Vec::new();
    loop {
        let is_closed = {
            let mut inbox = shared.inbox();
            dying.append(&mut inbox.dying);
            inbox.is_closed
        };
        let now = Instant::now();
        if is_closed {
            dying.iter_mut().for_each(|each| hurry(each, now));
        }
        if is_closed && dying.is_empty() {
            return;
        }
        let ended = wait(&dying, woken, now);
        let mut ended = ended.into_iter();
        let now = Instant::now();
        dying.retain_mut(|each| {
            let has_ended = ended.next() == Some(true);
            if has_ended {
                each.bury();
            } else {
                each.escalate(now);
            }
            !has_ended
        });
    }
}

/// At the end of the server nobody is trusted to end by itself.
fn hurry(dying: &mut Dying, now: Instant) {
    if let Stage::Trusted(_) = dying.stage {
        dying.stage = Stage::Trusted(now);
        dying.escalate(now);
    }
}

/// Waits until something has happened, and tells for each program whether it has ended.
fn wait(dying: &[Dying], mut woken: &PipeReader, now: Instant) -> Vec<bool> {
    let ends = dying.iter().map(|each| each.running.end.as_fd());
    let mut fds: Vec<Pollable<'_>> = std::iter::once(woken.as_fd())
        .chain(ends)
        .map(|fd| Pollable::new(fd, Interest::READ))
        .collect();
    let deadline = dying.iter().filter_map(Dying::deadline).min();
    // It fails only without memory. Nothing is ready then, and the next turn tries again.
    let _ = sys::poll(&mut fds, now, deadline);
    // Emptied so that it can wake again; whatever else could go wrong here would go wrong there.
    let _ = woken.read(&mut [0; 64]);
    fds[1..].iter().map(Pollable::is_ready).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Stdio;

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
        let mut started = reaper.start(&mut sh("sleep 600")).expect("sh starts");
        let pid = started
            .ward
            .running
            .as_ref()
            .map(|running| running.child.id());
        started.ward.has_answered();
        drop(started);
        drop(reaper);
        let folder = format!("/proc/{}", pid.expect("it runs"));
        assert!(!std::path::Path::new(&folder).exists(), "no zombie either");
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
