//! What a connection holds in memory, and when it gives that back.
//!
//! ```text
//!   busy   a head that was answered is handed back: the next is read into its memory
//!   idle   nothing is held, which is what makes ten thousand connections cheap
//! ```

use super::Connection;
use crate::RequestHead;

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

    /// Hands memory back if no input waits in it and no body is under way.
    ///
    /// [`Connection::next`] does so by itself when a connection becomes idle; a server that then
    /// reads and finds nothing has asked for [`Connection::space`] again, and calls this before
    /// it waits.
    pub fn release(&mut self) {
        if !self.is_receiving() {
            self.input.release();
            self.spare = RequestHead::blank();
        }
    }

    /// Returns the octets of memory held for input.
    pub fn memory(&self) -> usize {
        self.input.storage() + self.spare.memory()
    }
}
