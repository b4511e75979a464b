//! A request to end, which can wake whoever waits.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// A flag that says "stop", and wakes those who sleep in `accept`, `poll` or `epoll_wait`.
#[derive(Default)]
pub struct Stop {
    stopped: AtomicBool,
    wakers: Mutex<Wakers>,
}

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
        let wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, wake) in &wakers.list {
            wake();
        }
    }

    /// Has `wake` called when the flag is raised, or at once if it already is.
    ///
    /// The registration ends when the returned [`Waker`] is dropped.
    pub fn on_stop(&self, wake: impl Fn() + Send + 'static) -> Waker<'_> {
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        let id = wakers.next_id;
        wakers.next_id += 1;
        if self.is_stopped() {
            wake();
        }
        wakers.list.push((id, Box::new(wake)));
        Waker { stop: self, id }
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
pub struct Waker<'s> {
    stop: &'s Stop,
    id: u64,
}

impl Drop for Waker<'_> {
    fn drop(&mut self) {
        let mut wakers = self
            .stop
            .wakers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        wakers.list.retain(|(id, _)| *id != self.id);
    }
}
