//! A request to end, which can wake whoever waits.
//!
//! A flag alone is not enough: who sleeps in `accept`, `poll` or `epoll_wait` reads no flag. So
//! every sleeper registers the one thing that ends its own sleep (a connection to its own door, a
//! byte in a pipe), and [`Stop::stop`] raises the flag first and then calls them all.
//!
//! ```text
//!   sleeper:  on_stop(wake) ── is it raised? ── sleep ─────────┐ awake ── is it raised? ── leave
//!   stopper:                                    raise, wake() ─┘
//! ```
//!
//! Both sides take the same lock, so there is no gap: either `stop` finds the registration, or
//! `on_stop` finds the flag.
//!
//! A stop lets what is under way come to its end. Who is in more of a hurry cuts it
//! ([`Stop::cut`]), and who leaves the listener to somebody else says so ([`Stop::hand_over`]).
//! Both are stops, too: a server that knows nothing of them stops all the same.
//!
//! It hears no signals (that takes a system call `std` does not have; step 4 makes it), it cannot
//! be lowered again, and it waits for nobody: who wants to know that all have left joins them.

use crate::sync::{AtomicBool, Mutex, MutexGuard, Ordering};
use std::fmt;
use std::sync::PoisonError;
use std::time::Instant;

/// A flag that says "stop", and wakes those who sleep in `accept`, `poll` or `epoll_wait`.
#[derive(Default)]
pub struct Stop {
    stopped: AtomicBool,
    cut: AtomicBool,
    handed_over: AtomicBool,
    wakers: Mutex<Wakers>,
}

/// The registrations. They are as many as there are sleepers, which are bounded where they start.
#[derive(Default)]
struct Wakers {
    next_id: u64,
    list: Vec<Registration>,
    /// When the flag was raised first.
    since: Option<Instant>,
}

struct Registration {
    id: u64,
    call_for: Call,
    wake: Box<dyn Fn() + Send>,
}

/// What somebody wants to be woken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Stop,
    Cut,
}

impl Stop {
    /// Creates a flag that nobody has raised yet.
    pub fn new() -> Stop {
        Stop::default()
    }

    /// Whether [`Stop::stop`] has been called.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Whether [`Stop::cut`] has been called.
    pub fn is_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst)
    }

    /// Whether [`Stop::hand_over`] has been called.
    pub fn is_handed_over(&self) -> bool {
        self.handed_over.load(Ordering::SeqCst)
    }

    /// When the flag was raised first; `None` while nobody has.
    pub fn since(&self) -> Option<Instant> {
        self.wakers().since
    }

    /// Raises the flag and calls every registered waker. Raising it again calls them again.
    pub fn stop(&self) {
        let mut wakers = self.wakers();
        wakers.since.get_or_insert_with(Instant::now);
        self.stopped.store(true, Ordering::SeqCst);
        wakers.call(Call::Stop);
    }

    /// Stops at once: what is under way is not to be completed.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        self.stop();
        self.wakers().call(Call::Cut);
    }

    /// Stops, and leaves the listener to somebody else who accepts from it already: it has to stay
    /// as it is, for who waits in its queue will be served.
    pub fn hand_over(&self) {
        self.handed_over.store(true, Ordering::SeqCst);
        self.stop();
    }

    /// Has `wake` called when the flag is raised, or at once if it already is.
    ///
    /// It may be called more than once, from any thread, and must neither block for long nor use
    /// this `Stop`, which is locked meanwhile. The registration ends when the returned [`Waker`]
    /// is dropped; after that `wake` is not called, nor still running.
    pub fn on_stop(&self, wake: impl Fn() + Send + 'static) -> Waker<'_> {
        self.register(Call::Stop, Box::new(wake))
    }

    /// The same for [`Stop::cut`].
    pub fn on_cut(&self, wake: impl Fn() + Send + 'static) -> Waker<'_> {
        self.register(Call::Cut, Box::new(wake))
    }

    fn register(&self, call_for: Call, wake: Box<dyn Fn() + Send>) -> Waker<'_> {
        let mut wakers = self.wakers();
        let has_come = match call_for {
            Call::Stop => self.is_stopped(),
            Call::Cut => self.is_cut(),
        };
        if has_come {
            wake();
        }
        let id = wakers.next_id;
        wakers.next_id += 1;
        wakers.list.push(Registration { id, call_for, wake });
        Waker { stop: self, id }
    }

    /// A waker that panicked leaves the list as it was, so a poisoned lock is as good as any.
    fn wakers(&self) -> MutexGuard<'_, Wakers> {
        self.wakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wakers {
    fn call(&self, call: Call) {
        let called = self.list.iter().filter(|each| each.call_for == call);
        called.for_each(|each| (each.wake)());
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop")
            .field("stopped", &self.is_stopped())
            .finish_non_exhaustive()
    }
}

/// A registration with a [`Stop`]; dropping it ends the registration.
#[derive(Debug)]
#[must_use = "the registration ends when this is dropped"]
pub struct Waker<'s> {
    stop: &'s Stop,
    id: u64,
}

