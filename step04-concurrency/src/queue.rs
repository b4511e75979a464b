//! Work between the thread that accepts and those that serve: bounded, and closed at the end.
//!
//! It knows nothing of sockets. Locks come from `super::sync`, so that the model checker of
//! `tests/models` compiles this very file with its own and tries every order of events.

use super::sync::{Condvar, Mutex, MutexGuard};
use std::collections::VecDeque;
use std::sync::PoisonError;

/// A bounded queue that several threads take from.
pub(crate) struct Queue<T> {
    state: Mutex<Waiting<T>>,
    changed: Condvar,
    limit: usize,
}

struct Waiting<T> {
    jobs: VecDeque<T>,
    closed: bool,
}

impl<T> Queue<T> {
    pub(crate) fn new(limit: usize) -> Queue<T> {
        let state = Waiting {
            jobs: VecDeque::new(),
            closed: false,
        };
        Queue {
            state: Mutex::new(state),
            changed: Condvar::new(),
            limit: limit.max(1),
        }
    }

    /// Adds a job, or gives it back when the queue is full.
    pub(crate) fn put(&self, job: T) -> Result<(), T> {
        let mut state = self.lock();
        if state.jobs.len() >= self.limit {
            return Err(job);
        }
        state.jobs.push_back(job);
        self.changed.notify_one();
        Ok(())
    }

    // ANCHOR: take
    /// Waits for a job; `None` once the queue is closed and empty. The lock is given back before
    /// the job is done: a worker that held it would make the pool serial.
    pub(crate) fn take(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
    // ANCHOR_END: take

    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        // No code of ours panics while it holds the lock, and the values are whole at any time.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the queue when dropped: what is in it is still taken, and then its takers leave.
pub(crate) struct Closing<'q, T>(pub(crate) &'q Queue<T>);

impl<T> Drop for Closing<'_, T> {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}
