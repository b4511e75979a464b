//! Bodies, from the wire.

use crate::{Fields, Framing, Limits, Reject};

/// What stands at the front of the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// So many bytes of framing: drop them.
    Skip(usize),
    /// So many bytes of content.
    Data(usize),
    /// Nothing can be said before more bytes come.
    NeedBytes,
    /// The body is over; the trailer section, mostly empty.
    End(Fields),
}

/// Finds content and framing in a body.
#[derive(Debug)]
pub struct BodyDecoder {}

impl BodyDecoder {
    /// A decoder at the first octet of a body.
    pub fn new(framing: Framing, limits: &Limits) -> BodyDecoder {
        let _ = (framing, limits);
        todo!()
    }
    /// Says what stands at the front; changes nothing that calling it again would show.
    ///
    /// # Errors
    /// A malformed chunk or trailer, or the end of input before the end of the body.
    pub fn next(&mut self, front: &[u8], eof: bool) -> Result<Piece, Reject> {
        let _ = (front, eof);
        todo!()
    }
    /// Tells that `n` bytes of what `next` named are dealt with.
    pub fn advance(&mut self, n: usize) {
        let _ = n;
        todo!()
    }
}