impl Drop for Waker<'_> {
    fn drop(&mut self) {
        self.stop.wakers().list.retain(|each| each.id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    /// A waker that counts its calls.
    fn counter() -> (Arc<AtomicUsize>, impl Fn() + Send + 'static) {
        let count = Arc::new(AtomicUsize::new(0));
        let calls = Arc::clone(&count);
        (count, move || {
            calls.fetch_add(1, Ordering::SeqCst);
        })
    }

    #[test]
    fn every_registered_waker_is_called() {
        let stop = Stop::new();
        let (first, wake_first) = counter();
        let (second, wake_second) = counter();
        let _first = stop.on_stop(wake_first);
        let _second = stop.on_stop(wake_second);
        stop.stop();
        assert!(stop.is_stopped());
        assert_eq!(
            (first.load(Ordering::SeqCst), second.load(Ordering::SeqCst)),
            (1, 1)
        );
    }

    #[test]
    fn late_registration_is_called_at_once() {
        let stop = Stop::new();
        stop.stop();
        let (count, wake) = counter();
        let _waker = stop.on_stop(wake);
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn dropped_registration_is_not_called_and_the_others_are() {
        let stop = Stop::new();
        let (gone, wake_gone) = counter();
        let (kept, wake_kept) = counter();
        let registration = stop.on_stop(wake_gone);
        let _kept = stop.on_stop(wake_kept);
        drop(registration);
        stop.stop();
        assert_eq!(
            (gone.load(Ordering::SeqCst), kept.load(Ordering::SeqCst)),
            (0, 1)
        );
    }

    #[test]
    fn a_cut_is_a_stop_and_a_stop_is_no_cut() {
        let stop = Stop::new();
        let (stopped, wake_stopped) = counter();
        let (cut, wake_cut) = counter();
        let _stopped = stop.on_stop(wake_stopped);
        let _cut = stop.on_cut(wake_cut);
        let counts = || (stopped.load(Ordering::SeqCst), cut.load(Ordering::SeqCst));
        assert_eq!(stop.since(), None);
        stop.stop();
        assert_eq!((counts(), stop.is_cut()), ((1, 0), false));
        let since = stop.since();
        assert!(since.is_some());
        stop.cut();
        assert_eq!((counts(), stop.is_cut()), ((2, 1), true));
        assert_eq!(stop.since(), since, "the first time counts");
        let (late, wake_late) = counter();
        let _late = stop.on_cut(wake_late);
        assert_eq!(late.load(Ordering::SeqCst), 1);
        assert!(!stop.is_handed_over());
    }

    #[test]
    fn flag_is_raised_before_anyone_is_woken() {
        let stop = Arc::new(Stop::new());
        let (seen, wake) = counter();
        let flag = Arc::downgrade(&stop);
        let _waker = stop.on_stop(move || {
            if flag.upgrade().is_some_and(|stop| stop.is_stopped()) {
                wake();
            }
        });
        stop.stop();
        assert_eq!(seen.load(Ordering::SeqCst), 1);
    }
}
