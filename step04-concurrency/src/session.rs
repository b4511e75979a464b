//! One connection as a value: everything that a thread would keep on its stack.
//!
//! ```text
//!             head            content sent          request read to its end
//! Receiving ───────► Sending ──────────────► Draining ─────────────────────► Receiving
//!     │          └─► Exchanging ─────────────┘   │ the connection must close
//!     └─ unreadable ─► Sending ──────────────────┴─► Leaving ─► Lingering ─► (closed)
//!                                                       └─ all is heard ───►
//! ```
//!
//! Rules of use: call [`Session::step`] when one of [`Session::wants`] is ready or
//! [`Session::deadline`] has passed. It moves what can be moved, never waits, and does a bounded
//! amount of work. Both answers are derived from the state, so they are asked anew after each step.
//!
//! It does not wait, and does not know who waits for it: `drive` does with poll(2), one
//! connection a thread; `event_loop` with epoll(7), all of them in one.

mod ends;
mod exchanging;
mod greeting;
mod idle;
mod outbox;
mod patience;
mod receiving;
mod responding;
mod sending;

pub use ends::{CLIENT, ENDS, HangUp, Want};
use exchanging::Exchanging;
use http_parse::Connection;
pub(crate) use idle::{Desk, Desks, Idle};
use outbox::Outbox;
pub(crate) use patience::Waiting;
use patience::{Patience, Progress};
use sending::Sending;
use static_files::{Config, Front, Handler, Record};
use std::fmt;
use std::io;
use std::mem;
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

/// Moves that one step makes at the most, each of at most some 16 KiB: without a bound a client that
/// sends its requests ahead would freeze everybody else. A large piece of a file ends a step alone.
const MOVES: usize = 128;

/// What a step has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing can be done before something in [`Session::wants`] is ready.
    Waiting,
    /// More could be done at once; the step ended to be fair to others.
    Again,
    /// The session is over: drop it.
    Closed,
}

/// What one move has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moved {
    Some,
    /// So much that others should have their turn now.
    Enough,
    Blocked,
    Over,
}

// ANCHOR: phase
enum Phase {
    /// Before a preface's last octet; so much of it has come.
    Greeting(Vec<u8>),
    /// Before or inside a request's head.
    Receiving,
    /// A ready response is leaving.
    Sending(Sending),
    /// A program is answering.
    Exchanging(Box<Exchanging>),
    /// The response is complete, the request is not: the rest of it is dropped. Octets left.
    Draining(u64),
    /// The last octets of the last response are leaving.
    Leaving,
    /// Half-closed: what still comes is dropped (RFC 9112 §9.6). Octets left.
    Lingering(u64),
}
// ANCHOR_END: phase

/// Whether reading from the client can bring anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    /// Not known before it is tried.
    Untried,
    /// The last read brought less than there was room for: the socket is empty, and a further read
    /// would cost a system call to say so.
    Dry,
}

/// Whether the server goes on after the current answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Serving,
    /// The next answer is the last one; its request is waited for as usual.
    Retiring,
    /// The answer under way is the last one.
    Stopping,
}

/// What somebody sees of a session who looks on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Glance {
    pub(crate) peer: SocketAddr,
    pub(crate) waiting: Waiting,
    /// Octets from the client, since the session began.
    pub(crate) arrived: u64,
    /// Octets to the client, by write(2).
    pub(crate) copied: u64,
    /// Octets to the client, by sendfile(2).
    pub(crate) spliced: u64,
}

/// One connection, its protocol state, and the answer under way.
pub struct Session<'h> {
    stream: TcpStream,
    peer: SocketAddr,
    local: SocketAddr,
    /// Who opened the connection for the client, where that is another.
    front: Option<Box<Front>>,
    handler: &'h dyn Handler,
    config: &'h Config,
    /// Boxed, as it is the larger part of a desk, which comes and goes with each request.
    connection: Box<Connection>,
    outbox: Outbox,
    phase: Phase,
    input: Input,
    mode: Mode,
    progress: Progress,
    patience: Patience,
    /// Of the response under way, where responses are recorded; boxed, for most are idle.
    record: Option<Box<Record>>,
    /// An exchange that is over, kept to the end of the step: its descriptors may outlive it (a
    /// connection that is kept), so they are lent once more, for what was registered to be undone.
    spent: Option<Box<Exchanging>>,
    /// Counts exchanges, so that a registration made for one is not taken for the next one's.
    serial: u32,
}

