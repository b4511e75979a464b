//! One thread, many sockets: wait until something is ready, let its session take a step, repeat.
//!
//! ```text
//!           ┌────────────────────────── epoll_wait ◄──────────────────────────┐
//!           ▼                                                                 │
//!   listener ready ─► accept some          session ready ─► step ─► reconcile ┘
//!   stop raised ────► drain                deadline passed ─► step ─► reconcile
//! ```
//!
//! Interest is derived: after each step the loop asks the session what it wants and tells the
//! kernel the difference, which on the usual path is nothing.
//!
//! The loop knows nothing of HTTP, and sessions know nothing of the loop.

mod accepting;
mod ending;

use crate::posts::Posts;
use crate::seat::{Seat, Service, Watch};
use crate::seats::{Seats, Token};
use crate::session::{CLIENT, Desks, Step};
use crate::shortage::Shortage;
use crate::shutdown::{Ending, StopSignal};
use crate::sys::{self, Epoll, Events, Interest};
use crate::timers::Timers;
use crate::trace::Recorder;
use socket::Stop;
use static_files::{Config, Handler, Kept};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Instant;

/// Ready descriptors heard of in one turn.
const EVENTS: usize = 256;

/// Octets that the kernel holds for a client beyond what the network has taken: enough to keep a fast
/// one busy until the loop comes round again.
const UNSENT: i32 = 512 * 1024;

/// Serves until `stop` is raised and what was under way then is answered, or the grace period over.
/// The listener is made nonblocking, and stays so: other loops may share it.
///
/// # Errors
/// The listener or epoll itself failed. What goes wrong on a connection ends that connection.
pub fn event_loop(
    listener: &TcpListener,
    handler: &dyn Handler,
    config: &Config,
    stop: &Stop,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    EventLoop::new(listener, handler, config, stop)?.run()
}

struct EventLoop<'h> {
    listener: &'h TcpListener,
    addr: SocketAddr,
    config: &'h Config,
    service: Service<'h>,
    signal: StopSignal<'h>,
    watch: Watch,
    seats: Seats<Seat<'h>>,
    timers: Timers,
    /// Sessions that stopped only to be fair, or can go on because of another one.
    again: Vec<Token>,
    listening: bool,
    /// No descriptors: when accepting is tried again.
    paused: Option<Instant>,
    shortage: Shortage,
    /// Stopped: what happens when.
    ending: Option<Ending>,
    /// Nobody is let in any more.
    closed: bool,
    recorder: Recorder,
}

