//! 4c Full house: whoever finds no room is told so, at once.
//!
//! Write the body of `Doorman::refuse`. The pool and its queue, which have an end, are given;
//! `cargo test --test 4c` judges it.

use check::exercise::{self, Given};
use concurrency::{StopSignal, drive};
use socket::{Stop, accept_until};
use static_files::Config;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, TrySendError};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Guests who are served, and those who wait for it.
const WORKERS: usize = 24;
const QUEUE: usize = 40;

/// Stands at the door and says no.
#[derive(Default)]
struct Doorman {}

impl Doorman {
    /// Sends a guest away, and waits for nobody: those who have a place come through the same door.
    fn refuse(&mut self, stream: TcpStream) -> io::Result<()> {
        // How does the guest tell this from a server that has died?
        drop(stream);
        Ok(())
    }
}

/// Lets guests in until `stop` is raised: to a worker, into the queue, or past the doorman.
fn welcome(listener: &TcpListener, stop: &Stop, each: impl Fn(TcpStream) + Sync) -> io::Result<()> {
    let (queue, waiting) = mpsc::sync_channel(QUEUE);
    let (waiting, mut doorman) = (Mutex::new(waiting), Doorman::default());
    thread::scope(|scope| {
        // In here, so that the workers leave when it is dropped.
        let queue = queue;
        for _ in 0..WORKERS {
            thread::Builder::new().spawn_scoped(scope, || {
                while let Some(stream) = next(&waiting) {
                    each(stream);
                }
            })?;
        }
        accept_until(listener, stop, |stream| {
            if let Err(TrySendError::Full(stream)) = queue.try_send(stream)
                && let Err(error) = doorman.refuse(stream)
            {
                eprintln!("a guest was lost at the door: {error}");
            }
        })
    })
}

/// The next of those who wait; `None` at the end.
fn next(waiting: &Mutex<Receiver<TcpStream>>) -> Option<TcpStream> {
    let waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    waiting.recv().ok()
}

fn serve(given: &Given) -> io::Result<()> {
    let stop = given.stop()?;
    let (listener, handler) = (given.listener()?, given.handler()?);
    let (config, signal) = (Config::default(), StopSignal::new(&stop)?);
    welcome(&listener, &stop, |stream| {
        // A guest who is gone is no loss.
        let _ = drive(stream, &*handler, &config, &signal);
    })
}

fn main() -> ExitCode {
    exercise::main("4c", serve)
}
