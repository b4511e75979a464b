//! What a connection holds in memory, and when it gives that back.
//!
//! ```text
//!   busy   a head that was answered is handed back: the next is read into its memory
//!   idle   a server that will wait hands all of it back: ten thousand connections are cheap
//! ```
//!
//! Or it keeps a fresh connection, memory and all, for whoever speaks next: then a request needs
//! no allocation, and its memory is still in the processor's cache.

use super::Connection;
use super::answer::Answer;
use super::incoming::Reading;
use crate::RequestHead;
use crate::response::Asked;

/// Octets of memory that a head may bring to the next one; more than most heads hold.
const RECYCLED: usize = 8 * 1024;

impl Connection {
    /// Takes back a head that is done with: reading the next one then needs no allocation. Of a
    /// large head the memory is freed, so that a connection keeps no more than it usually needs.
    pub fn recycle(&mut self, head: RequestHead) {
        if head.memory() <= RECYCLED {
            self.spare = head;
        }
    }

    /// Hands memory back if no input waits in it and no body is under way. A server calls this
    /// before it waits.
    pub fn release(&mut self) {
        if !self.is_receiving() {
            self.input.release();
            self.spare = RequestHead::blank();
        }
    }

    /// Makes it as good as new, whatever is under way: for another peer, in up to `kept` octets of
    /// the memory that is there.
    pub fn renew(&mut self, kept: usize) {
        self.input.clear();
        if self.memory() > kept {
            self.input.release();
            self.spare = RequestHead::blank();
        }
        self.eof = false;
        self.reading = Reading::Head { searched: 0 };
        self.asked = Asked::default();
        self.answer = Answer::Awaited;
    }

    /// Tells whether this is as good as new: nothing has come since the last request was answered,
    /// so that another peer's octets could as well come next.
    pub fn is_fresh(&self) -> bool {
        matches!(self.reading, Reading::Head { .. }) && self.input.is_empty() && !self.eof
    }

    /// Returns the octets of memory held for input.
    pub fn memory(&self) -> usize {
        self.input.storage() + self.spare.memory()
    }
}
