//! A pool whose workers take a connection from the queue and keep the queue's lock until they are
//! done with it: there are eight of them, and one works.

use crate::company::{CHOICE, Choice};
use crate::{Flaw, Serve};
use concurrency::{StopSignal, drive, sys};
use socket::{Stop, accept_until};
use static_files::{Config, Handler};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, PoisonError};
use std::thread;

pub(crate) const FLAW: Flaw = Flaw {
    name: "holds_the_lock",
    fails: &["4a", "4b", "4c", "4e", "4f", "4g", "4h"],
    serve: Serve::Company(&Choice { serve, ..CHOICE }),
};

const WORKERS: usize = 8;

fn serve(
    listener: &TcpListener,
    handler: &dyn Handler,
    config: &Config,
    stop: &Stop,
) -> io::Result<()> {
    let (put, queue) = mpsc::channel();
    let (queue, signal) = (Mutex::new(queue), StopSignal::new(stop)?);
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            thread::Builder::new()
                .spawn_scoped(scope, || work(&queue, handler, config, &signal))?;
        }
        accept_until(listener, stop, |stream| {
            // The workers outlive the queue.
            let _ = put.send(stream);
        })?;
        drop(put);
        sys::stop_listening(listener)
    })
}

fn work(
    queue: &Mutex<Receiver<TcpStream>>,
    handler: &dyn Handler,
    config: &Config,
    signal: &StopSignal<'_>,
) {
    // In this line is the flaw: what the lock guards lives as long as the loop's turn.
    while let Ok(stream) = queue.lock().unwrap_or_else(PoisonError::into_inner).recv() {
        let each = || drive(stream, handler, config, signal);
        // A guest who is gone, or a handler that has crashed, is that guest's loss.
        let _ = catch_unwind(AssertUnwindSafe(each));
    }
}
