//! 4c Full house: whoever finds no room is told so, at once.
//!
//! A socket that is closed with something unread is reset, and a reset destroys the answer on its
//! way (RFC 9112 §9.6). So whoever is sent away stays half-closed for a while, among the last who
//! were.

use check::exercise::{self, Given};
use concurrency::{StopSignal, drive};
use socket::{Stop, accept_until};
use static_files::Config;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, TrySendError};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Guests who are served, and those who wait for it.
const WORKERS: usize = 24;
const QUEUE: usize = 40;

/// What is said to all others (RFC 9110 §15.6.4).
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n\
    Content-Type: text/plain\r\nContent-Length: 11\r\n\r\nfull house\n";

/// Connections that are kept half-closed. In a flood each of them is kept for a shorter time.
const LEAVING: usize = 128;

/// Stands at the door and says no.
#[derive(Default)]
struct Doorman {
    /// To whom it was said last. What they still send is never read, but they are not closed yet.
    leaving: VecDeque<TcpStream>,
}

impl Doorman {
    /// Sends a guest away, and waits for nobody: those who have a place come through the same door.
    fn refuse(&mut self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        match stream.read(&mut [0; 4096]) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
            Ok(_) | Err(_) => {}
        }
        // The socket is new and has room: so few octets do not have to wait.
        stream.write_all(FULL)?;
        stream.shutdown(Shutdown::Write)?;
        if self.leaving.len() == LEAVING {
            self.leaving.pop_front();
        }
        self.leaving.push_back(stream);
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
