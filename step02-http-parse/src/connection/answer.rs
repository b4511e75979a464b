//! The sending half of a connection: the response to the request at hand.
//!
//! ```text
//!   Awaited ── start ──► Begun ── finish ──► Finished ── next_request ──► Awaited
//!                         │
//!                         └── more or less than promised ──► Broken: cut the connection
//! ```
//!
//! Everything is appended to a buffer of the caller's; sending it is the caller's part.

use super::Connection;
use super::incoming::{Incoming, Reading};
use crate::response::{self, Expectation, Persistence, Said};
use crate::{BodyDecoder, Encoder, Fields, Framing, LengthMismatch, ResponseHead, Version};

/// How far the response has been written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer {
    /// Nothing of it.
    Awaited,
    /// Its head, and some of its body.
    Begun(Encoder),
    /// All of it.
    Finished(Encoder),
    /// Its body was not the one promised.
    Broken(Encoder),
}

impl Connection {
    /// Tells whether the client waits for `100 Continue` before it sends its body.
    ///
    /// Source: RFC 9110 §10.1.1
    pub fn expects_continue(&self) -> bool {
        self.asked.expectation == Expectation::Waiting
            && matches!(self.reading, Reading::Body(_))
            && matches!(self.answer, Answer::Awaited)
    }

