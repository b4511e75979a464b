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
//! It hears no signals (that takes a system call `std` does not have; step 4 makes it), it cannot
//! be lowered again, and it waits for nobody: who wants to know that all have left joins them.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A flag that says "stop", and wakes those who sleep in `accept`, `poll` or `epoll_wait`.
#[derive(Default)]
pub struct Stop {
    stopped: AtomicBool,
    wakers: Mutex<Wakers>,
}

/// The registrations. They are as many as there are sleepers, which are bounded where they start.
#[derive(Default)]
struct Wakers {
    next_id: u64,
    list: Vec<(u64, Box<dyn Fn() + Send>)>,
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

    /// Raises the flag and calls every registered waker. Raising it again calls them again.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        for (_, wake) in &self.wakers().list {
            wake();
        }
    }

    /// Has `wake` called when the flag is raised, or at once if it already is.
    ///
    /// It may be called more than once, from any thread, and must neither block for long nor use
    /// this `Stop`, which is locked meanwhile. The registration ends when the returned [`Waker`]
    /// is dropped; after that `wake` is not called, nor still running.
    pub fn on_stop(&self, wake: impl Fn() + Send + 'static) -> Waker<'_> {
        let mut wakers = self.wakers();
        let id = wakers.next_id;
        wakers.next_id += 1;
        if self.is_stopped() {
            wake();
        }
        wakers.list.push((id, Box::new(wake)));
        Waker { stop: self, id }
    }

    /// A waker that panicked leaves the list as it was, so a poisoned lock is as good as any.
    fn wakers(&self) -> MutexGuard<'_, Wakers> {
        self.wakers.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.stop.wakers().list.retain(|(id, _)| *id != self.id);
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
