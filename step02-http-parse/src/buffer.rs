//! The bytes received and not yet dealt with.
//!
//! ```text
//!   0          start             end              storage.len()      capacity
//!   | dealt with | waiting: front() | free: space() | . . . may grow . . |
//! ```
//!
//! Taking bytes moves `start`, so pipelined requests and pieces of a body cost no copying; the
//! rest is moved to the beginning only when the end has been reached. Empty storage is handed
//! back while a connection idles: that is what makes ten thousand of them cheap.

/// Storage of the first read of a message; fits nearly every head (browsers send about 1 KiB).
const FIRST: usize = 4 * 1024;

/// A bounded, growable window of bytes.
#[derive(Debug)]
pub(crate) struct Buffer {
    storage: Vec<u8>,
    /// `start <= end <= storage.len() <= capacity`.
    start: usize,
    end: usize,
    capacity: usize,
}

impl Buffer {
    /// Makes an empty buffer without storage, which may grow to `capacity` octets.
    pub(crate) fn new(capacity: usize) -> Buffer {
        Buffer {
            storage: Vec::new(),
            start: 0,
            end: 0,
            capacity,
        }
    }

    /// Returns the bytes not yet dealt with.
    pub(crate) fn front(&self) -> &[u8] {
        &self.storage[self.start..self.end]
    }

    /// Returns their number.
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    /// Tells whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Returns the largest number of bytes that can wait here.
    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Returns room for more, and makes some if there is none: at least one octet as long as
    /// fewer than `capacity` wait. Grows to the whole capacity at once when `large` bodies come.
    pub(crate) fn space(&mut self, step: Growth) -> &mut [u8] {
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
        let wanted = match step {
            Growth::Whole if self.is_empty() => self.capacity,
            Growth::Whole | Growth::Steps => FIRST,
        };
        if self.storage.len() < wanted.min(self.capacity) {
            self.storage.resize(wanted.min(self.capacity), 0);
        }
        if self.end == self.storage.len() {
            self.make_room();
        }
        &mut self.storage[self.end..]
    }

    /// Moves the waiting bytes to the beginning; grows when they fill more than half.
    fn make_room(&mut self) {
        self.storage.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.len());
        if self.end > self.storage.len() / 2 {
            let doubled = self.storage.len().saturating_mul(2).min(self.capacity);
            self.storage.resize(doubled, 0);
        }
    }

    /// Tells that `n` bytes were put into the space.
    pub(crate) fn filled(&mut self, n: usize) {
        assert!(
            n <= self.storage.len() - self.end,
            "no more came than there was space"
        );
        self.end += n;
    }

    /// Drops `n` bytes from the front.
    pub(crate) fn drop_front(&mut self, n: usize) {
        assert!(n <= self.len(), "no more is dropped than waits");
        self.start += n;
    }

    /// Hands the storage back when nothing waits in it.
    pub(crate) fn release(&mut self) {
        if self.is_empty() {
            *self = Buffer::new(self.capacity);
        }
    }

    /// Returns the octets of memory it holds.
    pub(crate) fn storage(&self) -> usize {
        self.storage.capacity()
    }
}

/// How storage grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Growth {
    /// From a little, doubling: most messages are small.
    Steps,
    /// To the whole capacity: much is known to come, and every read costs a system call.
    Whole,
}
