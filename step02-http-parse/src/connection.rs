//! One connection's server side, as a machine: bytes in, steps out, bytes out.
//!
//! ```text
//!                 received      next                        start  send  finish
//!   socket ──► space() ──► Head · Body … · End ──► handler ──► out: Vec<u8> ──► socket
//!                                  └── body(), consume(n)                │
//!                 ▲                                                      │
//!                 └────────────────── next_request ◄─────────────────────┘
//! ```
//!
//! The caller owns the socket, the clock and the waiting; this owns what HTTP says. Content is
//! lent: what is not consumed stays in the buffer, a full buffer stops the reading, and TCP slows
//! the peer. Requests are answered one after another: those sent ahead wait in the buffer.
//!
//! It does not decide what to answer, adds no Date and no Server, and does not upgrade to other
//! protocols.

mod answer;
mod incoming;
mod memory;

use crate::buffer::{Buffer, Growth};
use crate::response::{Asked, Expectation};
use crate::scan::pays;
use crate::{
    BodyDecoder, Fault, Fields, Framing, Limits, Parsed, Reject, RequestHead,
    parse_request_head_into, request_framing,
};
use answer::Answer;
use incoming::{Incoming, Reading, expectation};
use std::mem;

/// Body octets that wait in memory at most, and so what one read can bring: as many as a pipe
/// holds on Linux, so that a body on its way to a program goes through in whole pieces.
const WINDOW: usize = 64 * 1024;

/// The next thing that the bytes received so far say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A request begins.
    Head(RequestHead),
    /// Content is there: see [`Connection::body`].
    Body,
    /// The request is complete; its trailer section.
    End(Fields),
    /// Nothing more before more bytes come.
    NeedBytes,
    /// The request has ended and its response has not: see [`Connection::next_request`].
    Paused,
    /// The peer ended its input between two requests.
    Closed,
}

/// The server's side of one HTTP/1 connection, without the socket.
///
/// ```
/// use http_parse::{Connection, Limits, Next, ResponseHead, Status};
///
/// let mut connection = Connection::new(&Limits::default());
/// let request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
/// connection.space()[..request.len()].copy_from_slice(request);
/// connection.received(request.len());
///
/// let Next::Head(head) = connection.next()? else { unreachable!("it is all there") };
/// assert_eq!(head.target.path(), b"/");
/// assert!(matches!(connection.next()?, Next::End(_)));
///
/// let mut out = Vec::new();
/// let mut response = ResponseHead::new(Status::OK);
/// response.fields.push("Content-Length", "2");
/// connection.start(&response, &mut out);
/// connection.send(b"hi", &mut out)?;
/// connection.finish(&mut out)?;
/// assert_eq!(out, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
/// assert!(connection.next_request());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Source: RFC 9112 §9
#[derive(Debug)]
pub struct Connection {
    limits: Limits,
    input: Buffer,
    /// Whether the peer has ended its input.
    eof: bool,
    reading: Reading,
    /// What the request says about its response.
    asked: Asked,
    answer: Answer,
    /// A head that is done with: the next one takes over its memory.
    spare: RequestHead,
}

impl Connection {
    /// Makes a connection before its first byte. It holds no buffer until one is asked for.
    pub fn new(limits: &Limits) -> Connection {
        Connection {
            limits: *limits,
            input: Buffer::new(buffer_capacity(limits)),
            eof: false,
            reading: Reading::Head { searched: 0 },
            asked: Asked::default(),
            answer: Answer::Awaited,
            spare: RequestHead::blank(),
        }
    }

    /// Tells whether bytes should be read from the socket now: false when the buffer is full,
    /// after the end of input, and while a complete request awaits its answer.
    pub fn wants_bytes(&self) -> bool {
        !self.eof
            && match &self.reading {
                Reading::Head { .. } => self.input.len() < self.input.capacity(),
                // Up to half of it may wait, so that what is moved to make room is never more
                // than the room it makes.
                Reading::Body(incoming) => {
                    !incoming.decoder.is_over() && self.input.len() <= self.input.capacity() / 2
                }
                Reading::Ended | Reading::Refused(_) => false,
            }
    }

    /// Returns room for bytes from the socket; never empty while [`Connection::wants_bytes`].
    pub fn space(&mut self) -> &mut [u8] {
        let much_to_come = match self.asked.framing {
            Framing::Length(octets) => self.is_receiving() && octets > WINDOW as u64,
            Framing::None | Framing::Chunked | Framing::UntilClose => false,
        };
        self.input.space(if much_to_come {
            Growth::Whole
        } else {
            Growth::Steps
        })
    }

    /// Tells that `n` bytes were put into [`Connection::space`]; 0 is the end of input.
    ///
    /// # Panics
    /// When there was no space for so many.
    pub fn received(&mut self, n: usize) {
        self.eof |= n == 0;
        if n > 0 {
            self.asked.expectation = Expectation::Settled;
        }
        self.input.filled(n);
    }