impl<'h> Session<'h> {
    /// A session for a connection that has just been accepted; makes the socket nonblocking.
    ///
    /// # Errors
    /// What the socket reports: the client may be gone already.
    pub fn new(
        stream: TcpStream,
        handler: &'h dyn Handler,
        config: &'h Config,
        now: Instant,
    ) -> io::Result<Session<'h>> {
        stream.set_nonblocking(true)?;
        // Answers are written whole; waiting to fill a packet (Nagle) would only delay them.
        stream.set_nodelay(true)?;
        let ends = (stream.peer_addr()?, stream.local_addr()?);
        let idle = Idle::new(stream, ends, config, now);
        Ok(idle.wake(Desk::new(config), handler, config))
    }

    // ANCHOR: step
    /// Does what can be done without waiting, a bounded amount of it.
    ///
    /// # Errors
    /// The session has to be dropped: the socket failed, or a response cannot be completed.
    pub fn step(&mut self, now: Instant) -> io::Result<Step> {
        self.input = Input::Untried;
        self.go_on(now)
    }

    /// Goes on with a step that has only ended because an exchange has, once nobody watches its
    /// descriptors any more.
    ///
    /// # Errors
    /// As [`Session::step`].
    pub(crate) fn go_on(&mut self, now: Instant) -> io::Result<Step> {
        self.spent = None;
        for _ in 0..MOVES {
            match self.advance()? {
                Moved::Some if self.spent.is_some() => break,
                Moved::Some => {}
                Moved::Enough => break,
                Moved::Blocked => return self.rest(now),
                Moved::Over => return Ok(Step::Closed),
            }
        }
        self.update_patience(now);
        Ok(Step::Again)
    }
    // ANCHOR_END: step

    /// When to call [`Session::step`] even if nothing is ready.
    pub fn deadline(&self) -> Instant {
        let patience = self.patience.deadline();
        let exchanging = self.exchanging().filter(|_| self.outbox.room() > 0);
        let earlier = exchanging.and_then(Exchanging::deadline);
        earlier.map_or(patience, |earlier| earlier.min(patience))
    }

    /// Whether nothing is under way, so that closing now loses nothing.
    pub fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Receiving)
            && self.connection.is_idle()
            && self.outbox.is_empty()
    }

    /// How far it has come, for those who look on.
    pub(crate) fn glance(&self) -> Glance {
        Glance {
            peer: self.peer,
            waiting: self.waiting(),
            arrived: self.progress.arrived,
            copied: self.outbox.total() - self.outbox.spliced(),
            spliced: self.outbox.spliced(),
        }
    }

    /// Hands memory back that an idle session does not need: to be called before waiting long.
    pub fn release(&mut self) {
        if self.is_idle() {
            self.outbox.release();
            self.connection.release();
        }
    }

    /// Lets the next answer be the last one. Takes effect at the next step.
    pub fn retire(&mut self) {
        self.mode = Mode::Retiring;
    }

    /// Lets the answer under way be the last one. Takes effect at the next step, which first
    /// looks whether a request has come.
    pub fn stop(&mut self) {
        self.mode = Mode::Stopping;
    }

    fn advance(&mut self) -> io::Result<Moved> {
        match self.phase {
            Phase::Greeting(_) => self.greet(),
            Phase::Receiving => self.receive(),
            Phase::Sending(..) => self.send(),
            Phase::Exchanging(_) => self.exchange(),
            Phase::Draining(left) => self.drain(left),
            Phase::Leaving => self.leave(),
            Phase::Lingering(left) => self.linger(left),
        }
    }

    /// Nothing can be moved: looks at the clock.
    fn rest(&mut self, now: Instant) -> io::Result<Step> {
        self.update_patience(now);
        if now < self.patience.deadline() {
            Ok(Step::Waiting)
        } else {
            self.expire()
        }
    }

    /// Goes on to another phase.
    fn enter(&mut self, phase: Phase) {
        if let Phase::Exchanging(exchanging) = mem::replace(&mut self.phase, phase) {
            self.spent = Some(exchanging);
        }
    }

    fn update_patience(&mut self, now: Instant) {
        self.progress.left = self.outbox.total();
        let waiting = self.waiting();
        self.patience
            .update(waiting, &self.progress, now, &self.config.timeouts);
    }

    fn waiting(&self) -> Waiting {
        if !self.outbox.is_empty() {
            return Waiting::Send;
        }
        match &self.phase {
            Phase::Receiving if self.connection.is_idle() => Waiting::Idle,
            Phase::Receiving => Waiting::Head,
            Phase::Greeting(_) => Waiting::Greeting,
            Phase::Sending(..) | Phase::Leaving => Waiting::Send,
            Phase::Exchanging(exchanging) if exchanging.is_tunnel() => Waiting::Tunnel,
            Phase::Exchanging(exchanging) if exchanging.wants_content(&self.connection) => {
                Waiting::Body
            }
            Phase::Exchanging(_) => Waiting::Gateway,
            Phase::Draining(_) | Phase::Lingering(_) => Waiting::Linger,
        }
    }
}

impl fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("peer", &self.peer)
            .field("waiting", &self.waiting())
            .field("pending", &self.outbox.pending())
            .finish_non_exhaustive()
    }
}
