//! 4d Contained panic: a mistake in a handler costs one answer, not a worker and not the server.
//!
//! Write the body of `work`, and what else it needs. The queue of guests is given;
//! `cargo test --test 4d` judges it.

use check::exercise::{self, Given};
use socket::{Stop, accept_until};
use static_files::{Config, Handler, serve_connection};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, PoisonError};
use std::thread;

const WORKERS: usize = 24;

/// Guests who wait for one of them.
const QUEUE: usize = 64;

/// What each worker does: serves one guest after the other, as long as there are any.
fn work(waiting: &Mutex<Receiver<TcpStream>>, handler: &dyn Handler, config: &Config) {
    while let Some(stream) = next(waiting) {
        // A handler may panic. Whose thread is this, and who would start another?
        let served = serve_connection(stream, handler, config);
        if let Err(error) = served {
            eprintln!("a guest was lost: {error}");
        }
    }
}

/// The next of those who wait; `None` at the end.
fn next(waiting: &Mutex<Receiver<TcpStream>>) -> Option<TcpStream> {
    let waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    waiting.recv().ok()
}

/// Lets guests in until `stop` is raised. Where the queue is full they wait outside.
fn welcome(listener: &TcpListener, stop: &Stop, handler: &dyn Handler) -> io::Result<()> {
    let (queue, waiting) = mpsc::sync_channel(QUEUE);
    let (waiting, config) = (Mutex::new(waiting), Config::default());
    thread::scope(|scope| {
        // In here, so that the workers leave when it is dropped.
        let queue = queue;
        for _ in 0..WORKERS {
            thread::Builder::new().spawn_scoped(scope, || work(&waiting, handler, &config))?;
        }
        accept_until(listener, stop, |stream| {
            // It fails only when there is nobody at the other end, and `waiting` is there.
            let _ = queue.send(stream);
        })
    })
}

fn serve(given: &Given) -> io::Result<()> {
    let stop = given.stop()?;
    let (listener, handler) = (given.listener()?, given.handler()?);
    welcome(&listener, &stop, &*handler)
}

fn main() -> ExitCode {
    exercise::main("4d", serve)
}
