//! 4a One slow guest: whoever stops in the middle of a request keeps nobody waiting but themselves.
//!
//! A guest who makes us wait puts a thread to sleep that is theirs alone. There is a bound, or the
//! guests would decide how many threads there are.

use check::exercise::{self, Given};
use concurrency::{StopSignal, drive};
use socket::{Stop, accept_until};
use static_files::Config;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Threads at once: each costs a stack.
const PLACES: usize = 256;

/// Lets guests in until `stop` is raised, and has each of them served by `each`, which returns when
/// they have left.
fn welcome(listener: &TcpListener, stop: &Stop, each: impl Fn(TcpStream) + Sync) -> io::Result<()> {
    let (taken, each) = (Taken::default(), &each);
    // The scope ends when all who were served have left, so a stop cuts nobody off.
    thread::scope(|scope| {
        accept_until(listener, stop, |stream| {
            let place = taken.one_more();
            let serve = move || {
                each(stream);
                drop(place);
            };
            if let Err(error) = thread::Builder::new().spawn_scoped(scope, serve) {
                eprintln!("a guest was lost: no thread for them: {error}");
            }
        })
    })
}

/// How many places are taken.
#[derive(Default)]
struct Taken {
    count: Mutex<usize>,
    fewer: Condvar,
}

/// A place, given back when it is dropped: at the end of the thread, or in its panic.
struct Place<'t>(&'t Taken);

impl Taken {
    /// Takes a place. Where there is none, those outside wait in the kernel's queue meanwhile.
    fn one_more(&self) -> Place<'_> {
        let full = |count: &mut usize| *count >= PLACES;
        let waited = self.fewer.wait_while(self.lock(), full);
        *waited.unwrap_or_else(PoisonError::into_inner) += 1;
        Place(self)
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        // Nobody panics while holding it.
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        *self.0.lock() -= 1;
        self.0.fewer.notify_one();
    }
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
    exercise::main("4a", serve)
}
