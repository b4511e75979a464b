//! How a request leaves its connection: for the next one, to somebody who hears the answer out, or
//! closed.

use super::Upstream;
use super::asking::{Asking, State};
use super::talk::Answer;
use std::fmt;
use std::io;
use std::mem;

impl Asking {
    /// An answer broke off after its head.
    pub(super) fn broken(&mut self, error: io::Error) -> io::Error {
        if error.kind() != io::ErrorKind::WouldBlock
            && let State::Talking(talk) = mem::replace(&mut self.state, State::Over)
        {
            self.complain(talk.lease.place.server, &error);
        }
        error
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let State::Talking(mut talk) = mem::replace(&mut self.state, State::Over) else {
            return;
        };
        if !self.outgoing.is_sent() {
            return;
        }
        if talk.is_free() {
            talk.lease.keep(talk.wire);
        } else if talk.answer == Answer::Whole && talk.wire.carrier.lets_go() {
            drop(talk);
        } else if let Some(protocol) = self.protocol.take_if(|protocol| protocol.hears_out()) {
            Upstream::hear_out(talk, protocol);
        }
    }
}

impl fmt::Debug for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asking")
            .field("asked", &self.asked.escape_ascii().to_string())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
