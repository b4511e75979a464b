//! One connection's server side, as a machine: bytes in, steps out, bytes out.

use crate::{Encoder, Fields, Framing, LengthMismatch, Limits, Reject, RequestHead, ResponseHead};

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
#[derive(Debug)]
pub struct Connection {
    limits: Limits,
}

impl Connection {
    /// A connection before its first byte.
    pub fn new(limits: &Limits) -> Connection {
        Connection { limits: *limits }
    }

    // ----- what the client sends

    /// Whether bytes should be read from the socket now: false when the buffer is full, after the end of input, and while a complete request awaits its answer.
    pub fn wants_bytes(&self) -> bool {
        let _ = self.limits;
        todo!()
    }
    /// Room for bytes from the socket; never empty while [`Connection::wants_bytes`].
    pub fn space(&mut self) -> &mut [u8] {
        todo!()
    }
    /// Tells that `n` bytes were put into [`Connection::space`]; 0 is the end of input.
    pub fn received(&mut self, n: usize) {
        let _ = n;
        todo!()
    }
    /// The next step. Until it says `NeedBytes`, `Paused` or `Closed`, more can be had without reading.
    ///
    /// # Errors
    /// What the client did wrong. The connection can only be answered and closed after it.
    #[expect(
        clippy::should_implement_trait,
        reason = "the lesson's word; an iterator has no use for it"
    )]
    pub fn next(&mut self) -> Result<Next, Reject> {
        todo!()
    }
    /// Content octets at hand: lent, not given.
    pub fn body(&self) -> &[u8] {
        todo!()
    }
    /// Tells that `n` octets of [`Connection::body`] are dealt with.
    pub fn consume(&mut self, n: usize) {
        let _ = n;
        todo!()
    }
    /// How the current request's body ends.
    pub fn framing(&self) -> Framing {
        todo!()
    }
    /// Whether nothing of a request has arrived yet: the connection is between two requests.
    pub fn is_idle(&self) -> bool {
        todo!()
    }
    /// Whether the request is not completely read.
    pub fn is_receiving(&self) -> bool {
        todo!()
    }

    // ----- what the server sends

    /// Whether the client waits for `100 Continue` before it sends its body.
    pub fn expects_continue(&self) -> bool {
        todo!()
    }
    /// Appends the interim response `100 Continue`, once.
    pub fn send_continue(&mut self, out: &mut Vec<u8>) {
        let _ = out;
        todo!()
    }
    /// Makes this response the last one of the connection; before [`Connection::start`] it says so with `Connection: close`.
    pub fn close_after_response(&mut self) {
        todo!()
    }
    /// Begins the response: appends status line, fields and framing to `out`.
    pub fn start(&mut self, head: &ResponseHead, out: &mut Vec<u8>) {
        let _ = (head, out);
        todo!()
    }
    /// How the response's body goes out; `None` before [`Connection::start`].
    pub fn encoder(&self) -> Option<Encoder> {
        todo!()
    }
    /// Appends framed content to `out`.
    ///
    /// # Errors
    /// When more comes than the head promised; nothing beyond the promise is appended.
    pub fn send(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), LengthMismatch> {
        let _ = (data, out);
        todo!()
    }
    /// Accounts for `n` content octets that left without passing through `send` (sendfile). Only for [`Encoder::Length`] and [`Encoder::UntilClose`].
    ///
    /// # Errors
    /// When more left than the head promised.
    pub fn sent(&mut self, n: u64) -> Result<(), LengthMismatch> {
        let _ = n;
        todo!()
    }
    /// Ends the response.
    ///
    /// # Errors
    /// When less came than the head promised: the connection must be cut.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), LengthMismatch> {
        let _ = out;
        todo!()
    }
    /// Turns to the next request; false when the connection must close instead.
    pub fn next_request(&mut self) -> bool {
        todo!()
    }
}
