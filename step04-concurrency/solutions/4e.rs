//! 4e Five thousand idle: a guest who says nothing costs a line in a table, and no thread.
//!
//! What the kernel is told is computed from what a session wants, after each step, and set nowhere
//! else. There is no clock yet, and the end is a sudden one: both are of chapter 4.6.

use check::exercise::{self, Given};
use concurrency::sys::{Epoll, Events, Interest};
use concurrency::{ENDS, Session, Step, StopSignal};
use socket::{AcceptFate, Stop, accept_fate};
use static_files::{Config, Handler};
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::mem;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Instant;

/// Guests at once.
const GUESTS: usize = 10_000;

/// Guests who are let in, and events that are heard of, in one turn.
const ACCEPTS: usize = 64;
const EVENTS: usize = 256;

/// Tokens of what is no guest. A guest's is a number that nobody had before, times [`ENDS`], and
/// the number of the end: so an event that is out of date finds nobody.
const DOOR: u64 = 0;
const STOP: u64 = 1;

struct Guest<'h> {
    session: Session<'h>,
    /// What the kernel was told, by end.
    told: [Option<Interest>; ENDS],
    serial: (u32, u32),
}

struct Room<'h> {
    listener: &'h TcpListener,
    handler: &'h dyn Handler,
    config: &'h Config,
    epoll: Epoll,
    guests: HashMap<u64, Guest<'h>>,
    /// The number of the guest who came last.
    last: u64,
    /// Whether the door is watched.
    open: bool,
    /// Those who have stopped only to be fair.
    again: Vec<u64>,
}

/// Serves everybody until `stop` is raised.
fn everybody(
    listener: &TcpListener,
    handler: &dyn Handler,
    config: &Config,
    stop: &Stop,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let (epoll, signal) = (Epoll::new()?, StopSignal::new(stop)?);
    epoll.add(signal.fd(), STOP, Interest::READ)?;
    let mut room = Room {
        listener,
        handler,
        config,
        epoll,
        guests: HashMap::new(),
        last: 0,
        open: false,
        again: Vec::new(),
    };
    let mut events = Events::with_capacity(EVENTS);
    while !stop.is_stopped() {
        room.open_or_close()?;
        let now = Instant::now();
        let until = (!room.again.is_empty()).then_some(now);
        room.epoll.wait(&mut events, now, until)?;
        let again = mem::take(&mut room.again);
        for event in events.iter() {
            match event.token {
                DOOR => room.accept()?,
                STOP => {}
                token if event.gone && token % ENDS as u64 == 0 => room.leave(token),
                token => room.turn(token),
            }
        }
        again.into_iter().for_each(|number| room.turn(number));
    }
    Ok(())
}

impl Room<'_> {
    /// Watches the door as long as there is room: those outside wait in the kernel's queue.
    fn open_or_close(&mut self) -> io::Result<()> {
        let wanted = self.guests.len() < GUESTS;
        match (self.open, wanted) {
            (false, true) => self
                .epoll
                .add(self.listener.as_fd(), DOOR, Interest::READ)?,
            (true, false) => self.epoll.delete(self.listener.as_fd())?,
            (true, true) | (false, false) => {}
        }
        self.open = wanted;
        Ok(())
    }

    fn accept(&mut self) -> io::Result<()> {
        for _ in 0..ACCEPTS.min(GUESTS - self.guests.len()) {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    let session = Session::new(stream, self.handler, self.config, Instant::now());
                    // The guest may have gone while they waited to be let in.
                    let Ok(session) = session else { continue };
                    self.last += 1;
                    let guest = Guest {
                        session,
                        told: [None; ENDS],
                        serial: (0, 0),
                    };
                    self.guests.insert(self.last, guest);
                    // Most have sent their request by now: a wait less.
                    self.turn(self.last * ENDS as u64);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => match accept_fate(&error) {
                    AcceptFate::Retry => {}
                    AcceptFate::Pause | AcceptFate::Fatal => return Err(error),
                },
            }
        }
        Ok(())
    }

    /// Lets a guest's session do what it can, and tells the kernel what has changed.
    fn turn(&mut self, token: u64) {
        let number = token / ENDS as u64;
        let Some(guest) = self.guests.get_mut(&number) else {
            return;
        };
        let step = guest.session.step(Instant::now());
        let told = guest.tell(&self.epoll, number);
        match (step, told) {
            (Ok(Step::Waiting), Ok(())) => guest.session.release(),
            (Ok(Step::Again), Ok(())) => self.again.push(number * ENDS as u64),
            // An error ends one connection; its guest knows, and nobody else need.
            (Ok(Step::Closed) | Err(_), _) | (_, Err(_)) => self.leave(token),
        }
    }

    /// Forgets a guest. Closing a descriptor ends its registration.
    fn leave(&mut self, token: u64) {
        self.guests.remove(&(token / ENDS as u64));
    }
}

impl Guest<'_> {
    /// Tells the kernel the difference between what it watches and what the session wants.
    fn tell(&mut self, epoll: &Epoll, number: u64) -> io::Result<()> {
        let serial = self.session.serial();
        if mem::replace(&mut self.serial, serial) != serial {
            // Another program behind the server: what was told of the earlier one closed with it.
            self.told[1..].fill(None);
        }
        for (end, want) in self.session.wants().into_iter().enumerate() {
            let Some(want) = want else {
                self.told[end] = None;
                continue;
            };
            let token = number * ENDS as u64 + end as u64;
            let wanted = want.is_watched().then_some(want.interest);
            match (self.told[end], wanted) {
                (None, Some(new)) => epoll.add(want.fd, token, new)?,
                (Some(_), None) => epoll.delete(want.fd)?,
                (Some(old), Some(new)) if old != new => epoll.modify(want.fd, token, new)?,
                (None, None) | (Some(_), Some(_)) => {}
            }
            self.told[end] = wanted;
        }
        Ok(())
    }
}

fn serve(given: &Given) -> io::Result<()> {
    let stop = given.stop()?;
    let (listener, handler) = (given.listener()?, given.handler()?);
    everybody(&listener, &*handler, &Config::default(), &stop)
}

fn main() -> ExitCode {
    exercise::main("4e", serve)
}