    /// Takes the next step. Until it says `NeedBytes`, `Paused` or `Closed`, more can be had
    /// without reading; after `Body`, once some of it has been consumed.
    ///
    /// # Errors
    /// What the client did wrong: see [`crate::parse_request_head`], [`crate::request_framing`]
    /// and [`crate::BodyDecoder::next`]; 417 for an expectation nobody knows; 400 for the end of
    /// input inside a request. Offsets count from the first octet of the request. The connection
    /// can only be answered and closed after it, and every further call says the same.
    #[expect(
        clippy::should_implement_trait,
        reason = "the lesson's word; an iterator has no use for it"
    )]
    pub fn next(&mut self) -> Result<Next, Reject> {
        let step = match &mut self.reading {
            Reading::Head { searched } => {
                let searched = *searched;
                self.next_in_head(searched)
            }
            Reading::Body(incoming) => incoming.next(&mut self.input, self.eof),
            Reading::Ended => Ok(Next::Paused),
            Reading::Refused(reject) => Err(*reject),
        };
        // ANCHOR: refused
        match &step {
            Ok(Next::End(_)) => self.reading = Reading::Ended,
            Ok(_) => {}
            Err(reject) => {
                self.reading = Reading::Refused(*reject);
                self.close_after_response();
            }
        }
        // ANCHOR_END: refused
        step
    }

    // ANCHOR: next_in_head
    fn next_in_head(&mut self, searched: usize) -> Result<Next, Reject> {
        if !pays(searched, self.input.front(), self.eof) {
            return Ok(Next::NeedBytes);
        }
        match parse_request_head_into(&mut self.spare, self.input.front(), &self.limits)? {
            Parsed::Complete((), length) => {
                let head = mem::replace(&mut self.spare, RequestHead::blank());
                self.begin(head, length)
            }
            Parsed::Partial if !self.eof => {
                let searched = self.input.len();
                self.reading = Reading::Head { searched };
                let partial = mem::replace(&mut self.spare, RequestHead::blank());
                self.recycle(partial);
                Ok(Next::NeedBytes)
            }
            Parsed::Partial if self.is_idle() => Ok(Next::Closed),
            Parsed::Partial => Err(Reject::new(Fault::HeadCutOff, self.input.len())),
        }
    }
    // ANCHOR_END: next_in_head

    fn begin(&mut self, head: RequestHead, length: usize) -> Result<Next, Reject> {
        // A refusal from here on is an answer to this request: to HEAD without content.
        self.asked = Asked::by(&head);
        let framing = request_framing(&head)?;
        self.input.drop_front(length);
        self.asked.expectation = expectation(&head, framing, &self.input)?;
        self.asked.framing = framing;
        self.reading = Reading::Body(Incoming {
            decoder: BodyDecoder::new(framing, &self.limits),
            head: length,
            lent: 0,
        });
        Ok(Next::Head(head))
    }

    /// Returns content octets at hand: lent, not given. Empty unless [`Connection::next`] has
    /// said [`Next::Body`].
    pub fn body(&self) -> &[u8] {
        match &self.reading {
            Reading::Body(incoming) => &self.input.front()[..incoming.lent],
            Reading::Head { .. } | Reading::Ended | Reading::Refused(_) => &[],
        }
    }

    /// Tells that `n` octets of [`Connection::body`] are dealt with.
    ///
    /// # Panics
    /// When the body at hand has not so many.
    pub fn consume(&mut self, n: usize) {
        assert!(n <= self.body().len(), "no more is consumed than was lent");
        if let Reading::Body(incoming) = &mut self.reading {
            incoming.lent -= n;
            incoming.decoder.advance(n);
            self.input.drop_front(n);
        }
    }

    /// Tells how the current request's body ends; [`Framing::None`] before there is one.
    pub fn framing(&self) -> Framing {
        self.asked.framing
    }

    /// Tells whether nothing of a request has arrived yet: the connection is between two
    /// requests. Empty lines, which some clients send after a body, are nothing.
    pub fn is_idle(&self) -> bool {
        matches!(self.reading, Reading::Head { .. })
            && self.input.front().iter().all(|byte| b"\r\n".contains(byte))
    }

    /// Tells whether a request has begun to be read, and its body is not completely dealt with.
    pub fn is_receiving(&self) -> bool {
        match &self.reading {
            Reading::Body(incoming) => !incoming.decoder.is_over(),
            Reading::Head { .. } | Reading::Ended | Reading::Refused(_) => false,
        }
    }

    /// Turns to the next request; false when the connection must close instead: because either
    /// side wants it, because the request was refused or not read to its end, or because its
    /// response was not finished as promised.
    ///
    /// Source: RFC 9112 §9.3
    // ANCHOR: next_request
    pub fn next_request(&mut self) -> bool {
        let answered = matches!(self.answer, Answer::Finished(_));
        if !self.reading.is_complete() || !answered || self.closes_after_response() {
            return false;
        }
        self.reading = Reading::Head { searched: 0 };
        self.asked = Asked::default();
        self.answer = Answer::Awaited;
        true
    }
    // ANCHOR_END: next_request
}

/// Room for the largest head, so that the parser has decided before the buffer is full, and for
/// the largest piece of a body's framing in half of it (see [`Connection::wants_bytes`]).
fn buffer_capacity(limits: &Limits) -> usize {
    let head = limits.largest_head();
    let framing = limits.largest_framing().saturating_mul(2);
    WINDOW.max(head).max(framing)
}
