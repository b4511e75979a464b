//! What all parsers share: why one stops, how far one may look, and how a line ends.
//!
//! A limit is a window: a parser is not shown octets beyond it, and finding no end within means
//! either that more must come, or that what it reads is too long.

use crate::{Fault, Reject};

/// Why a step of a parser has no result.
pub(crate) enum Stop {
    /// What is there is well so far, and ends too early.
    Partial,
    /// It is not well, and nothing that follows can make it so.
    Refused(Reject),
}

impl Stop {
    /// Refuses the octet at `at`.
    pub(crate) fn refuse<T>(fault: Fault, at: usize) -> Result<T, Stop> {
        Err(Stop::Refused(Reject::new(fault, at)))
    }
}

/// Lets a parser see the octets up to `reach`; not finding an end within them is `fault`, at `at`.
#[inline]
pub(crate) fn within<T>(
    bytes: &[u8],
    reach: usize,
    (fault, at): (Fault, usize),
    read: impl FnOnce(&[u8]) -> Result<T, Stop>,
) -> Result<T, Stop> {
    let window = bytes.get(..reach);
    match read(window.unwrap_or(bytes)) {
        Err(Stop::Partial) if window.is_some() => Stop::refuse(fault, at),
        outcome => outcome,
    }
}

/// Demands CR LF at `at`, where a CR has been seen, and returns the offset after it.
#[inline]
pub(crate) fn line_end(bytes: &[u8], at: usize) -> Result<usize, Stop> {
    match bytes.get(at + 1) {
        None => Err(Stop::Partial),
        Some(b'\n') => Ok(at + 2),
        Some(_) => Stop::refuse(Fault::BareCr, at),
    }
}

/// Octets that may come in vain before something unfinished is looked at again.
pub(crate) const RETRY: usize = 1024;

/// Tells whether it pays to parse again what was unfinished when it had `searched` octets: at the
/// end of a line, after a kibibyte, and when no more will come. A peer that sends single octets must
/// not make us look at all of them each time.
///
/// `bytes` only grow between two calls, and `searched` is what they were at the last time.
///
/// ```
/// use http_parse::pays;
///
/// assert!(!pays(0, b"", false), "there is nothing to look at");
/// assert!(pays(0, b"HTTP/1.1 2", false), "the first time always");
/// assert!(!pays(10, b"HTTP/1.1 20", false));
/// assert!(pays(11, b"HTTP/1.1 200 OK\r\n", false));
/// ```
// ANCHOR: pays
pub fn pays(searched: usize, bytes: &[u8], eof: bool) -> bool {
    let new = &bytes[searched..];
    let first = searched == 0 && !new.is_empty();
    eof || first || new.len() >= RETRY || new.contains(&b'\n')
}
// ANCHOR_END: pays
