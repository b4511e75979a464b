//! 4h Good bye: asked to end, a server finishes what it has begun, and begins nothing more.
//!
//! Those in the queue are let in, for they have been told that they are connected; those who come
//! later are refused by the kernel. Every answer is the last on its connection, and the grace is
//! bounded.

use check::exercise::{self, Given};
use concurrency::sys::{self, Interest, Pollable, poll};
use concurrency::{Session, Step, StopSignal};
use socket::{AcceptFate, Stop, accept_fate};
use static_files::{Config, Handler, Timeouts};
use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Guests at once, and how many are let in in one turn.
const GUESTS: usize = 8_000;
const ACCEPTS: usize = 64;

/// Guests who may be in the kernel's queue: what `std` asks it for.
const QUEUE: usize = 128;

struct Guest<'h> {
    session: Session<'h>,
    /// Something that the session wants is there.
    is_ready: bool,
}

struct Room<'h> {
    listener: &'h TcpListener,
    site: &'h dyn Handler,
    config: &'h Config,
    guests: Vec<Guest<'h>>,
}

impl Room<'_> {
    /// Serves everybody until `stop` is raised, and then those who are being served.
    fn run(&mut self, stop: &Stop) -> io::Result<()> {
        let signal = StopSignal::new(stop)?;
        while !signal.is_raised() {
            self.wait(signal.fd(), Some(self.listener), None)?;
            self.accept()?;
            self.turn();
        }
        // As many as the queue can hold, and no more of those who knock meanwhile.
        for _ in 0..QUEUE / ACCEPTS {
            self.accept()?;
        }
        sys::stop_listening(self.listener)?;
        for guest in &mut self.guests {
            guest.session.stop();
            // Taken into account by the next step.
            guest.is_ready = true;
        }
        let until = Instant::now() + self.config.timeouts.grace;
        loop {
            self.turn();
            if self.guests.is_empty() || stop.is_cut() || Instant::now() >= until {
                return Ok(());
            }
            self.wait(signal.cut_fd(), None, Some(until))?;
        }
    }

    /// Sleeps until a guest can go on, somebody knocks at the door, the signal comes, or it is time
    /// for something: `until`, at the latest.
    fn wait(
        &mut self,
        signal: BorrowedFd<'_>,
        door: Option<&TcpListener>,
        until: Option<Instant>,
    ) -> io::Result<()> {
        let mut fds = vec![Pollable::new(signal, Interest::READ)];
        let mut whose = Vec::with_capacity(self.guests.len());
        for (number, guest) in self.guests.iter().enumerate() {
            let wants = guest.session.wants().into_iter().flatten();
            for want in wants.filter(|want| want.is_watched()) {
                fds.push(Pollable::new(want.fd, want.interest));
                whose.push(number);
            }
        }
        if let Some(door) = door.filter(|_| self.guests.len() < GUESTS) {
            fds.push(Pollable::new(door.as_fd(), Interest::READ));
        }
        let now = Instant::now();
        let due = |guest: &Guest| match guest.is_ready {
            true => now,
            false => guest.session.deadline(),
        };
        let first = self.guests.iter().map(due).chain(until).min();
        poll(&mut fds, now, first)?;
        let ready: Vec<bool> = fds.iter().skip(1).map(Pollable::is_ready).collect();
        for (number, is_ready) in whose.into_iter().zip(ready) {
            self.guests[number].is_ready |= is_ready;
        }
        Ok(())
    }

    fn accept(&mut self) -> io::Result<()> {
        for _ in 0..ACCEPTS.min(GUESTS - self.guests.len()) {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    let session = Session::new(stream, self.site, self.config, Instant::now());
                    let is_ready = true;
                    // The guest may have gone while they waited to be let in.
                    let guest = session.ok().map(|session| Guest { session, is_ready });
                    self.guests.extend(guest);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if accept_fate(&error) == AcceptFate::Retry => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Lets all those go on who can, and forgets those who are done.
    fn turn(&mut self) {
        let now = Instant::now();
        self.guests.retain_mut(|guest| {
            if !guest.is_ready && now < guest.session.deadline() {
                return true;
            }
            let step = guest.session.step(now);
            guest.is_ready = matches!(step, Ok(Step::Again));
            matches!(step, Ok(Step::Again | Step::Waiting))
        });
    }
}

fn serve(given: &Given) -> io::Result<()> {
    let stop = given.stop()?;
    let (listener, site) = (given.listener()?, given.handler()?);
    let timeouts = Timeouts {
        head: Duration::from_secs(2),
        ..Timeouts::default()
    };
    let config = Config {
        timeouts,
        ..Config::default()
    };
    listener.set_nonblocking(true)?;
    let mut room = Room {
        listener: &listener,
        site: &*site,
        config: &config,
        guests: Vec::new(),
    };
    room.run(&stop)
}

fn main() -> ExitCode {
    exercise::main("4h", serve)
}
