//! Servers made of threads: one at a time, one each, or a fixed number of them.
//!
//! They know nothing of HTTP: each takes a function that serves a connection to its end, and
//! decides on which thread it runs. A panic in that function costs its connection and nothing else.

use crate::Entrance;
use crate::places::{Place, Places};
use crate::queue::{Closing, Queue};
use std::io;
use std::net::TcpStream;
use std::panic::{self, AssertUnwindSafe};
use std::thread;

/// Serves each connection on a thread of its own, `limit` of them at once; more connections wait
/// in the kernel's queue. Who finds none while the server ends is dropped.
///
/// # Errors
/// The listener failed. A thread that cannot be started costs one connection.
pub fn thread_per_connection(
    entrance: &Entrance<'_>,
    limit: usize,
    each: impl Fn(TcpStream) + Sync,
) -> io::Result<()> {
    let stop = entrance.signal.stop();
    let places = Places::new(limit);
    let _waker = places.heed(stop);
    thread::scope(|scope| {
        entrance.accept(|stream| {
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
        })
    })
}

/// Serves connections on `workers` threads. Up to `queue` connections wait for one of them; what is
/// beyond goes to `refuse`, on the accepting thread, which should be quick about it.
///
/// # Errors
/// The listener failed, or the threads could not be started.
pub fn thread_pool(
    entrance: &Entrance<'_>,
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
        let accepted = entrance.accept(|stream| {
            if let Err(stream) = queue.put(stream) {
                refuse(stream);
            }
        });
        drop(closing);
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
