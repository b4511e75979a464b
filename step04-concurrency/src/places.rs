//! How many threads may be started: a count that can be waited for, until the server stops.
//!
//! Locks come from `super::sync`, as in `queue.rs`, and the same models try this file.

use super::sync::{Condvar, Mutex, MutexGuard, Stop, Waker};
use std::sync::{Arc, PoisonError};

/// The places that are free.
pub(crate) struct Places {
    free: Mutex<usize>,
    changed: Condvar,
}

impl Places {
    pub(crate) fn new(limit: usize) -> Arc<Places> {
        Arc::new(Places {
            free: Mutex::new(limit.max(1)),
            changed: Condvar::new(),
        })
    }

    /// Has a stop end the wait for a place, as long as the result lives.
    pub(crate) fn heed<'s>(self: &Arc<Places>, stop: &'s Stop) -> Waker<'s> {
        let places = Arc::clone(self);
        stop.on_stop(move || {
            // Under the lock, or it could come between a look at the flag and the wait, and be lost.
            let _free = places.lock();
            places.changed.notify_all();
        })
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        // No code of ours panics while it holds the lock.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the places; dropping it gives it back, also in a panic.
pub(crate) struct Place(Arc<Places>);

impl Place {
    // ANCHOR: wait_for
    /// Waits for a place; `None` when all are taken and the server stops.
    pub(crate) fn wait_for(places: &Arc<Places>, stop: &Stop) -> Option<Place> {
        let mut free = places.lock();
        while *free == 0 && !stop.is_stopped() {
            free = places
                .changed
                .wait(free)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *free = free.checked_sub(1)?;
        Some(Place(Arc::clone(places)))
    }
    // ANCHOR_END: wait_for
}

impl Drop for Place {
    fn drop(&mut self) {
        *self.0.lock() += 1;
        self.0.changed.notify_one();
    }
}
