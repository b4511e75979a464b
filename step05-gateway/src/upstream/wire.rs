//! One connection to another server, with what waits to be sent on it and what has come.

use super::address::Address;
use super::carrier::Carrier;
use super::share::Share;
use crate::cgi_head::{BadGateway, HEAD_LIMIT};
use std::io::{self, Read};
use std::mem;
use std::os::fd::{AsFd, BorrowedFd};

/// Octets received at a time.
const STEP: usize = 16 * 1024;

/// Most octets that are kept because they cannot be understood before more have come: a head.
const RECEIVED_LIMIT: usize = HEAD_LIMIT + STEP;

/// Whether the connection has carried a request before this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    Fresh,
    Reused,
}

/// Whether reading can bring anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// The last octet of the request has left in this turn: nobody answers that fast, and a read
    /// would cost a system call to say so.
    TooEarly,
    Due,
}

/// What has to be known of a kept connection before it is asked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// Nothing had come when the loop was told last what has. If it has closed since, the request is
    /// asked again, and no system call is spent on every request for the sake of a few.
    Watched,
    /// Nothing has come by now: the request must not be asked again.
    Looked,
}

/// A connection, both ways; boxed from its first request to its last.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) carrier: Carrier,
    pub(super) age: Age,
    /// Octets that have left for the other server with this request.
    pub(super) written: u64,
    /// Whether an octet of the answer has come.
    pub(super) heard: bool,
    pub(super) eof: bool,
    answer: Answer,
    /// Storage, which only grows, to [`RECEIVED_LIMIT`] at the most: clearing what is to be written
    /// over would cost more than a small answer does. `taken <= came <= storage.len()`.
    storage: Vec<u8>,
    /// What came ends here.
    came: usize,
    /// What was used of it ends here.
    taken: usize,
}

impl Wire {
    /// Begins a connection.
    ///
    /// # Errors
    /// What connecting reports at once; `ResourceBusy` where too many wait to be accepted.
    pub(super) fn connect(address: &Address) -> io::Result<Box<Wire>> {
        Ok(Wire::new(Carrier::connect(address)?, Age::Fresh))
    }

    /// One request's part of a connection.
    pub(super) fn shared(share: Share, age: Age) -> Box<Wire> {
        Wire::new(Carrier::Shared(share), age)
    }

    fn new(carrier: Carrier, age: Age) -> Box<Wire> {
        Box::new(Wire {
            carrier,
            age,
            written: 0,
            heard: false,
            eof: false,
            answer: Answer::Due,
            storage: Vec::new(),
            came: 0,
            taken: 0,
        })
    }

    /// Makes a kept connection ready for a request; `None` if it is of no use any more.
    ///
    /// Nothing has been asked on it, so nothing may have come: neither the end, nor octets that
    /// would be taken for the next answer.
    pub(super) fn reuse(mut self: Box<Wire>, care: Care) -> Option<Box<Wire>> {
        let is_quiet = match care {
            Care::Watched => self.is_near() || self.carrier.is_silent(),
            Care::Looked => self.carrier.is_silent(),
        };
        if !is_quiet {
            return None;
        }
        self.age = Age::Reused;
        self.written = 0;
        self.heard = false;
        Some(self)
    }

    /// Whether this thread's server watches it.
    pub(super) fn is_near(&self) -> bool {
        self.carrier.kept().is_watched_here()
    }

    /// What can carry another request as it is, and so is worth keeping.
    pub(super) fn at_rest(self: Box<Wire>) -> Option<Box<Wire>> {
        matches!(self.carrier, Carrier::Own { .. }).then_some(self)
    }

    /// What has come and was not taken.
    pub(super) fn front(&self) -> &[u8] {
        &self.storage[self.taken..self.came]
    }

    pub(super) fn take(&mut self, n: usize) {
        self.taken += n;
        assert!(self.taken <= self.came, "nobody takes what has not come");
        if self.taken == self.came {
            (self.taken, self.came) = (0, 0);
        }
    }

    /// Receives once. At the end of input sets `eof`.
    ///
    /// # Errors
    /// `WouldBlock`; `InvalidData` when more has come than any head may have, and none of it was
    /// of use; what reading reports.
    pub(super) fn fill(&mut self) -> io::Result<()> {
        let is_early = mem::replace(&mut self.answer, Answer::Due) == Answer::TooEarly;
        if is_early {
            self.carrier.send_soon();
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.storage.copy_within(self.taken..self.came, 0);
        (self.taken, self.came) = (0, self.came - self.taken);
        let room = self.came + STEP;
        if room > RECEIVED_LIMIT {
            return Err(BadGateway::new("sent a head without end").into());
        }
        let stream = match &mut self.carrier {
            Carrier::Own { stream, .. } => stream,
            Carrier::Shared(share) => {
                let piece = share.receive()?;
                self.add(piece);
                return Ok(());
            }
        };
        if self.storage.len() < room {
            self.storage.resize(room, 0);
        }
        match (&**stream).read(&mut self.storage[self.came..room]) {
            Ok(0) => self.eof = true,
            Ok(count) => {
                self.came += count;
                self.heard = true;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Adds a piece that somebody else has received, which may be longer than what is received here.
    fn add(&mut self, piece: Vec<u8>) {
        self.eof = piece.is_empty();
        self.heard |= !self.eof;
        if self.came == 0 {
            self.storage = piece;
        } else {
            self.storage.truncate(self.came);
            self.storage.extend_from_slice(&piece);
        }
        self.came = self.storage.len();
    }

    /// Sends as much as goes.
    ///
    /// # Errors
    /// `WouldBlock`, which is also the answer while the connection does not yet stand; why it
    /// never will; what writing reports.
    pub(super) fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let count = self.carrier.write(data)?;
        self.written += count as u64;
        Ok(count)
    }

    /// The whole request has just left: the answer is waited for before it is read.
    pub(super) fn asked(&mut self) {
        self.answer = Answer::TooEarly;
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.carrier.kept().as_fd()
    }
}
