//! Where the parts of one field line are.
//!
//! ```text
//!   … \r\nAccept: text/html\r\n …
//!         ^start  ^start + name_len + 2
//! ```
//!
//! Four small numbers for a line, whatever its length; the octets stay in the
//! [`Fields`](crate::Fields) section, where name and value stand exactly [`COLON`] apart.

use std::ops::Range;

/// What stands between a name and its value in a section.
pub(crate) const COLON: &[u8] = b": ";
/// What stands after the value.
pub(crate) const CRLF: &[u8] = b"\r\n";

/// Name and value of a line, by their offsets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// First octet of the name in the section.
    pub(crate) start: usize,
    pub(crate) name_len: usize,
    pub(crate) value_len: usize,
    /// First octet of the value in the message it was read from; 0 for a line of our own.
    pub(crate) at: usize,
}

impl Line {
    /// Returns where the name is.
    pub(crate) fn name(self) -> Range<usize> {
        self.start..self.start + self.name_len
    }

    /// Returns where the value is.
    pub(crate) fn value(self) -> Range<usize> {
        let start = self.name().end + COLON.len();
        start..start + self.value_len
    }

    /// Returns where the whole line is, with its CR LF.
    pub(crate) fn whole(self) -> Range<usize> {
        self.start..self.value().end + CRLF.len()
    }
}

/// The bit of a name's length. Lengths share bits, so one that is set promises nothing.
pub(crate) fn length_bit(len: usize) -> u32 {
    1 << (len % 32)
}
