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
    /// fewer than `capacity` wait.
    pub(crate) fn space(&mut self, growth: Growth) -> &mut [u8] {
        if self.is_empty() {
            self.clear();
        }
        let wanted = match growth {
            Growth::Whole if self.is_empty() => self.capacity,
            Growth::Whole | Growth::Steps => FIRST,
        };
        self.grow_to(wanted);
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
            self.grow_to(self.storage.len().saturating_mul(2));
        }
    }

    fn grow_to(&mut self, wanted: usize) {
        let more = wanted.min(self.capacity).saturating_sub(self.storage.len());
        // A vector left to itself takes up to twice what it is asked for.
        self.storage.reserve_exact(more);
        self.storage.resize(self.storage.len() + more, 0);
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

    /// Drops whatever waits.
    pub(crate) fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn fill(buffer: &mut Buffer, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let space = buffer.space(Growth::Steps);
            let n = space.len().min(rest.len());
            assert!(n > 0, "there is space below the capacity");
            space[..n].copy_from_slice(&rest[..n]);
            buffer.filled(n);
            rest = &rest[n..];
        }
    }

    #[test]
    fn storage_comes_with_the_first_byte_and_goes_with_the_last() {
        let mut buffer = Buffer::new(64 * 1024);
        assert_eq!(buffer.storage(), 0);
        fill(&mut buffer, b"ab");
        assert_eq!(buffer.storage(), FIRST);
        buffer.drop_front(1);
        buffer.release();
        assert_eq!(buffer.front(), b"b");
        buffer.drop_front(1);
        buffer.release();
        assert_eq!(buffer.storage(), 0);
    }

    #[test]
    fn it_grows_to_its_capacity_and_no_further() {
        let mut buffer = Buffer::new(10_000);
        fill(&mut buffer, &[7; 10_000]);
        assert!(buffer.space(Growth::Steps).is_empty());
        assert_eq!(buffer.storage(), 10_000);
        assert_eq!(buffer.front(), [7; 10_000]);
    }

    #[test]
    fn bytes_stay_in_order_while_they_are_moved() {
        let bytes: Vec<u8> = (0..=250).cycle().take(100_000).collect();
        let mut buffer = Buffer::new(5_000);
        let (mut given, mut taken) = (0, Vec::new());
        while taken.len() < bytes.len() {
            let n = (bytes.len() - given).min(999).min(5_000 - buffer.len());
            fill(&mut buffer, &bytes[given..given + n]);
            given += n;
            let n = buffer.len().min(700);
            taken.extend_from_slice(&buffer.front()[..n]);
            buffer.drop_front(n);
        }
        assert_eq!(taken, bytes);
        assert!(buffer.storage() <= 5_000);
    }

    #[test]
    fn for_a_large_body_it_grows_at_once() {
        let mut buffer = Buffer::new(64 * 1024);
        assert_eq!(buffer.space(Growth::Whole).len(), 64 * 1024);
    }
}
