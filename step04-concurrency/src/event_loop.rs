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

use crate::StopSignal;
use crate::seat::Seat;
use crate::seats::{Seats, Token};
use crate::session::{CLIENT, Session, Step};
use crate::shutdown::stop_accepting;
use crate::sys::{Epoll, Events, Interest};
use crate::timers::Timers;
use crate::trace::Recorder;
use socket::{AcceptFate, Stop, accept_fate};
use static_files::{Config, Handler};
use std::io;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// Connections accepted in one turn: a burst of new ones must not keep the old ones waiting.
const ACCEPTS: usize = 64;
/// Ready descriptors heard of in one turn.
const EVENTS: usize = 256;
/// How long accepting pauses when the system has no descriptors left.
const PAUSE: Duration = Duration::from_millis(100);
/// Idle connections closed to get descriptors back.
const MAKE_ROOM: usize = 16;
/// How often running out of descriptors is reported.
const REPORT: Duration = Duration::from_secs(60);

/// Serves until `stop` is raised and what was under way then is answered, or the grace period over.
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
    let served = run_loop(listener, handler, config, stop);
    listener.set_nonblocking(false)?;
    served
}

/// The same for a listener that is nonblocking already, and stays so: other loops may share it.
pub(crate) fn run_loop(
    listener: &TcpListener,
    handler: &dyn Handler,
    config: &Config,
    stop: &Stop,
) -> io::Result<()> {
    EventLoop::new(listener, handler, config, stop)?.run()
}

struct EventLoop<'h> {
    listener: &'h TcpListener,
    handler: &'h dyn Handler,
    config: &'h Config,
    signal: StopSignal<'h>,
    epoll: Epoll,
    seats: Seats<Seat<'h>>,
    timers: Timers,
    /// Sessions that stopped only to be fair.
    again: Vec<Token>,
    listening: bool,
    /// No descriptors: when accepting is tried again.
    paused: Option<Instant>,
    reported: Option<Instant>,
    /// Stopped: when what is left is cut.
    cut: Option<Instant>,
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
        Ok(EventLoop {
            listener,
            handler,
            config,
            signal,
            epoll,
            seats: Seats::new(config.connections),
            timers: Timers::default(),
            again: Vec::new(),
            listening: false,
            paused: None,
            reported: None,
            cut: None,
            recorder: Recorder::new(Instant::now()),
        })
    }

    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        loop {
            let now = Instant::now();
            if self
                .cut
                .is_some_and(|cut| now >= cut || self.seats.is_empty())
            {
                return Ok(());
            }
            self.listen_or_not(now)?;
            let deadline = self.next_deadline(now);
            self.recorder.waits(deadline);
            self.epoll.wait(&mut events, now, deadline)?;
            let now = Instant::now();
            self.recorder.woke(events.iter().len(), now);
            for event in events.iter() {
                match Token::from(event.token) {
                    Token::LISTENER => self.accept(now)?,
                    Token::STOP => self.drain(now)?,
                    token if event.gone && self.is_over(token) => self.leave(token),
                    token => {
                        self.recorder.ready(token, self.seats.get(token));
                        self.step(token, now);
                    }
                }
            }
            for token in std::mem::take(&mut self.again) {
                self.step(token, now);
            }
            while let Some((at, token)) = self.timers.due(now) {
                self.expire(token.into(), at, now);
            }
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
        [self.timers.next(), self.paused, self.cut]
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
        let kept = match seat.session.step(now) {
            Ok(Step::Waiting) => true,
            Ok(Step::Again) => {
                self.again.push(token.with_end(CLIENT));
                true
            }
            // An error ends one connection; there is nobody to tell but its client, who knows.
            Ok(Step::Closed) | Err(_) => false,
        };
        let seat = self.seats.get(token).expect("nobody has left since");
        if !kept || seat.reconcile(&self.epoll, token).is_err() {
            self.recorder.stepped(token, seat);
            return self.leave(token);
        }
        let deadline = seat.session.deadline();
        if seat.armed.is_none_or(|armed| deadline < armed) {
            seat.armed = Some(deadline);
            self.timers.arm(deadline, token.with_end(CLIENT).into());
        }
        self.recorder.stepped(token, seat);
    }

    /// Drops a session, and with it its descriptors and their registrations.
    fn leave(&mut self, token: Token) {
        self.recorder.closed(token);
        self.seats.remove(token);
    }

    // ANCHOR: expire
    fn expire(&mut self, token: Token, at: Instant, now: Instant) {
        let Some(seat) = self.seats.get(token) else {
            return;
        };
        if seat.armed != Some(at) {
            return;
        }
        let deadline = seat.session.deadline();
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

    /// Derives whether to listen, and tells the kernel if that has changed.
    fn listen_or_not(&mut self, now: Instant) -> io::Result<()> {
        if self.paused.is_some_and(|until| now >= until) {
            self.paused = None;
        }
        let wanted = self.cut.is_none() && self.paused.is_none() && !self.seats.is_full();
        if wanted && !self.listening {
            self.epoll
                .add_shared(self.listener.as_fd(), Token::LISTENER.into())?;
        } else if !wanted && self.listening {
            self.epoll.delete(self.listener.as_fd())?;
        }
        self.listening = wanted;
        Ok(())
    }

    fn accept(&mut self, now: Instant) -> io::Result<()> {
        for _ in 0..ACCEPTS {
            if self.seats.is_full() || self.cut.is_some() {
                return Ok(());
            }
            match self.listener.accept() {
                Ok((stream, _)) => {
                    // The client may have gone while it waited to be accepted.
                    if let Ok(session) = Session::new(stream, self.handler, self.config, now) {
                        let token = self.seats.insert(Seat::new(session));
                        self.recorder.opened(token, self.seats.get(token));
                        // Most clients have sent their request by now: a wait less.
                        self.step(token, now);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => match accept_fate(&error) {
                    AcceptFate::Retry => {}
                    AcceptFate::Pause => {
                        self.make_room(&error, now);
                        return Ok(());
                    }
                    // Another loop that shares the listener has stopped it.
                    AcceptFate::Fatal if self.signal.is_raised() => return Ok(()),
                    AcceptFate::Fatal => return Err(error),
                },
            }
        }
        Ok(())
    }

    /// Without descriptors: pauses accepting, closes those that nobody would miss, says so.
    fn make_room(&mut self, error: &io::Error, now: Instant) {
        self.paused = Some(now + PAUSE);
        let idle = self
            .seats
            .tokens_where(|seat| seat.session.is_idle(), MAKE_ROOM);
        for token in &idle {
            self.leave(*token);
        }
        if self.reported.is_none_or(|at| now >= at + REPORT) {
            self.reported = Some(now);
            let closed = idle.len();
            eprintln!("accepting pauses: {error}; {closed} idle connections were closed");
        }
    }

    /// Asked to stop: no new connections, idle ones end, answers under way are the last.
    fn drain(&mut self, now: Instant) -> io::Result<()> {
        self.epoll.delete(self.signal.fd())?;
        // Whoever is in the queue has been told by the kernel that they are connected.
        self.accept(now)?;
        stop_accepting(self.listener);
        self.recorder.stops();
        self.cut = Some(now + self.config.timeouts.grace);
        for token in self.seats.tokens_where(|_| true, usize::MAX) {
            if let Some(seat) = self.seats.get(token) {
                seat.session.stop();
                self.step(token, now);
            }
        }
        Ok(())
    }
}
