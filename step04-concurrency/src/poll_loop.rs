//! One thread, many sockets, the plainest way: ask poll(2) about all of them, in each turn anew.
//!
//! ```text
//!   for every session: what does it want? ─► poll ─► for every session: is it its turn? ─► step
//! ```
//!
//! Nothing is kept between two turns but the sessions, so nothing can be out of date: no
//! registration, no token, no timer. The price is a list of everybody in each turn, written here
//! and read again by the kernel, also when one of ten thousand has something to say.

use crate::session::{HangUp, Session, Step};
use crate::shortage::{Shortage, TO_ASK};
use crate::shutdown::{Arrival, Door, Ending, StopSignal, stop_accepting};
use crate::sys::{Interest, Pollable, poll};
use socket::{AcceptFate, Stop, accept_fate};
use static_files::{Config, Handler};
use std::io;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// Connections accepted in one turn: a burst of new ones must not keep the old ones waiting.
const ACCEPTS: usize = 64;
/// How long accepting pauses when the system has no descriptors left.
const PAUSE: Duration = Duration::from_millis(100);
/// Idle connections closed to get descriptors back.
const MAKE_ROOM: usize = 16;

/// Serves until `stop` is raised and what was under way then is answered, or the grace period over.
/// The listener is made nonblocking, and stays so.
///
/// # Errors
/// The listener or poll itself failed. What goes wrong on a connection ends that connection.
pub fn poll_loop(
    listener: &TcpListener,
    handler: &dyn Handler,
    config: &Config,
    stop: &Stop,
) -> io::Result<()> {
    let signal = StopSignal::new(stop)?;
    listener.set_nonblocking(true)?;
    PollLoop {
        listener,
        handler,
        config,
        signal,
        guests: Vec::new(),
        paused: None,
        shortage: Shortage::new()?,
        ending: None,
        closed: false,
    }
    .run()
}

/// Why a session gets its turn, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Nothing it wants is ready.
    Waits,
    /// Something is, or it stopped only to be fair.
    Ready,
    /// Its client has left.
    Gone,
}

struct Guest<'h> {
    session: Session<'h>,
    turn: Turn,
}

struct PollLoop<'h> {
    listener: &'h TcpListener,
    handler: &'h dyn Handler,
    config: &'h Config,
    signal: StopSignal<'h>,
    /// At most `config.connections`.
    guests: Vec<Guest<'h>>,
    /// No descriptors: when accepting is tried again.
    paused: Option<Instant>,
    shortage: Shortage,
    /// Stopped: what happens when.
    ending: Option<Ending>,
    /// Nobody is let in any more.
    closed: bool,
}

