//! The receiving half's states: how far a request has been read, and what its body's sender waits
//! for.

use crate::buffer::Buffer;
use crate::response::Expectation;
use crate::{BodyDecoder, Fault, Framing, Next, Piece, Reject, RequestHead, Version};

/// How far the request has been read.
#[derive(Debug)]
pub(super) enum Reading {
    /// Before the end of the head.
    Head {
        /// Octets that have been looked at in vain.
        searched: usize,
    },
    /// Between the end of the head and the end of the body.
    Body(Incoming),
    /// Completely read; the next one waits until this one is answered.
    Ended,
    /// Refused: whatever follows has no meaning any more.
    Refused(Reject),
}

impl Reading {
    /// Whether the request has been read to its end, and may be followed by another.
    pub(super) fn is_complete(&self) -> bool {
        match self {
            Reading::Body(incoming) => incoming.decoder.is_over(),
            Reading::Ended => true,
            Reading::Head { .. } | Reading::Refused(_) => false,
        }
    }
}

/// A body on its way in.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) decoder: BodyDecoder,
    /// Length of the head: where the body's offsets begin.
    pub(super) head: usize,
    /// Content octets at the front that have been named and not consumed.
    pub(super) lent: usize,
}

impl Incoming {
    /// Passes over framing until there is something to tell.
    pub(super) fn next(&mut self, input: &mut Buffer, eof: bool) -> Result<Next, Reject> {
        loop {
            let piece = self.decoder.next(input.front(), eof);
            match piece.map_err(|reject| reject.shifted(self.head))? {
                Piece::Skip(n) => {
                    input.drop_front(n);
                    self.decoder.advance(n);
                }
                Piece::Data(n) => {
                    self.lent = n;
                    return Ok(Next::Body);
                }
                Piece::NeedBytes => return Ok(Next::NeedBytes),
                Piece::End(trailers) => return Ok(Next::End(trailers)),
            }
        }
    }
}

/// Reads Expect. A client that has sent some of its body does not wait any more, and one of
/// HTTP/1.0 never does.
///
/// Source: RFC 9110 §10.1.1
pub(super) fn expectation(
    head: &RequestHead,
    framing: Framing,
    waiting: &Buffer,
) -> Result<Expectation, Reject> {
    if head.version == Version::Http10 {
        return Ok(Expectation::Settled);
    }
    let mut asked = false;
    for (value, at) in head.fields.located("Expect") {
        if !value.eq_ignore_ascii_case(b"100-continue") {
            return Err(Reject::new(Fault::ExpectationUnknown, at));
        }
        asked = true;
    }
    let announced = match framing {
        Framing::None | Framing::Length(0) => false,
        Framing::Length(_) | Framing::Chunked | Framing::UntilClose => true,
    };
    if asked && announced && waiting.is_empty() {
        return Ok(Expectation::Waiting);
    }
    Ok(Expectation::Settled)
}