    /// Appends the interim response `100 Continue`, once, and only to a client that waits for it.
    // ANCHOR: send_continue
    pub fn send_continue(&mut self, out: &mut Vec<u8>) {
        if self.expects_continue() {
            self.asked.expectation = Expectation::Settled;
            out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
    }
    // ANCHOR_END: send_continue

    /// Appends an interim response, of which there may be several before the one that counts. To a
    /// client of HTTP/1.0, which knows none, nothing goes out, and nothing once a response has begun.
    ///
    /// Source: RFC 9110 §15.2
    pub fn send_interim(&mut self, head: &ResponseHead, out: &mut Vec<u8>) {
        if self.asked.version == Version::Http11 && matches!(self.answer, Answer::Awaited) {
            response::write_interim(head, out);
        }
    }

    /// Makes this response the last one of the connection; before [`Connection::start`] it says
    /// so with `Connection: close`.
    pub fn close_after_response(&mut self) {
        if self.asked.persistence == Persistence::Keep {
            self.asked.persistence = Persistence::Close;
        }
    }

    /// Tells whether the connection closes after the response at hand, as either side wants.
    pub fn closes_after_response(&self) -> bool {
        self.asked.persistence != Persistence::Keep
    }

    /// Tells whether the client has nothing more to say: it has ended its input, or has said that
    /// this request is its last, which is read to its end with nothing behind it. Whoever closes
    /// then destroys no response by it.
    ///
    /// Source: RFC 9112 §9.6
    pub fn is_all_heard(&self) -> bool {
        let last = self.asked.persistence == Persistence::LastRequest;
        self.eof || last && self.reading.is_complete() && self.input.is_empty()
    }

    /// Begins the response: appends status line, fields and framing to `out`.
    ///
    /// Connection, Keep-Alive and Transfer-Encoding are written here and nowhere else; those in
    /// `head` are left out, where `Connection: close` is obeyed. One valid Content-Length in
    /// `head` is the promise that the body is held to; without one the body is chunked, or ends
    /// with the connection for a client of HTTP/1.0. To HEAD, and with 1xx, 204 and 304, no body
    /// goes out.
    ///
    /// The connection closes after a response that was begun while the client still waited for
    /// `100 Continue`: nobody knows whether its body will come. It closes after a 1xx too, as an
    /// answer that is none leaves nothing to continue with.
    ///
    /// # Panics
    /// When a response has begun already.
    ///
    /// Source: RFC 9112 §6.1, §6.2, §9.3; RFC 9110 §10.1.1
    pub fn start(&mut self, head: &ResponseHead, out: &mut Vec<u8>) {
        assert!(
            matches!(self.answer, Answer::Awaited),
            "a request has one response"
        );
        let said = Said::by(&head.fields);
        if self.expects_continue() || said.close || head.status.is_informational() {
            self.close_after_response();
        }
        let encoder = self.asked.encoder(head.status, said.promised);
        if encoder == Encoder::UntilClose {
            self.close_after_response();
        }
        response::write_head(head, &said, encoder, &self.asked, out);
        self.answer = Answer::Begun(encoder);
    }

    /// Answers with a change of protocols: appends the head of a `101` to `out`, after which nothing
    /// on this connection is HTTP any more.
    ///
    /// What comes in is [`Next::Body`](crate::Next::Body) from now on, the octets that came behind the request first,
    /// and [`Next::End`](crate::Next::End) at the end of input. What is sent goes out as it is. Either direction may
    /// end before the other, and the connection closes after both.
    ///
    /// # Panics
    /// When a response has begun already, or the request has not been read to its end: the client
    /// must not switch in the middle of a message.
    ///
    /// Source: RFC 9110 §7.8
    pub fn switch(&mut self, head: &ResponseHead, out: &mut Vec<u8>) {
        assert!(
            matches!(self.answer, Answer::Awaited),
            "a request has one response"
        );
        assert!(
            self.reading.is_complete(),
            "a request that asks for a switch has been read"
        );
        response::write_switch(head, out);
        self.close_after_response();
        self.asked.framing = Framing::UntilClose;
        self.reading = Reading::Body(Incoming {
            decoder: BodyDecoder::new(Framing::UntilClose, &self.limits),
            head: 0,
            lent: 0,
        });
        self.answer = Answer::Begun(Encoder::UntilClose);
    }

    /// Tells how the response's body goes out; `None` before [`Connection::start`].
    pub fn encoder(&self) -> Option<Encoder> {
        match self.answer {
            Answer::Awaited => None,
            Answer::Begun(encoder) | Answer::Finished(encoder) | Answer::Broken(encoder) => {
                Some(encoder)
            }
        }
    }

    /// Appends framed content to `out`.
    ///
    /// # Errors
    /// When more comes than the head promised; nothing beyond the promise is appended, and the
    /// connection closes.
    ///
    /// # Panics
    /// Unless a response has begun and not ended.
    pub fn send(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), LengthMismatch> {
        self.encode(|encoder| encoder.send(data, out))
    }

    /// Accounts for `n` content octets that left without passing through `send` (sendfile). Only
    /// for [`Encoder::Length`] and [`Encoder::UntilClose`].
    ///
    /// # Errors
    /// When more left than the head promised.
    ///
    /// # Panics
    /// As [`Connection::send`], and for another encoder.
    pub fn sent(&mut self, n: u64) -> Result<(), LengthMismatch> {
        self.encode(|encoder| encoder.sent(n))
    }

    /// Ends the response.
    ///
    /// # Errors
    /// When less came than the head promised: the connection must be cut.
    ///
    /// # Panics
    /// As [`Connection::send`].
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), LengthMismatch> {
        self.finish_with(&Fields::new(), out)
    }

    /// Ends the response with a trailer section, where it goes out in chunks.
    ///
    /// # Errors
    /// As [`Connection::finish`].
    ///
    /// # Panics
    /// As [`Connection::send`].
    ///
    /// Source: RFC 9112 §7.1.2
    pub fn finish_with(
        &mut self,
        trailers: &Fields,
        out: &mut Vec<u8>,
    ) -> Result<(), LengthMismatch> {
        self.encode(|encoder| encoder.finish_with(trailers, out))?;
        if let Answer::Begun(encoder) = self.answer {
            self.answer = Answer::Finished(encoder);
        }
        Ok(())
    }

    fn encode(
        &mut self,
        step: impl FnOnce(&mut Encoder) -> Result<(), LengthMismatch>,
    ) -> Result<(), LengthMismatch> {
        let Answer::Begun(mut encoder) = self.answer else {
            panic!("content goes between start and finish of a response");
        };
        let outcome = step(&mut encoder);
        self.answer = match outcome {
            Ok(()) => Answer::Begun(encoder),
            Err(_) => Answer::Broken(encoder),
        };
        outcome
    }
}