impl PollLoop<'_> {
    // ANCHOR: run
    fn run(mut self) -> io::Result<()> {
        loop {
            let now = Instant::now();
            if self.has_ended(now)? {
                return Ok(());
            }
            self.wait(now)?;
            let now = Instant::now();
            if self.listens(now) {
                self.accept(now)?;
            }
            let there = self.guests.len();
            self.guests.retain_mut(|guest| guest.keep(now));
            if self.guests.len() < there {
                // A descriptor is free, for whoever waits to be let in.
                self.paused = None;
            }
        }
    }
    // ANCHOR_END: run

    // ANCHOR: wait
    /// Asks everybody what they want, waits until somebody can have it, and notes who.
    fn wait(&mut self, now: Instant) -> io::Result<()> {
        let mut fds = Vec::with_capacity(2 + self.guests.len());
        let mut whose = Vec::with_capacity(2 + self.guests.len());
        // A signal that has been heard stays readable, so it is not listened to again.
        let signal = match self.ending {
            None => self.signal.fd(),
            Some(_) => self.signal.cut_fd(),
        };
        fds.push(Pollable::new(signal, Interest::READ));
        if self.listens(now) {
            fds.push(Pollable::new(self.listener.as_fd(), Interest::READ));
        }
        let others = fds.len();
        for (number, guest) in self.guests.iter().enumerate() {
            for want in guest.session.wants().into_iter().flatten() {
                if want.is_watched() {
                    fds.push(Pollable::new(want.fd, want.interest));
                    whose.push((number, want.hang_up));
                }
            }
        }
        poll(&mut fds, now, self.next_deadline(now))?;
        let told: Vec<Turn> = fds[others..].iter().map(Turn::from).collect();
        for ((number, hang_up), turn) in whose.into_iter().zip(told) {
            self.guests[number].hear(hang_up, turn);
        }
        Ok(())
    }
    // ANCHOR_END: wait

    fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let deadlines = self.guests.iter().map(|guest| match guest.turn {
            Turn::Waits => guest.session.deadline(),
            Turn::Ready | Turn::Gone => now,
        });
        let ending = self.ending.map(|ending| ending.next_change(now));
        deadlines.chain(self.paused).chain(ending).min()
    }

    fn listens(&self, now: Instant) -> bool {
        !self.closed
            && self.paused.is_none_or(|until| now >= until)
            && self.guests.len() < self.config.connections
    }

    fn accept(&mut self, now: Instant) -> io::Result<()> {
        self.paused = None;
        if let Err(error) = self.shortage.is_over(self.listener) {
            self.make_room(&error, now);
            return Ok(());
        }
        let places = self.config.connections - self.guests.len();
        for _ in 0..ACCEPTS.min(places) {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    let room = self.shortage.look_at(&stream);
                    // The client may have gone while it waited to be accepted.
                    let session = Session::new(stream, self.handler, self.config, now);
                    let guest = session.ok().map(|session| self.guest(session, now));
                    self.guests.extend(guest);
                    if let Err(error) = room {
                        self.make_room(&error, now);
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => match accept_fate(&error) {
                    AcceptFate::Retry => {}
                    AcceptFate::Pause => {
                        self.make_room(&error, now);
                        break;
                    }
                    AcceptFate::Fatal => return Err(error),
                },
            }
        }
        Ok(())
    }

    fn guest<'h>(&self, mut session: Session<'h>, now: Instant) -> Guest<'h> {
        if let Some(ending) = self.ending {
            ending.limit(&mut session, Arrival::Since, now);
        }
        // Most clients have sent their request by now: a wait less.
        let turn = Turn::Ready;
        Guest { session, turn }
    }

    /// Without descriptors: pauses accepting, closes those that nobody would miss, says so.
    fn make_room(&mut self, error: &io::Error, now: Instant) {
        self.paused = Some(now + PAUSE);
        let latest = now + self.config.timeouts.idle.saturating_sub(TO_ASK);
        let guests = self.guests.iter_mut();
        let mut idle: Vec<&mut Guest<'_>> = guests
            .filter(|guest| guest.turn == Turn::Waits && guest.session.is_idle())
            .filter(|guest| guest.session.deadline() <= latest)
            .collect();
        // Who has been idle longest goes first.
        idle.sort_by_key(|guest| guest.session.deadline());
        idle.truncate(MAKE_ROOM);
        self.shortage.report(error, idle.len(), now);
        for guest in idle {
            guest.turn = Turn::Gone;
        }
    }

    /// Whether the loop is over. Begins to end when it is asked to, and closes the door when its
    /// time has come.
    fn has_ended(&mut self, now: Instant) -> io::Result<bool> {
        let before = self.ending;
        self.ending = self.signal.ending(&self.config.timeouts);
        let Some(ending) = self.ending else {
            return Ok(false);
        };
        if before.is_none() {
            self.closed = matches!(ending.door, Door::Left(_));
            self.wind_down(ending, Arrival::Before, now);
        }
        match ending.door {
            Door::Closes(at) if at <= now && !self.closed => {
                // Whoever is in the queue has been told by the kernel that they are connected.
                self.accept(now)?;
                stop_accepting(self.listener);
                self.closed = true;
                self.wind_down(ending, Arrival::Since, now);
            }
            Door::Closes(_) | Door::Left(_) => {}
        }
        Ok(ending.cut <= now || self.closed && self.guests.is_empty())
    }

    /// Has every session look how long it may still wait.
    fn wind_down(&mut self, ending: Ending, arrival: Arrival, now: Instant) {
        for guest in &mut self.guests {
            ending.limit(&mut guest.session, arrival, now);
            guest.turn = Turn::Ready;
        }
    }
}

impl Guest<'_> {
    fn hear(&mut self, hang_up: HangUp, turn: Turn) {
        self.turn = match (self.turn, turn) {
            (Turn::Gone, _) => Turn::Gone,
            // A program's hang-up is for the session to find: an answer may still be in the pipe.
            (_, Turn::Gone) if hang_up == HangUp::Event => Turn::Ready,
            (Turn::Ready, Turn::Waits) => Turn::Ready,
            (Turn::Waits | Turn::Ready, turn) => turn,
        };
    }

    // ANCHOR: keep
    /// Lets the session take a step if there is reason to; false when it is over.
    fn keep(&mut self, now: Instant) -> bool {
        if self.turn == Turn::Gone {
            return false;
        }
        if self.turn == Turn::Waits && self.session.deadline() > now {
            return true;
        }
        self.turn = Turn::Waits;
        match self.session.step(now) {
            Ok(Step::Waiting) => {
                self.session.release();
                true
            }
            Ok(Step::Again) => {
                self.turn = Turn::Ready;
                true
            }
            // An error ends one connection; there is nobody to tell but its client, who knows.
            Ok(Step::Closed) | Err(_) => false,
        }
    }
    // ANCHOR_END: keep
}

impl From<&Pollable<'_>> for Turn {
    fn from(pollable: &Pollable<'_>) -> Turn {
        if pollable.is_gone() {
            Turn::Gone
        } else if pollable.is_ready() {
            Turn::Ready
        } else {
            Turn::Waits
        }
    }
}
