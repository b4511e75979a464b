//! 4d Contained panic: a mistake in a handler costs one answer, not a worker and not the server.
//!
//! Two bulkheads. The inner one is around the handler, where the guest can still be told. The
//! outer one keeps the worker, whatever else goes wrong between two guests.

use check::exercise::{self, Given};
use http_parse::Status;
use socket::{Stop, accept_until};
use static_files::{Config, Handler, Reply, Request, Response, serve_connection};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, PoisonError};
use std::thread;

const WORKERS: usize = 24;

/// Guests who wait for one of them.
const QUEUE: usize = 64;

/// What each worker does: serves one guest after the other, as long as there are any.
fn work(waiting: &Mutex<Receiver<TcpStream>>, handler: &dyn Handler, config: &Config) {
    let handler = |request: &Request| contained(handler, request);
    while let Some(stream) = next(waiting) {
        // Nothing that is touched in there is used afterwards but the handler, which is shared by
        // threads, and so by design finds whatever another one left behind.
        let serve = AssertUnwindSafe(|| serve_connection(stream, &handler, config));
        match catch_unwind(serve) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => eprintln!("a guest was lost: {error}"),
            // The panic has said what it had to say.
            Err(_panic) => eprintln!("a guest was lost: somebody panicked"),
        }
    }
}

/// The answer of `handler`; 500 where it has none (RFC 9110 §15.6.1).
fn contained(handler: &dyn Handler, request: &Request) -> Reply {
    catch_unwind(AssertUnwindSafe(|| handler.handle(request))).unwrap_or_else(|_panic| {
        let page = "The program that answers this has made a mistake.";
        Response::error(Status::INTERNAL_SERVER_ERROR, page).into()
    })
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
