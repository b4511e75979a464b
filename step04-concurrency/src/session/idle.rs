//! A connection between two requests: all that is left of a session when nothing is under way.
//!
//! ```text
//!          wake, with a desk                  fold
//!   Idle ─────────────────────► Session ─────────────────► Idle, and the desk for the next
//!   some 100 octets             Desk: buffers, protocol state
//! ```
//!
//! Most connections of a busy server are idle at any moment. So what a request needs does not
//! belong to a connection but to the thread, which has a few desks and gives one to whoever has
//! something to say. Ten thousand idle connections need none; and a desk that was used a moment
//! ago is still in the processor's cache.

use super::{Glance, Input, Mode, Outbox, Patience, Phase, Progress, Session, Waiting};
use http_parse::Connection;
use static_files::{Config, Expected, Front, Handler};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

/// Octets of memory that a desk may keep from one connection to the next, each way.
const KEPT: usize = 64 * 1024;

/// Desks that are kept; those of a burst beyond it are dropped.
const DESKS: usize = 64;

/// A connection on which nothing is under way.
#[derive(Debug)]
pub(crate) struct Idle {
    pub(super) stream: TcpStream,
    peer: SocketAddr,
    local: SocketAddr,
    front: Option<Box<Front>>,
    expected: Expected,
    deadline: Instant,
}

/// What a request needs while it is under way.
#[derive(Debug)]
pub(crate) struct Desk {
    connection: Box<Connection>,
    outbox: Outbox,
}

/// The desks of a thread that nobody sits at.
#[derive(Debug, Default)]
pub(crate) struct Desks(Vec<Desk>);

impl Desk {
    pub(crate) fn new(config: &Config) -> Desk {
        Desk {
            connection: Box::new(Connection::new(&config.limits)),
            outbox: Outbox::default(),
        }
    }
}

impl Desks {
    /// One of the desks, the one used last; a new one where all are taken.
    pub(crate) fn take(&mut self, config: &Config) -> Desk {
        self.0.pop().unwrap_or_else(|| Desk::new(config))
    }

    pub(crate) fn put_back(&mut self, mut desk: Desk) {
        if self.0.len() < DESKS {
            desk.outbox.clear(KEPT);
            desk.connection.renew(KEPT);
            self.0.push(desk);
        }
    }
}

impl Idle {
    /// A connection from `ends.0`, accepted at `ends.1`; the socket is nonblocking already.
    pub(crate) fn new(
        stream: TcpStream,
        ends: (SocketAddr, SocketAddr),
        config: &Config,
        now: Instant,
    ) -> Idle {
        Idle {
            stream,
            peer: ends.0,
            local: ends.1,
            front: None,
            expected: config.expected,
            deadline: now + config.timeouts.idle,
        }
    }

    /// For those who look on.
    pub(crate) fn glance(&self) -> Glance {
        Glance {
            peer: self.peer,
            waiting: Waiting::Idle,
            arrived: 0,
            copied: 0,
            spliced: 0,
        }
    }

    /// When it has been idle for too long.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Goes on where [`Session::fold`] has stopped.
    pub(crate) fn wake<'h>(
        self,
        desk: Desk,
        handler: &'h dyn Handler,
        config: &'h Config,
    ) -> Session<'h> {
        Session {
            stream: self.stream,
            peer: self.peer,
            local: self.local,
            front: self.front,
            handler,
            config,
            connection: desk.connection,
            outbox: desk.outbox,
            phase: match self.expected {
                Expected::Request => Phase::Receiving,
                Expected::Preface => Phase::Greeting(Vec::new()),
            },
            input: Input::Untried,
            mode: Mode::Serving,
            progress: Progress::default(),
            patience: Patience::until(self.deadline),
            record: None,
            spent: None,
            serial: 0,
        }
    }
}

impl Session<'_> {
    /// Whether nothing would be lost by folding it.
    pub(crate) fn is_foldable(&self) -> bool {
        matches!(self.phase, Phase::Receiving)
            && self.outbox.is_empty()
            && self.connection.is_fresh()
            && self.mode == Mode::Serving
    }

    /// Takes a session apart. What is under way is lost.
    pub(crate) fn fold(self) -> (Idle, Desk) {
        let idle = Idle {
            deadline: self.deadline(),
            stream: self.stream,
            peer: self.peer,
            local: self.local,
            front: self.front,
            expected: Expected::Request,
        };
        let desk = Desk {
            connection: self.connection,
            outbox: self.outbox,
        };
        (idle, desk)
    }
}
