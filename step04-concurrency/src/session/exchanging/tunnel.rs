//! After a `101`: two connections that say what they like.
//!
//! ```text
//! Tunnel ── the program ends its side ──► Closing ── all has left, client told ──► Done
//! ```
//!
//! Request content flows as it did before: the client's octets are content without an end but that
//! of its input. So only the way down is here.

use super::{Downward, Exchanging};
use crate::session::outbox::Outbox;
use http_parse::Connection;
use static_files::Record;
use std::io;

impl Exchanging {
    /// Whether the program has more to give.
    pub(in crate::session) fn wants_to_read(&self) -> bool {
        !matches!(self.downward, Downward::Closing | Downward::Done)
    }

    /// Whether the connection has changed its protocol.
    pub(in crate::session) fn is_tunnel(&self) -> bool {
        !matches!(self.downward, Downward::Head | Downward::Content)
    }

    /// Whether only the client can still speak.
    pub(in crate::session) fn is_half_closed(&self) -> bool {
        self.downward == Downward::Done
    }

    /// Passes on what the program says, until it ends its side.
    pub(super) fn pull_octets(
        &mut self,
        connection: &mut Connection,
        outbox: &mut Outbox,
        record: Option<&mut Record>,
    ) -> io::Result<Option<u64>> {
        match self.pull_piece(connection, outbox, record)? {
            0 => {
                self.downward = Downward::Closing;
                Ok(Some(1))
            }
            octets => Ok(Some(octets)),
        }
    }

    /// Tells that the client knows of the program's end.
    pub(in crate::session) fn half_closed(&mut self) {
        self.downward = Downward::Done;
    }
}
