//! The one interface between a server and what it serves.
//!
//! A handler is called when a request's head is complete, and never waits. What can be answered
//! at once is a [`Response`]. What must wait (a program, another server) is an [`Exchange`]: a
//! passive object through which the *server* moves the bytes, so that the server alone owns
//! waiting, backpressure and deadlines.

use crate::{Kept, Record, Request, Response};
use http_parse::{Fields, RequestHead, ResponseHead};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::time::Instant;

/// Answers requests.
///
/// ```
/// use static_files::{Handler, Request, Response};
///
/// fn hello(request: &Request) -> Response {
///     Response::text(format!("you asked for {}\n", request.path().escape_ascii()))
/// }
///
/// let handler: &dyn Handler = &hello;
/// # let _ = handler;
/// ```
pub trait Handler: Sync {
    /// Answers one request, of which the head is known and the body may still be on its way.
    fn handle(&self, request: &Request) -> Reply;

    /// Begins the record of a response: `head` is the request's, or `None` where it could not be
    /// read. `None`, unless a handler says otherwise, is no record; see
    /// [`AccessLog::around`](crate::AccessLog::around).
    fn record(&self, _peer: SocketAddr, _head: Option<&RequestHead>) -> Option<Record> {
        None
    }
}

impl<F, R> Handler for F
where
    F: Fn(&Request) -> R + Sync,
    R: Into<Reply>,
{
    fn handle(&self, request: &Request) -> Reply {
        self(request).into()
    }
}

/// A handler's answer.
#[derive(Debug)]
pub enum Reply {
    /// Everything is known.
    Ready(Response),
    /// The answer comes from somewhere that must be waited for.
    Exchange(Box<dyn Exchange>),
}

impl From<Response> for Reply {
    fn from(response: Response) -> Reply {
        Reply::Ready(response)
    }
}

/// A request that is being answered elsewhere: bytes of its body in, head and bytes of the
/// response out.
///
/// Nothing here waits: `WouldBlock` means "wait until one of [`Exchange::ends`] is ready, then
/// call again". Writing and reading are independent, and both may be under way at once. Dropping
/// an exchange abandons the request and frees what stands behind it. Descriptors may outlive it,
/// so a server that has registered them takes that back first.
pub trait Exchange: Send + fmt::Debug {
    /// Offers request content; returns how many octets were taken, at least one.
    ///
    /// # Errors
    /// `WouldBlock`, or why no more content is taken. The latter is no failure of the exchange: a
    /// program need not read its input, and its answer is still to be had.
    fn write(&mut self, data: &[u8]) -> io::Result<usize>;

    /// Tells that the request's content is complete; called until it is `Ok`.
    ///
    /// # Errors
    /// As [`Exchange::write`].
    fn close_write(&mut self) -> io::Result<()>;

    /// Tells the trailer section of the request's content, before [`Exchange::close_write`], if it has
    /// one and anybody cares.
    fn write_trailers(&mut self, _trailers: &Fields) {}

    /// The response's head; called until it is `Ok`, then never again.
    ///
    /// A `101` is for a request that has been read to its end and asked for it. From then on
    /// octets go both ways as they are: [`Exchange::write`] begins anew, [`Exchange::close_write`]
    /// tells that the client has ended its side, and `Ok(0)` from [`Exchange::read`] that the other
    /// side has; the exchange is over after both.
    ///
    /// # Errors
    /// `WouldBlock`; every other kind is answered as
    /// [`gateway_failure`](crate::gateway_failure) says.
    fn head(&mut self) -> io::Result<ResponseHead>;

    /// Response content. `Ok(0)` promises that the response is *complete*; a peer that died in
    /// the middle is an error, so that the client can be made to notice.
    ///
    /// # Errors
    /// `WouldBlock`, or what broke the response.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize>;

    /// An interim response that came in the head's place: after each `WouldBlock` of
    /// [`Exchange::head`], which is called again at once where there was one.
    fn interim(&mut self) -> Option<ResponseHead> {
        None
    }

    /// The trailer section of the response's content; called once, when that is complete.
    fn trailers(&mut self) -> Fields {
        Fields::new()
    }

    /// Whether [`Exchange::head`] may fail with the wish that somebody else answer instead, as the
    /// programs of a gateway do: `false` spares whoever would see to that the trouble.
    fn may_redirect(&self) -> bool {
        true
    }

    /// What to wait on after `WouldBlock`.
    fn ends(&self) -> Ends<'_>;

    /// A number that changes whenever [`Exchange::ends`] lends other descriptors in the same roles:
    /// a second program, a connection made anew. The earlier ones are closed by then, and a server
    /// that had them registered takes them for gone.
    fn generation(&self) -> u32 {
        0
    }

    /// Whether octets wait in here for room behind [`Exchange::ends`]. They leave with the next
    /// call, whichever it is.
    fn has_pending(&self) -> bool {
        false
    }

    /// When to call [`Exchange::head`] or [`Exchange::read`] even if nothing is ready. After a call
    /// that comes later than this it is a later one, or `None`.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Tells that the server's patience is over: no answer, or no more of it, came in time. The
    /// exchange is dropped next.
    fn timed_out(&mut self) {}
}

/// The descriptors behind an [`Exchange`], lent.
#[derive(Debug, Clone, Copy)]
pub enum Ends<'fd> {
    /// Nothing to wait on: the exchange never answers `WouldBlock`, except to ask for more request
    /// content.
    None,
    /// One descriptor for both directions.
    Duplex(BorrowedFd<'fd>),
    /// The same, of a connection that may carry another exchange after this one.
    Kept(&'fd Kept),
    /// What becomes readable once anything can go either way, and not before; it may ring for another
    /// exchange after this one.
    Bell(&'fd Kept),
    /// One for each; the first is gone once the request's content has been handed over.
    Pipes {
        /// Takes request content.
        to: Option<BorrowedFd<'fd>>,
        /// Gives response content.
        from: BorrowedFd<'fd>,
    },
    /// All content has been read, and one descriptor remains: it becomes readable when it is known
    /// whether that was the whole answer (a process has ended, say).
    Ending(BorrowedFd<'fd>),
}
