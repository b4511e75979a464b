//! What carries a request: a connection of its own, or part of one.

use super::address::{Address, Stream};
use super::share::Share;
use static_files::{Ends, Kept};
use std::io::{self, Write};
use std::sync::Arc;

/// What carries the octets of a request and its answer.
#[derive(Debug)]
pub(super) enum Carrier {
    /// A connection that nobody else uses.
    Own {
        stream: Arc<Stream>,
        /// The same, for a server that watches it from one request to the next.
        kept: Kept,
    },
    Shared(Share),
}

impl Carrier {
    /// Begins a connection.
    ///
    /// # Errors
    /// As [`Address::connect`].
    pub(super) fn connect(address: &Address) -> io::Result<Carrier> {
        let (stream, kept) = address.connect()?;
        Ok(Carrier::Own { stream, kept })
    }

    /// Whether nothing has come, not even the end.
    pub(super) fn is_silent(&self) -> bool {
        match self {
            Carrier::Own { stream, .. } => stream.is_silent(),
            Carrier::Shared(_) => false,
        }
    }

    /// Sends as much as goes.
    ///
    /// # Errors
    /// What writing reports.
    pub(super) fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let stream = match self {
            Carrier::Own { stream, .. } => stream,
            Carrier::Shared(share) => return Ok(share.write(data)),
        };
        loop {
            match (&**stream).write(data) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    /// Tells that the whole request was written.
    pub(super) fn send_soon(&mut self) {
        match self {
            // It has left.
            Carrier::Own { .. } => {}
            Carrier::Shared(share) => share.send_soon(),
        }
    }

    /// Whether what was written waits for room.
    pub(super) fn is_blocked(&self) -> bool {
        match self {
            Carrier::Own { .. } => false,
            Carrier::Shared(share) => share.is_blocked(),
        }
    }

    /// Tells the other side that nothing more will be written.
    ///
    /// # Errors
    /// What shutdown(2) reports.
    pub(super) fn close_write(&self) -> io::Result<()> {
        match self {
            Carrier::Own { stream, .. } => stream.close_write(),
            // A record has told it.
            Carrier::Shared(_) => Ok(()),
        }
    }

    /// What to wait on.
    pub(super) fn ends(&self) -> Ends<'_> {
        match self {
            Carrier::Own { kept, .. } => Ends::Kept(kept),
            Carrier::Shared(share) => share.ends(),
        }
    }

    pub(super) fn kept(&self) -> &Kept {
        match self {
            Carrier::Own { kept, .. } => kept,
            Carrier::Shared(share) => share.kept(),
        }
    }

    /// Goes on in a thread that no loop wakes.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub(super) fn move_away(&mut self) -> io::Result<()> {
        match self {
            Carrier::Own { .. } => Ok(()),
            Carrier::Shared(share) => share.move_away(),
        }
    }

    /// Tells whether it can be left now that the answer is whole, though the application has not said that
    /// it is over.
    pub(super) fn lets_go(&mut self) -> bool {
        match self {
            Carrier::Own { .. } => false,
            Carrier::Shared(share) => {
                share.let_go();
                true
            }
        }
    }
}
