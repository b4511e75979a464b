//! How much of anything a peer may send.
//!
//! A server that has no bound for something has one all the same: its memory, which every peer
//! can then take from all others. Each number is far above what honest programs send, and the
//! status beside it tells those who reach it what was too much.
//!
//! Bodies have no limit here: they pass through a small buffer however long they are, and how
//! much of one is welcome depends on what is asked for.

use crate::scan::RETRY;

/// Bounds on what a peer may send, in octets unless the name says otherwise.
///
/// Source: RFC 9110 §2.3, RFC 9112 §3 and §7.1.1 (which ask for bounds and leave them to us)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Method token; longer is 501.
    pub method: usize,
    /// Request-target; longer is 414.
    pub target: usize,
    /// One field line; longer is 431.
    pub field_line: usize,
    /// The field section; longer is 431.
    pub section: usize,
    /// Number of field lines; more is 431.
    pub fields: usize,
    /// Empty lines skipped before a request line (RFC 9112 §2.2).
    pub empty_lines: usize,
    /// One chunk-size line with its extensions; longer is 400.
    pub chunk_line: usize,
    /// Chunk extensions over a whole body; more is 400.
    pub chunk_extensions: usize,
    /// The trailer section; longer is 431.
    pub trailers: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            method: 32,
            // What RFC 9112 §3 asks every server to accept.
            target: 8_000,
            field_line: 8 * 1024,
            section: 32 * 1024,
            fields: 100,
            empty_lines: 8,
            chunk_line: 256,
            chunk_extensions: 16 * 1024,
            trailers: 8 * 1024,
        }
    }
}

impl Limits {
    /// More octets than any head within these limits has, and than may wait before one is looked
    /// at again.
    pub(crate) fn largest_head(&self) -> usize {
        let line_ends = self.empty_lines.saturating_add(2).saturating_mul(2);
        [
            self.method,
            self.target,
            "  HTTP/1.1".len(),
            self.section,
            line_ends,
            RETRY,
        ]
        .into_iter()
        .fold(0, usize::saturating_add)
    }

    /// More octets than any piece of framing in a body has that must be seen whole, and than may
    /// wait before it is looked at again.
    pub(crate) fn largest_framing(&self) -> usize {
        self.trailers
            .max(self.chunk_line)
            .saturating_add("\r\n".len() + RETRY)
    }
}
