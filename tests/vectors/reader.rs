//! What a client that is made of step 2 understands of an answer that comes in pieces.
//!
//! ```text
//!   octets ──► pieces ──► parse_response_head, response_framing, BodyDecoder ──► events
//! ```

use super::told::{Step, Told};
use check::vector::{Event, Word};
use http_parse::{
    BodyDecoder, Limits, Method, Parsed, Piece, Reject, parse_response_head, response_framing,
};

/// Reads the answer to a request of that method, as it comes in pieces, up to the end of input.
pub(crate) fn response(method: &str, pieces: &[&[u8]]) -> Vec<Event> {
    let method = method_of(method);
    let (mut reader, mut told) = (Reader::new(method), Told::default());
    for piece in pieces {
        reader.front.extend_from_slice(piece);
        if reader.steps(&mut told) == Step::Over {
            return told.0;
        }
    }
    reader.eof = true;
    let last = reader.steps(&mut told);
    assert_eq!(last, Step::Over, "nothing is needed after the end of input");
    told.0
}

/// The methods that decide about a response's framing, and one for all others.
fn method_of(name: &str) -> Method {
    match name {
        "HEAD" => Method::Head,
        "CONNECT" => Method::Connect,
        _ => Method::Get,
    }
}

/// A client's side of one answer.
struct Reader {
    method: Method,
    /// Octets that have come and are not dealt with.
    front: Vec<u8>,
    eof: bool,
    body: Option<BodyDecoder>,
}

impl Reader {
    fn new(method: Method) -> Reader {
        Reader {
            method,
            front: Vec::new(),
            eof: false,
            body: None,
        }
    }

    fn steps(&mut self, told: &mut Told) -> Step {
        let outcome = match self.body {
            None => self.head(told),
            Some(_) => self.content(told),
        };
        outcome.unwrap_or_else(|reject| {
            told.refused(reject);
            Step::Over
        })
    }

    fn head(&mut self, told: &mut Told) -> Result<Step, Reject> {
        let limits = Limits::default();
        let (head, len) = match parse_response_head(&self.front, &limits)? {
            Parsed::Complete(head, len) => (head, len),
            Parsed::Partial if self.eof => {
                told.tell(Word::Partial, "");
                return Ok(Step::Over);
            }
            Parsed::Partial => return Ok(Step::NeedBytes),
        };
        let status = head.status.code();
        told.tell(Word::Head, format!("{} {status}", head.version));
        told.fields(Word::Field, &head.fields);
        self.front.drain(..len);
        let framing = response_framing(&self.method, &head)?;
        told.framing(framing);
        self.body = Some(BodyDecoder::new(framing, &limits));
        self.content(told)
    }

    fn content(&mut self, told: &mut Told) -> Result<Step, Reject> {
        let Some(decoder) = &mut self.body else {
            return Ok(Step::NeedBytes);
        };
        loop {
            let n = match decoder.next(&self.front, self.eof)? {
                Piece::Skip(n) => n,
                Piece::Data(n) => {
                    told.tell(Word::Body, &self.front[..n]);
                    n
                }
                Piece::NeedBytes => return Ok(Step::NeedBytes),
                Piece::End(trailers) => {
                    told.end(&trailers);
                    return Ok(Step::Over);
                }
            };
            decoder.advance(n);
            self.front.drain(..n);
        }
    }
}
