//! Where the parts of one field line are.
//!
//! ```text
//!   … \r\nAccept: text/html\r\n …
//!         ^start  ^at
//!         name_len value_len
//! ```
//!
//! Four small numbers for a line, whatever its length; the octets stay where they are. The same
//! numbers describe a line in the message it is read from and, once copied, in a
//! [`Fields`](crate::Fields) section, where name and value stand exactly [`COLON`] apart.

use std::ops::Range;

/// What stands between a name and its value in a section.
pub(crate) const COLON: &[u8] = b": ";
/// What stands after the value.
pub(crate) const CRLF: &[u8] = b"\r\n";
/// The octets of both.
const FRAME_LEN: u32 = 4;

/// Name and value of a line, by their offsets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// First octet of the name: in the message while it is read, in the section afterwards.
    start: u32,
    name_len: u32,
    value_len: u32,
    /// First octet of the value in the message it was read from; 0 for a line of our own.
    at: u32,
}

impl Line {
    /// Notes a line of a message; `None` beyond the 4 GiB that a section can hold.
    pub(crate) fn new(name: Range<usize>, value: Range<usize>) -> Option<Line> {
        u32::try_from(value.end.checked_add(FRAME_LEN as usize)?).ok()?;
        Some(Line {
            start: u32::try_from(name.start).ok()?,
            name_len: u32::try_from(name.len()).ok()?,
            value_len: u32::try_from(value.len()).ok()?,
            at: u32::try_from(value.start).ok()?,
        })
    }

    /// Returns where the name is.
    pub(crate) fn name(self) -> Range<usize> {
        let start = self.start as usize;
        start..start + self.name_len as usize
    }

    /// Returns where the value is in a section.
    pub(crate) fn value(self) -> Range<usize> {
        let start = self.name().end + COLON.len();
        start..start + self.value_len as usize
    }

    /// Returns where the value is in the message the line was read from.
    pub(crate) fn value_in_message(self) -> Range<usize> {
        let at = self.at();
        at..at + self.value_len as usize
    }

    /// Returns the offset of the value in the message the line was read from.
    pub(crate) fn at(self) -> usize {
        self.at as usize
    }

    /// Returns where the whole line is in a section, with its CR LF.
    pub(crate) fn whole(self) -> Range<usize> {
        self.name().start..self.value().end + CRLF.len()
    }

    /// Returns the octets of the whole line in a section.
    pub(crate) fn len(self) -> u32 {
        self.name_len + self.value_len + FRAME_LEN
    }

    /// Returns the same line, `by` octets further to the front.
    pub(crate) fn moved(self, by: u32) -> Line {
        Line {
            start: self.start - by,
            ..self
        }
    }

    /// Returns the same line at the place where a section of `len` octets ends; `None` beyond
    /// the 4 GiB that a section can hold.
    pub(crate) fn at_end_of(self, len: usize) -> Option<Line> {
        let start = u32::try_from(len).ok()?;
        start.checked_add(self.len())?;
        Some(Line { start, ..self })
    }
}
