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

use super::sync::{AtomicBool, Mutex, MutexGuard, Ordering};
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
