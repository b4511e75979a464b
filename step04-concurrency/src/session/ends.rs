//! What a session waits for, derived from its state whenever it is asked.

use super::exchanging::Exchanging;
use super::{Idle, Phase, Session};
use crate::sys::Interest;
use static_files::{Ends, Kept};
use std::os::fd::{AsFd, BorrowedFd};

/// An end of a session that something is to be waited for on.
#[derive(Debug, Clone, Copy)]
pub struct Want<'fd> {
    /// The descriptor, lent: it is not to be kept.
    pub fd: BorrowedFd<'fd>,
    /// What for; possibly nothing, for an end that is open and not wanted now.
    pub interest: Interest,
    /// What it means if the other side hangs up.
    pub hang_up: HangUp,
    /// The connection behind it, where that outlives the session's use of it.
    pub kept: Option<&'fd Kept>,
}

impl Want<'_> {
    /// Whether the kernel is to watch it. Where a hang-up means nothing by itself it must not while
    /// nothing is wanted, or it would report a pipe whose writer has gone again and again.
    pub fn is_watched(&self) -> bool {
        self.hang_up == HangUp::Over || self.interest != Interest::NONE
    }
}

/// What a hang-up at an end means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HangUp {
    /// The session is over, whatever is under way: nobody is left to answer.
    Over,
    /// It is as good as any event: what was said before it may still be there to be read.
    Event,
}

/// Number of ends a session can have: the client, and the roles of a program's descriptors.
pub const ENDS: usize = 4;
/// Index of the client among a session's ends.
pub const CLIENT: usize = 0;
const TO_PROGRAM: usize = 1;
const FROM_PROGRAM: usize = 2;
const ENDING: usize = 3;

impl Idle {
    /// What to wait for: a request.
    pub(crate) fn wants(&self) -> [Option<Want<'_>>; ENDS] {
        let client = Want {
            fd: self.stream.as_fd(),
            interest: Interest::READ,
            hang_up: HangUp::Over,
            kept: None,
        };
        [Some(client), None, None, None]
    }
}

impl Session<'_> {
    /// What to wait for: the client, then the ends of a program. `None` is an end that does not
    /// exist (any more).
    pub fn wants(&self) -> [Option<Want<'_>>; ENDS] {
        let wait_for_room = !self.outbox.is_empty() || matches!(self.phase, Phase::Sending(..));
        let client = Interest {
            read: self.wants_request(),
            write: wait_for_room,
        };
        let mut ends = [None; ENDS];
        ends[CLIENT] = Some(Want {
            fd: self.stream.as_fd(),
            interest: client,
            hang_up: self.client_hang_up(),
            kept: None,
        });
        if let Some(exchanging) = self.exchanging() {
            let Interest { read, write } = self.wants_of_program(exchanging);
            match exchanging.ends() {
                Ends::None => {}
                Ends::Duplex(fd) => ends[FROM_PROGRAM] = end(fd, Interest { read, write }),
                Ends::Kept(kept) => ends[FROM_PROGRAM] = kept_end(kept, Interest { read, write }),
                Ends::Bell(bell) => {
                    let (read, write) = (read || write, false);
                    ends[FROM_PROGRAM] = kept_end(bell, Interest { read, write });
                }
                Ends::Pipes { to, from } => {
                    ends[TO_PROGRAM] = to.and_then(|fd| end(fd, Interest { read: false, write }));
                    ends[FROM_PROGRAM] = end(from, Interest { read, write: false });
                }
                Ends::Ending(fd) => ends[ENDING] = end(fd, Interest { read, write: false }),
            }
        }
        ends
    }

    /// Which descriptors the ends after the first are: changes with each exchange, and with each
    /// generation of one.
    pub fn serial(&self) -> (u32, u32) {
        let generation = self.exchanging().map_or(0, Exchanging::generation);
        (self.serial, generation)
    }

    /// The exchange whose descriptors are lent.
    pub(super) fn exchanging(&self) -> Option<&Exchanging> {
        match &self.phase {
            Phase::Exchanging(exchanging) => Some(exchanging),
            Phase::Greeting(_)
            | Phase::Receiving
            | Phase::Sending(..)
            | Phase::Draining(_)
            | Phase::Leaving
            | Phase::Lingering(_) => self.spent.as_deref(),
        }
    }

    /// Whether an exchange has just ended, whose descriptors are still lent.
    pub(crate) fn has_spent(&self) -> bool {
        self.spent.is_some()
    }

    fn wants_of_program(&self, exchanging: &Exchanging) -> Interest {
        if self.spent.is_some() {
            return Interest::NONE;
        }
        // What waits in the exchange is written when it is asked for its response.
        let read = self.outbox.room() > 0 && exchanging.wants_to_read();
        let pending = read && exchanging.has_pending();
        let write = pending || exchanging.wants_to_write(&self.connection);
        Interest { read, write }
    }

    /// A client that was told of the end of the other side may have spoken its last words into the
    /// tunnel, and gone.
    fn client_hang_up(&self) -> HangUp {
        match &self.phase {
            Phase::Exchanging(exchanging) if exchanging.is_half_closed() => HangUp::Event,
            Phase::Exchanging(_)
            | Phase::Greeting(_)
            | Phase::Receiving
            | Phase::Sending(..)
            | Phase::Draining(_)
            | Phase::Leaving
            | Phase::Lingering(_) => HangUp::Over,
        }
    }

    // ANCHOR: wants_request
    fn wants_request(&self) -> bool {
        match &self.phase {
            // Not before the client has taken its answers: it could ask faster than it listens.
            Phase::Receiving => self.outbox.is_empty() && self.connection.wants_bytes(),
            Phase::Exchanging(_) | Phase::Draining(_) => {
                self.connection.body().is_empty() && self.connection.wants_bytes()
            }
            Phase::Sending(..) | Phase::Leaving => false,
            Phase::Greeting(_) | Phase::Lingering(_) => true,
        }
    }
    // ANCHOR_END: wants_request
}

/// An end of a program.
fn end(fd: BorrowedFd<'_>, interest: Interest) -> Option<Want<'_>> {
    Some(Want {
        fd,
        interest,
        hang_up: HangUp::Event,
        kept: None,
    })
}

/// The same, of something that outlives the exchange.
fn kept_end(kept: &Kept, interest: Interest) -> Option<Want<'_>> {
    Some(Want {
        kept: Some(kept),
        ..end(kept.as_fd(), interest)?
    })
}
