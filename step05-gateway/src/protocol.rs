//! What the wires to other servers have in common: a request becomes octets, octets become a
//! response.
//!
//! ```text
//!     begin(request) ─► body(data)* ─► end()          octets for the other server
//!     hear(front)    ─► Head ─► Data* ─► End          octets from it, however they are cut
//! ```
//!
//! A protocol is a codec: it opens no connection, waits for nothing and keeps no content. Data is
//! pointed at where it lies, so content of any size passes through one small buffer. Who owns the
//! connection, its deadlines and its failures is [`Upstream`](crate::Upstream).

use crate::cgi_head::BadGateway;
use http_parse::{Fields, ResponseHead};
use static_files::Request;

/// One request and its response, in the words of one wire.
pub trait Protocol: Send {
    /// Writes the request's head. `length` is that of its content: `Some(0)` for none, `None`
    /// where only its end will tell.
    fn begin(&mut self, request: &Request, length: Option<u64>, out: &mut Vec<u8>);

    /// Writes a piece of the request's content, which is not empty.
    fn body(&mut self, data: &[u8], out: &mut Vec<u8>);

    /// Tells what stands behind the request's content, before its [end](Protocol::end). It is
    /// dropped where the wire has no place for it.
    fn trailers(&mut self, _section: &Fields) {}

    /// Writes what tells that the request's content is complete; it comes also where there is
    /// none.
    fn end(&mut self, out: &mut Vec<u8>);

    /// Understands what stands at the front of everything received and not yet
    /// [taken](Protocol::took). `eof` says that nothing will follow.
    ///
    /// # Errors
    /// [`BadGateway`] when the other server does not keep to the protocol, or ended too early.
    fn hear(&mut self, front: &[u8], eof: bool) -> Result<Heard, BadGateway>;

    /// Tells that the first `n` octets of what was heard last are used up. It follows at once on
    /// every answer that names octets: with all of them, or for data and complaints with the skip
    /// and any part of the length.
    fn took(&mut self, n: usize);

    /// What stood behind the response's content, once it has ended.
    fn heard_trailers(&mut self) -> Fields {
        Fields::new()
    }

    /// Whether a request's content can only be sent when its length is known beforehand.
    fn needs_length(&self) -> bool {
        false
    }

    /// Whether the end of the content is told by closing the connection's writing half: only where
    /// the octets themselves cannot tell it.
    fn half_closes(&self) -> bool {
        false
    }

    /// Whether [`Heard::Local`] may come: only where the other server speaks CGI's words.
    fn may_redirect(&self) -> bool {
        true
    }

    /// Whether an answer that nobody wants any more is heard to its end, within bounds, rather than
    /// the connection closed.
    fn hears_out(&self) -> bool {
        false
    }
}

/// What stands at the front of the octets from another server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// So many octets that concern nobody but the protocol.
    Skip(usize),
    /// An interim response's head, which ends after so many octets: another one follows.
    Interim(usize, ResponseHead),
    /// A response's head, which ends after so many octets. It comes once, before any data.
    Head(usize, ResponseHead),
    /// In place of a head: the server itself is to answer with this path (RFC 3875 §6.2.2).
    Local(Box<[u8]>),
    /// In place of a head: the other server has no room for this request, and has not begun it.
    Overloaded,
    /// Content: `len` octets behind `skip` octets of framing.
    Data {
        /// Framing before the content.
        skip: usize,
        /// Octets of content, possibly none.
        len: usize,
    },
    /// Words for the server's log: `len` octets behind `skip` octets of framing.
    Complaint {
        /// Framing before the words.
        skip: usize,
        /// Octets of words.
        len: usize,
    },
    /// Nothing can be said before more octets have come.
    NeedBytes,
    /// The response is complete; the connection is not yet free, so hearing may go on to the end.
    Whole,
    /// Request and response are over.
    End(After),
}

/// What may be done with a connection after a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Send the next request.
    Keep,
    /// Nothing: the other server closes it, or nobody knows what comes next on it.
    Close,
}
