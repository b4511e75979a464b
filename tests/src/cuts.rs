//! Cutting what is sent, because a stream has no messages.

use crate::client::{Client, Heard};
use crate::trouble::Trouble;
use std::time::Duration;

/// How long the client listens between two pieces, so that the server reads the first one alone.
///
/// A piece that still meets the next one on its way makes a weaker test, never a wrong one.
pub const BETWEEN_PIECES: Duration = Duration::from_micros(500);

/// How the octets of a conversation are cut into pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cuts {
    /// Not at all.
    Whole,
    /// After each of these offsets, ascending, counted over everything that is sent.
    At(Vec<usize>),
    /// After every octet.
    EveryOctet,
}

impl Cuts {
    /// Whether a piece ends after the first `offset` octets.
    fn has(&self, offset: usize) -> bool {
        match self {
            Cuts::Whole => false,
            Cuts::At(offsets) => offsets.binary_search(&offset).is_ok(),
            Cuts::EveryOctet => true,
        }
    }

    /// Sends `octets`, before which `offset` others were sent, in pieces.
    ///
    /// # Errors
    /// What the client met while it listened between two pieces, but for the server's end or a reset,
    /// which the next read meets again.
    pub(crate) fn send(
        &self,
        client: &mut Client,
        octets: &[u8],
        offset: usize,
    ) -> Result<(), Trouble> {
        let mut from = 0;
        for to in 1..=octets.len() {
            let last = to == octets.len();
            if !last && !self.has(offset + to) {
                continue;
            }
            // A server that has refused already may have stopped reading: its answer, which is
            // judged in any case, says why.
            if client.send(&octets[from..to]).is_err() {
                return Ok(());
            }
            from = to;
            if last {
                break;
            }
            match client.listen(BETWEEN_PIECES) {
                Ok(Heard::Octets | Heard::Silence) => {}
                Ok(Heard::End) | Err(Trouble::Reset) => break,
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(())
    }
}
