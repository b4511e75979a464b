//! One connection to another server, with what waits to be sent on it and what has come.

use super::address::{Address, Stream};
use crate::cgi_head::{BadGateway, HEAD_LIMIT};
use static_files::Kept;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

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
    stream: Arc<Stream>,
    /// The same connection, for a server that watches it from one request to the next.
    kept: Kept,
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
        let stream = Arc::new(address.connect()?);
        Ok(Box::new(Wire {
            kept: Kept::new(Arc::clone(&stream) as Arc<dyn AsFd + Send + Sync>),
            stream,
            age: Age::Fresh,
            written: 0,
            heard: false,
            eof: false,
            answer: Answer::Due,
            storage: Vec::new(),
            came: 0,
            taken: 0,
        }))
    }

    /// Makes a kept connection ready for a request; `None` if it is of no use any more.
    ///
    /// Nothing has been asked on it, so nothing may have come: neither the end, nor octets that
    /// would be taken for the next answer.
    pub(super) fn reuse(mut self: Box<Wire>, care: Care) -> Option<Box<Wire>> {
        let is_quiet = match care {
            Care::Watched => self.is_near() || self.is_silent(),
            Care::Looked => self.is_silent(),
        };
        if !is_quiet {
            return None;
        }
        self.age = Age::Reused;
        self.written = 0;
        self.heard = false;
        Some(self)
    }

    fn is_silent(&self) -> bool {
        let looked = (&*self.stream).read(&mut [0]);
        looked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Whether this thread's server watches it.
    pub(super) fn is_near(&self) -> bool {
        self.kept.is_watched_here()
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
        if std::mem::replace(&mut self.answer, Answer::Due) == Answer::TooEarly {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.storage.copy_within(self.taken..self.came, 0);
        (self.taken, self.came) = (0, self.came - self.taken);
        let room = self.came + STEP;
        if room > RECEIVED_LIMIT {
            return Err(BadGateway::new("sent a head without end").into());
        }
        if self.storage.len() < room {
            self.storage.resize(room, 0);
        }
        match (&*self.stream).read(&mut self.storage[self.came..room]) {
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

    /// Sends as much as goes.
    ///
    /// # Errors
    /// `WouldBlock`, which is also the answer while the connection does not yet stand; why it
    /// never will; what writing reports.
    pub(super) fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        loop {
            match (&*self.stream).write(data) {
                Ok(count) => {
                    self.written += count as u64;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The whole request has just left: the answer is waited for before it is read.
    pub(super) fn asked(&mut self) {
        self.answer = Answer::TooEarly;
    }

    pub(super) fn kept(&self) -> &Kept {
        &self.kept
    }

    pub(super) fn close_write(&self) -> io::Result<()> {
        self.stream.close_write()
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