impl<'h> EventLoop<'h> {
    fn new(
        listener: &'h TcpListener,
        handler: &'h dyn Handler,
        config: &'h Config,
        stop: &'h Stop,
    ) -> io::Result<EventLoop<'h>> {
        let signal = StopSignal::new(stop)?;
        let epoll = Epoll::new()?;
        epoll.add(signal.fd(), Token::STOP.into(), Interest::READ)?;
        epoll.add(signal.cut_fd(), Token::STOP.into(), Interest::READ)?;
        // Answers are written whole; waiting to fill a packet (Nagle) would only delay them.
        sys::accept_without_delay(listener)?;
        sys::accept_with_unsent(listener, UNSENT)?;
        Ok(EventLoop {
            listener,
            addr: listener.local_addr()?,
            config,
            service: Service {
                handler,
                config,
                desks: Desks::default(),
            },
            signal,
            watch: Watch {
                epoll,
                posts: Posts::default(),
            },
            seats: Seats::new(config.connections),
            timers: Timers::default(),
            again: Vec::new(),
            listening: false,
            paused: None,
            shortage: Shortage::new()?,
            ending: None,
            closed: false,
            recorder: Recorder::new(Instant::now()),
        })
    }

    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        loop {
            let now = Instant::now();
            if self.has_ended(now)? {
                return Ok(());
            }
            self.listen_or_not(now)?;
            self.hear_stirred();
            let deadline = self.next_deadline(now);
            self.recorder.waits(deadline);
            self.watch.epoll.wait(&mut events, now, deadline)?;
            let now = Instant::now();
            self.recorder.woke(events.iter().len(), now);
            for event in events.iter() {
                match Token::from(event.token) {
                    Token::LISTENER => self.accept(now).map(drop)?,
                    Token::STOP => self.begin_ending(now)?,
                    token if token.is_of_post() => {
                        if let Some(holder) = self.watch.posts.holder(token, &self.watch.epoll) {
                            self.ready(holder, event.gone, now);
                        }
                    }
                    token => self.ready(token, event.gone, now),
                }
            }
            self.hear_stirred();
            for token in std::mem::take(&mut self.again) {
                self.step(token, now);
            }
            while let Some((at, token)) = self.timers.due(now) {
                self.expire(token.into(), at, now);
            }
        }
    }

    /// Something can be done at one end of a session.
    fn ready(&mut self, token: Token, gone: bool, now: Instant) {
        if gone && self.is_over(token) {
            return self.leave(token);
        }
        self.recorder.ready(token, self.seats.get(token));
        self.step(token, now);
    }

    /// Who was told something by another session of this loop goes on without a wait.
    fn hear_stirred(&mut self) {
        for address in Kept::stirred() {
            self.again.extend(self.watch.posts.holder_at(address));
        }
    }

    /// Whether nobody is left to answer once the end that the token names has hung up.
    fn is_over(&mut self, token: Token) -> bool {
        let seat = self.seats.get(token);
        seat.is_some_and(|seat| seat.is_over_at_hang_up(token.end()))
    }

    fn next_deadline(&self, now: Instant) -> Option<Instant> {
        if !self.again.is_empty() {
            return Some(now);
        }
        let ending = self.ending.map(|ending| ending.next_change(now));
        [self.timers.next(), self.paused, ending]
            .into_iter()
            .flatten()
            .min()
    }

    /// Lets one session do what it can, and tells the kernel what it wants next.
    fn step(&mut self, token: Token, now: Instant) {
        // A token of a session that ended earlier in this turn finds nobody.
        let Some(seat) = self.seats.get(token) else {
            return;
        };
        let kept = match seat.step(token.end(), &mut self.service, &mut self.watch, now) {
            Ok(Step::Waiting) => true,
            Ok(Step::Again) => {
                self.again.push(token.with_end(CLIENT));
                true
            }
            // An error ends one connection; its client knows, and nobody else need.
            Ok(Step::Closed) | Err(_) => false,
        };
        let seat = self.seats.get(token).expect("nobody has left since");
        if !kept || seat.reconcile(&mut self.watch, token).is_err() {
            self.recorder.stepped(token, seat);
            return self.leave(token);
        }
        let deadline = seat.deadline();
        if seat.armed.is_none_or(|armed| deadline < armed) {
            seat.armed = Some(deadline);
            self.timers.arm(deadline, token.with_end(CLIENT).into());
        }
        self.recorder.stepped(token, seat);
        seat.fold(&mut self.service);
    }

    /// Drops a session, its descriptors and their registrations.
    fn leave(&mut self, token: Token) {
        self.recorder.closed(token);
        if let Some(seat) = self.seats.get(token) {
            seat.forget(&mut self.watch);
            seat.leave(&mut self.service);
        }
        self.seats.remove(token);
        // A descriptor is free, for whoever waits to be let in.
        self.paused = None;
    }

    // ANCHOR: expire
    fn expire(&mut self, token: Token, at: Instant, now: Instant) {
        let Some(seat) = self.seats.get(token) else {
            return;
        };
        if seat.armed != Some(at) {
            return;
        }
        let deadline = seat.deadline();
        if deadline <= now {
            seat.armed = None;
            self.recorder.due(token, seat);
            self.step(token, now);
        } else {
            seat.armed = Some(deadline);
            self.timers.arm(deadline, token.into());
        }
    }
    // ANCHOR_END: expire
}
