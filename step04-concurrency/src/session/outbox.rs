//! Bytes on their way to the client: a buffer that is filled at one end and flushed at the other.

use crate::sys;
use std::io::{self, Write};
use std::mem;
use std::net::TcpStream;

/// What waits to be taken by the client's socket.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    buf: Vec<u8>,
    /// Octets of `buf` that have left; never more than its length.
    sent: usize,
    /// Octets that have left since the session began.
    total: u64,
    /// Those of them that left past the buffer (sendfile).
    spliced: u64,
    /// Where content is put that has to be framed before it can wait. It is kept, because clearing
    /// it would cost more than most contents do.
    scratch: Vec<u8>,
}

impl Outbox {
    /// How much may wait. Whoever produces more looks first, and stops: this is where
    /// backpressure from a slow reader begins.
    pub(super) const ROOM: usize = 64 * 1024;

    /// Octets of a program's content that are moved in one turn.
    const SCRATCH: usize = 16 * 1024;

    /// Where bytes are appended.
    pub(super) fn end(&mut self) -> &mut Vec<u8> {
        &mut self.buf
    }

    /// Lends room for content that is to be framed: [`Outbox::put_back`] it.
    pub(super) fn scratch(&mut self) -> Vec<u8> {
        let mut scratch = mem::take(&mut self.scratch);
        scratch.resize(Outbox::SCRATCH, 0);
        scratch
    }

    pub(super) fn put_back(&mut self, scratch: Vec<u8>) {
        self.scratch = scratch;
    }

    /// How many octets wait.
    pub(super) fn pending(&self) -> usize {
        self.buf.len() - self.sent
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pending() == 0
    }

    /// How many octets may be appended before producers should stop.
    pub(super) fn room(&self) -> usize {
        Outbox::ROOM.saturating_sub(self.pending())
    }

    /// Octets that have left since the session began: progress, as the send deadline sees it.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Those of them that left past the buffer.
    pub(super) fn spliced(&self) -> u64 {
        self.spliced
    }

    /// Counts octets that left past the buffer (sendfile).
    pub(super) fn count(&mut self, octets: usize) {
        self.total += octets as u64;
        self.spliced += octets as u64;
    }

    /// Writes what the socket takes; what is left is [`Outbox::pending`].
    pub(super) fn flush(&mut self, stream: &TcpStream) -> io::Result<()> {
        self.flush_by(|octets| (&*stream).write(octets))
    }

    /// The same, where more follows at once by another way: the kernel holds back the last packet
    /// that is not full, so that a head and the beginning of its file travel together.
    pub(super) fn flush_before_more(&mut self, stream: &TcpStream) -> io::Result<()> {
        self.flush_by(|octets| sys::send_before_more(stream, octets))
    }

    fn flush_by(&mut self, write: impl Fn(&[u8]) -> io::Result<usize>) -> io::Result<()> {
        while !self.is_empty() {
            match write(&self.buf[self.sent..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => {
                    self.sent += n;
                    self.total += n as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.close_gap();
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        self.buf.clear();
        self.sent = 0;
        Ok(())
    }

    /// Begins anew for another session, and keeps up to so many octets of memory.
    pub(super) fn clear(&mut self, kept: usize) {
        self.buf.clear();
        self.buf.shrink_to(kept);
        (self.sent, self.total, self.spliced) = (0, 0, 0);
    }

    /// Gives the memory back: an idle session needs none.
    pub(super) fn release(&mut self) {
        if self.is_empty() {
            self.buf = Vec::new();
            self.scratch = Vec::new();
            self.sent = 0;
        }
    }

    /// Moves what waits to the front once the gap before it is the larger part, so that the buffer
    /// does not grow for ever behind a client that takes a little at a time.
    fn close_gap(&mut self) {
        if self.sent > self.buf.len() / 2 {
            self.buf.drain(..self.sent);
            self.sent = 0;
        }
    }
}
