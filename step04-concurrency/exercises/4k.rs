//! 4k Own readiness: what a request costs does not depend on who else is there.
//!
//! Write `Readiness` anew; the loop that uses it, and the four functions that it calls, stay.
//! Those who have something to say should cost something, and nobody else. `cargo test --test 4k`
//! judges it.

use check::exercise::{self, Given};
use concurrency::sys::{Interest, Pollable, poll};
use concurrency::{Session, Step, StopSignal};
use socket::{AcceptFate, Stop, accept_fate};
use static_files::{Config, Files, Handler, Listing};
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Knows which of many descriptors are ready.
struct Readiness {
    watched: Vec<Watched>,
}

struct Watched {
    token: u64,
    interest: Interest,
    fd: OwnedFd,
}

impl Watched {
    fn pollable(&self) -> Pollable<'_> {
        Pollable::new(self.fd.as_fd(), self.interest)
    }
}

impl Readiness {
    fn new() -> io::Result<Readiness> {
        let watched = Vec::new();
        Ok(Readiness { watched })
    }

    /// Watches `fd` under that token, or changes what it is watched for.
    fn watch(&mut self, fd: BorrowedFd<'_>, token: u64, interest: Interest) -> io::Result<()> {
        self.forget(fd, token)?;
        let fd = fd.try_clone_to_owned()?;
        self.watched.push(Watched {
            token,
            interest,
            fd,
        });
        Ok(())
    }

    /// Watches it no longer. It will be closed next.
    fn forget(&mut self, _fd: BorrowedFd<'_>, token: u64) -> io::Result<()> {
        self.watched.retain(|watched| watched.token != token);
        Ok(())
    }

    /// Sleeps until something is ready, or until `until`, and returns the tokens of what is.
    fn wait(&mut self, until: Instant) -> io::Result<Vec<u64>> {
        // One has something to say. How many of them are asked, and how often are they looked
        // through?
        let mut fds: Vec<Pollable<'_>> = self.watched.iter().map(Watched::pollable).collect();
        poll(&mut fds, Instant::now(), Some(until))?;
        let both = self.watched.iter().zip(&fds);
        let ready = both.filter(|(_, fd)| fd.is_ready());
        Ok(ready.map(|(watched, _)| watched.token).collect())
    }
}

/// Guests at once, and those who are let in in one turn.
const GUESTS: usize = 4_000;
const ACCEPTS: usize = 64;

/// Between two looks at all deadlines, of which the shortest is two seconds.
const SWEEP: Duration = Duration::from_secs(1);

/// Tokens of what is no guest. A guest's is a number that nobody had before.
const DOOR: u64 = 0;
const STOP: u64 = 1;

struct Room<'h> {
    listener: &'h TcpListener,
    site: &'h dyn Handler,
    config: &'h Config,
    readiness: Readiness,
    guests: HashMap<u64, Session<'h>>,
    last: u64,
    /// Those who have stopped only to be fair.
    again: Vec<u64>,
}

impl Room<'_> {
    fn run(&mut self, stop: &Stop) -> io::Result<()> {
        let signal = StopSignal::new(stop)?;
        let (door, readable) = (self.listener.as_fd(), Interest::READ);
        self.readiness.watch(signal.fd(), STOP, readable)?;
        self.readiness.watch(door, DOOR, readable)?;
        let mut sweep = Instant::now() + SWEEP;
        while !signal.is_raised() {
            let until = if self.again.is_empty() {
                sweep
            } else {
                Instant::now()
            };
            let mut turns = self.readiness.wait(until)?;
            turns.append(&mut self.again);
            if sweep <= Instant::now() {
                sweep += SWEEP;
                turns.extend(self.overdue());
            }
            for token in turns {
                match token {
                    DOOR => self.accept()?,
                    STOP => {}
                    guest => self.turn(guest)?,
                }
            }
        }
        Ok(())
    }

    fn overdue(&self) -> impl Iterator<Item = u64> {
        let now = Instant::now();
        let late = self
            .guests
            .iter()
            .filter(move |(_, session)| session.deadline() <= now);
        late.map(|(token, _)| *token)
    }

    fn accept(&mut self) -> io::Result<()> {
        for _ in 0..ACCEPTS {
            match self.listener.accept() {
                Ok((stream, _)) if self.guests.len() < GUESTS => {
                    let session = Session::new(stream, self.site, self.config, Instant::now());
                    // The guest may have gone while they waited to be let in.
                    let Ok(session) = session else { continue };
                    self.last += 1;
                    self.guests.insert(self.last, session);
                    self.turn(self.last)?;
                }
                // They see the end at once.
                Ok(_too_many) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if accept_fate(&error) == AcceptFate::Retry => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Lets a session do what it can, and says what it wants next. It serves files, so the client
    /// is all it ever waits for.
    fn turn(&mut self, token: u64) -> io::Result<()> {
        let Some(session) = self.guests.get_mut(&token) else {
            return Ok(());
        };
        let step = session.step(Instant::now());
        let [Some(client), ..] = session.wants() else {
            unreachable!("the client is an end while the session lives");
        };
        match step {
            Ok(Step::Waiting) => self.readiness.watch(client.fd, token, client.interest)?,
            Ok(Step::Again) => self.again.push(token),
            Ok(Step::Closed) | Err(_) => {
                self.readiness.forget(client.fd, token)?;
                self.guests.remove(&token);
            }
        }
        Ok(())
    }
}

fn serve(given: &Given) -> io::Result<()> {
    let stop = given.stop()?;
    let listener = given.listener()?;
    listener.set_nonblocking(true)?;
    let site = Files::new(&given.root()?)?.listing(Listing::Shown);
    let mut room = Room {
        listener: &listener,
        site: &site,
        config: &Config::default(),
        readiness: Readiness::new()?,
        guests: HashMap::new(),
        last: STOP,
        again: Vec::new(),
    };
    room.run(&stop)
}

fn main() -> ExitCode {
    exercise::main("4k", serve)
}
