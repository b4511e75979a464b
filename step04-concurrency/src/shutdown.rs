//! The end of a server: from a [`Stop`] to descriptors to wait on, and to what happens when.
//!
//! ```text
//! stop ──── drain ────► the door closes ──── grace ────► what is left is cut
//!  │ answers are the last of their connections             ▲
//!  │ idle connections end                                  └── at once, by Stop::cut
//!  └ newcomers get one answer, until the door closes
//! ```
//!
//! When a successor accepts from the same listener ([`Stop::hand_over`]), the door is left to it: nobody
//! is let in, nobody is refused, and idle connections may ask once more.

use crate::session::Session;
use crate::sys;
use socket::{Stop, Waker};
use static_files::Timeouts;
use std::io;
use std::net::{Shutdown, TcpListener};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// Closes the door while answers are still under way, so that newcomers are refused at once and can
/// go elsewhere, instead of waiting for a server that is leaving.
pub(crate) fn stop_accepting(listener: &TcpListener) {
    // It fails when another loop that shares the listener was quicker: then it is done.
    let _ = sys::stop_listening(listener);
}

/// Descriptors that become readable when a [`Stop`] is raised, and when it is cut, and stay so.
#[derive(Debug)]
pub struct StopSignal<'s> {
    stop: &'s Stop,
    raised: Latch<'s>,
    cut: Latch<'s>,
}

/// The end of input is readable for ever, for every thread that looks.
#[derive(Debug)]
struct Latch<'s> {
    readable: UnixStream,
    /// Held for its registration.
    _waker: Waker<'s>,
}

impl<'s> StopSignal<'s> {
    /// A signal for `stop`.
    ///
    /// # Errors
    /// The system has no descriptors left.
    pub fn new(stop: &'s Stop) -> io::Result<StopSignal<'s>> {
        Ok(StopSignal {
            stop,
            raised: Latch::new(|wake| stop.on_stop(wake))?,
            cut: Latch::new(|wake| stop.on_cut(wake))?,
        })
    }

    /// What to wait on for the stop.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.raised.readable.as_fd()
    }

    /// What to wait on for the cut, once the stop has been heard.
    pub fn cut_fd(&self) -> BorrowedFd<'_> {
        self.cut.readable.as_fd()
    }

    /// Whether it has been raised.
    pub fn is_raised(&self) -> bool {
        self.stop.is_stopped()
    }

    /// The stop behind it.
    pub(crate) fn stop(&self) -> &'s Stop {
        self.stop
    }

    /// What happens when, once it has been raised.
    pub(crate) fn ending(&self, timeouts: &Timeouts) -> Option<Ending> {
        let door = self.door(timeouts.drain)?;
        let closed = match door {
            Door::Closes(at) | Door::Left(at) => at,
        };
        let cut = if self.stop.is_cut() {
            self.stop.since()?
        } else {
            closed + timeouts.grace
        };
        Some(Ending { door, cut })
    }

    /// What becomes of the door; `None` while it is open for good.
    pub(crate) fn door(&self, drain: Duration) -> Option<Door> {
        // Asked of every guest, so first without a lock.
        if !self.is_raised() {
            return None;
        }
        let since = self.stop.since()?;
        Some(if self.stop.is_handed_over() {
            Door::Left(since)
        } else if self.stop.is_cut() {
            Door::Closes(since)
        } else {
            Door::Closes(since + drain)
        })
    }
}

impl<'s> Latch<'s> {
    fn new(register: impl FnOnce(Box<dyn Fn() + Send>) -> Waker<'s>) -> io::Result<Latch<'s>> {
        let (readable, other) = UnixStream::pair()?;
        let waker = register(Box::new(move || {
            // Shutting down an end twice fails, and changes nothing.
            let _ = other.shutdown(Shutdown::Both);
        }));
        Ok(Latch {
            readable,
            _waker: waker,
        })
    }
}

/// What becomes of the listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// Until then newcomers are let in; afterwards the kernel refuses them.
    Closes(Instant),
    /// Since then it is another process's.
    Left(Instant),
}

/// How a server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ending {
    /// Who lets newcomers in, and how long.
    pub(crate) door: Door,
    /// When every connection that is left is dropped.
    pub(crate) cut: Instant,
}

/// Whether a connection was there before the stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// It was.
    Before,
    /// It came through the door that was still open.
    Since,
}

impl Ending {
    /// Tells a session which of its answers is the last one.
    pub(crate) fn limit(&self, session: &mut Session<'_>, arrival: Arrival, now: Instant) {
        if self.waits_for_a_request(arrival, now) {
            session.retire();
        } else {
            session.stop();
        }
    }

    /// Whether an idle connection may still ask: a newcomer as long as the door is open, and
    /// everybody when a successor has taken over, for then nobody is in a hurry.
    fn waits_for_a_request(&self, arrival: Arrival, now: Instant) -> bool {
        match self.door {
            Door::Left(_) => true,
            Door::Closes(at) => arrival == Arrival::Since && now < at,
        }
    }

    /// The next moment at which something changes.
    pub(crate) fn next_change(&self, now: Instant) -> Instant {
        match self.door {
            Door::Closes(at) if now < at => at.min(self.cut),
            Door::Closes(_) | Door::Left(_) => self.cut,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(30));

    fn timeouts() -> Timeouts {
        Timeouts {
            drain: TIMES.0,
            grace: TIMES.1,
            ..Timeouts::default()
        }
    }

    #[track_caller]
    fn ending(ask: fn(&Stop)) -> (Instant, Ending) {
        let stop = Stop::new();
        let signal = StopSignal::new(&stop).expect("descriptors");
        assert_eq!(signal.ending(&timeouts()), None);
        ask(&stop);
        let ending = signal.ending(&timeouts()).expect("it was raised");
        (stop.since().expect("it was raised"), ending)
    }

    #[test]
    fn a_stop_closes_the_door_after_the_drain_and_cuts_after_the_grace() {
        let (since, ending) = ending(Stop::stop);
        let closes = since + TIMES.0;
        assert_eq!(ending.door, Door::Closes(closes));
        assert_eq!(ending.cut, closes + TIMES.1);
        assert!(ending.waits_for_a_request(Arrival::Since, since));
        assert!(!ending.waits_for_a_request(Arrival::Before, since));
        assert!(!ending.waits_for_a_request(Arrival::Since, closes));
        assert_eq!(ending.next_change(since), closes);
        assert_eq!(ending.next_change(closes), ending.cut);
    }

    #[test]
    fn a_cut_leaves_no_time_for_anything() {
        let (since, ending) = ending(Stop::cut);
        assert_eq!(ending.door, Door::Closes(since));
        assert_eq!(ending.cut, since);
    }

    #[test]
    fn a_successor_takes_the_door_and_leaves_time_to_the_idle() {
        let (since, ending) = ending(Stop::hand_over);
        assert_eq!(ending.door, Door::Left(since));
        assert_eq!(ending.cut, since + TIMES.1);
        assert!(ending.waits_for_a_request(Arrival::Before, since));
    }
}
