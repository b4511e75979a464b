//! Servers made of threads: one at a time, one each, or a fixed number of them.
//!
//! They know nothing of HTTP: each takes a function that serves a connection to its end, and
//! decides on which thread it runs. A panic in that function costs its connection and nothing else.

use crate::shutdown::stop_accepting;
use socket::{Stop, accept_until};
use std::collections::VecDeque;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Serves each connection on a thread of its own, `limit` of them at once; more connections wait
/// in the kernel's queue.
///
/// # Errors
/// The listener failed. A thread that cannot be started costs one connection.
pub fn thread_per_connection(
    listener: &TcpListener,
    stop: &Stop,
    limit: usize,
    each: impl Fn(TcpStream) + Sync,
) -> io::Result<()> {
    let places = Arc::new(Places::new(limit));
    let notified = Arc::clone(&places);
    let _waker = stop.on_stop(move || {
        // Under the lock, or it could come between a look at the flag and the wait, and be lost.
        let _free = lock(&notified.free);
        notified.changed.notify_all();
    });
    thread::scope(|scope| {
        let accepted = accept_until(listener, stop, |stream| {
            let Some(place) = Place::wait_for(&places, stop) else {
                return;
            };
            let each = &each;
            let serve = move || {
                let _place = place;
                contain(|| each(stream));
            };
            // Without a thread to serve it the connection is dropped, and its client sees it end.
            if let Err(error) = thread::Builder::new().spawn_scoped(scope, serve) {
                eprintln!("a connection was dropped: no thread for it: {error}");
            }
        });
        stop_accepting(listener);
        accepted
    })
}

/// Serves connections on `workers` threads. Up to `queue` connections wait for one of them; what is
/// beyond goes to `refuse`, on the accepting thread, which should be quick about it.
///
/// # Errors
/// The listener failed, or the threads could not be started.
pub fn thread_pool(
    listener: &TcpListener,
    stop: &Stop,
    workers: usize,
    queue: usize,
    each: impl Fn(TcpStream) + Sync,
    refuse: impl Fn(TcpStream),
) -> io::Result<()> {
    let queue = Queue::new(queue);
    thread::scope(|scope| {
        // Dropped on every way out, so that the workers end and the scope can.
        let closing = Closing(&queue);
        for number in 0..workers.max(1) {
            let work = || {
                while let Some(stream) = queue.take() {
                    contain(|| each(stream));
                }
            };
            thread::Builder::new()
                .name(format!("worker {number}"))
                .spawn_scoped(scope, work)?;
        }
        let accepted = accept_until(listener, stop, |stream| {
            if let Err(stream) = queue.put(stream) {
                refuse(stream);
            }
        });
        drop(closing);
        stop_accepting(listener);
        accepted
    })
}

// ANCHOR: contain
/// Keeps a panic from ending more than the connection it happened on. The panic hook has printed
/// its message by then.
fn contain(serve: impl FnOnce()) {
    // Nothing that `serve` has touched is used afterwards.
    let _ = panic::catch_unwind(AssertUnwindSafe(serve));
}
// ANCHOR_END: contain

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code of ours panics while it holds a lock here, and the values are whole at any time.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many threads may still be started.
struct Places {
    free: Mutex<usize>,
    changed: Condvar,
}

impl Places {
    fn new(limit: usize) -> Places {
        Places {
            free: Mutex::new(limit.max(1)),
            changed: Condvar::new(),
        }
    }
}

/// One of the places; dropping it gives it back, also in a panic.
struct Place(Arc<Places>);

impl Place {
    // ANCHOR: wait_for
    /// Waits for a place; `None` when the server stops first.
    fn wait_for(places: &Arc<Places>, stop: &Stop) -> Option<Place> {
        let mut free = lock(&places.free);
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
        *lock(&self.0.free) += 1;
        self.0.changed.notify_one();
    }
}

/// Connections between the thread that accepts and those that serve.
struct Queue {
    state: Mutex<Waiting>,
    changed: Condvar,
    limit: usize,
}

struct Waiting {
    streams: VecDeque<TcpStream>,
    closed: bool,
}

impl Queue {
    fn new(limit: usize) -> Queue {
        let state = Waiting {
            streams: VecDeque::new(),
            closed: false,
        };
        Queue {
            state: Mutex::new(state),
            changed: Condvar::new(),
            limit: limit.max(1),
        }
    }

    /// Adds a connection, or gives it back when the queue is full.
    fn put(&self, stream: TcpStream) -> Result<(), TcpStream> {
        let mut state = lock(&self.state);
        if state.streams.len() >= self.limit {
            return Err(stream);
        }
        state.streams.push_back(stream);
        self.changed.notify_one();
        Ok(())
    }

    // ANCHOR: take
    /// Waits for a connection; `None` once the queue is closed and empty. The lock is given back
    /// before the connection is served: a worker that held it would make the pool serial.
    fn take(&self) -> Option<TcpStream> {
        let mut state = lock(&self.state);
        loop {
            if let Some(stream) = state.streams.pop_front() {
                return Some(stream);
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
}

/// Closes the queue when dropped.
struct Closing<'q>(&'q Queue);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).closed = true;
        self.0.changed.notify_all();
    }
}
