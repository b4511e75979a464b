//! What a session waits for, derived from its state whenever it is asked.

use super::{Phase, Session};
use crate::sys::Interest;
use static_files::Ends;
use std::os::fd::{AsFd, BorrowedFd};

/// An end of a session that something is to be waited for on.
#[derive(Debug, Clone, Copy)]
pub struct Want<'fd> {
    /// The descriptor, lent: it is not to be kept.
    pub fd: BorrowedFd<'fd>,
    /// What for; possibly nothing, for an end that is open and not wanted now.
    pub interest: Interest,
}

/// Number of ends a session can have: the client, and the roles of a program's descriptors.
pub const ENDS: usize = 4;
/// Index of the client among a session's ends.
pub const CLIENT: usize = 0;
const TO_PROGRAM: usize = 1;
const FROM_PROGRAM: usize = 2;
const ENDING: usize = 3;

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
        });
        if let Phase::Exchanging(exchanging) = &self.phase {
            let write = exchanging.wants_to_write(&self.connection);
            let read = self.outbox.room() > 0;
            let end = |fd, interest| Some(Want { fd, interest });
            match exchanging.ends() {
                Ends::None => {}
                Ends::Duplex(fd) => ends[FROM_PROGRAM] = end(fd, Interest { read, write }),
                Ends::Pipes { to, from } => {
                    ends[TO_PROGRAM] = to.and_then(|fd| end(fd, Interest { read: false, write }));
                    ends[FROM_PROGRAM] = end(from, Interest { read, write: false });
                }
                Ends::Ending(fd) => ends[ENDING] = end(fd, Interest { read, write: false }),
            }
        }
        ends
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
            Phase::Lingering(_) => true,
        }
    }
    // ANCHOR_END: wants_request
}
