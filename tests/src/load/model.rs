//! What the answer to a request has to be: all of its octets but the date.

use super::{Load, Reuse};
use crate::answer::{Answer, Asked};
use crate::client::Client;
use crate::trouble::Trouble;
use std::net::SocketAddr;
use std::ops::Range;

/// From this length on, pieces of an answer are compared at their beginning only: comparing 64 MiB
/// with 64 MiB takes longer than serving them.
const LONG: usize = 1 << 20;

/// How much of such a piece.
const SAMPLE: usize = 4096;

/// An answer that every other answer to that request has to be like.
#[derive(Debug)]
pub(super) struct Model {
    octets: Vec<u8>,
    /// Where the value of `Date` stands.
    date: Range<usize>,
}

impl Model {
    /// Asks each request once.
    pub(super) fn ask(addr: SocketAddr, load: &Load) -> Result<Vec<Model>, Trouble> {
        let mut client = Client::connect(addr)?;
        let mut models = Vec::with_capacity(load.requests.len());
        for request in &load.requests {
            client.send(request)?;
            let answer = client.read_answer(Asked::Other)?;
            if answer.status != load.status {
                return Err(Trouble::Malformed {
                    what: "the status is not the expected one",
                    at: 9,
                });
            }
            models.push(Model::of(answer));
            if load.reuse == Reuse::Never {
                client = Client::connect(addr)?;
            }
        }
        Ok(models)
    }

    fn of(answer: Answer) -> Model {
        let masked = answer.masked_head();
        let start = masked.windows(4).position(|window| window == b"****");
        let start = start.unwrap_or(masked.len());
        let stars = masked[start..].iter();
        let len = stars.take_while(|&&octet| octet == b'*').count();
        Model {
            octets: [answer.head, answer.content].concat(),
            date: start..start + len,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.octets.len()
    }

    /// Whether `piece` is what stands at `at`; it must not reach beyond the end.
    pub(super) fn has(&self, at: usize, piece: &[u8]) -> bool {
        let piece = match self.octets.len() {
            LONG.. => &piece[..piece.len().min(SAMPLE)],
            _ => piece,
        };
        let own = &self.octets[at..at + piece.len()];
        // Both relative to the piece; where it does not meet the date, the range is empty.
        let start = self.date.start.saturating_sub(at).min(piece.len());
        let end = self.date.end.saturating_sub(at).min(piece.len());
        own[..start] == piece[..start] && own[end..] == piece[end..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_date_may_differ_wherever_a_piece_is_cut() {
        let model = Model {
            octets: b"head DATE content".to_vec(),
            date: 5..9,
        };
        let other = b"head 1234 content";
        for from in 0..model.len() {
            for to in from..=model.len() {
                assert!(model.has(from, &other[from..to]), "{from}..{to}");
            }
        }
        for at in (0..5).chain(9..model.len()) {
            let mut wrong = other.to_vec();
            wrong[at] = b'#';
            assert!(!model.has(0, &wrong), "{at}");
        }
    }
}
