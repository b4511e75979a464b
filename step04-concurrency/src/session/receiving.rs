//! The request's side of a session: reading it, handing it to the handler, reading it to its end.

use super::Input;
use super::exchanging::Exchanging;
use super::{Mode, Moved, Phase, Session};
use http_parse::{Framing, Next, RequestHead, Status};
use static_files::{Handler, Reply, Request, Response, content_too_large};
use std::io::{self, Read};
use std::panic::{self, AssertUnwindSafe};

impl Session<'_> {
    /// Before and inside a request's head.
    pub(super) fn receive(&mut self) -> io::Result<Moved> {
        match self.connection.next() {
            Ok(Next::Head(head)) => {
                self.begin(head);
                Ok(Moved::Some)
            }
            Ok(Next::NeedBytes) => {
                // Answers leave before more questions are read, several in one write.
                self.outbox.flush(&self.stream)?;
                if !self.outbox.is_empty() {
                    return Ok(Moved::Blocked);
                }
                match self.fill()? {
                    // Only after a look: a request that has come by now gets its answer.
                    Moved::Blocked if self.is_over() => Ok(Moved::Over),
                    moved => Ok(moved),
                }
            }
            Ok(Next::Closed) => {
                self.outbox.flush(&self.stream)?;
                Ok(if self.outbox.is_empty() {
                    Moved::Over
                } else {
                    Moved::Blocked
                })
            }
            Ok(Next::Body | Next::End(_) | Next::Paused) => {
                unreachable!("a request begins with its head")
            }
            Err(reject) => {
                self.refuse(Response::from(reject));
                Ok(Moved::Some)
            }
        }
    }

    fn is_over(&self) -> bool {
        self.mode == Mode::Stopping && self.is_idle()
    }

    /// Reads once from the client.
    pub(super) fn fill(&mut self) -> io::Result<Moved> {
        if self.input == Input::Dry || !self.connection.wants_bytes() {
            return Ok(Moved::Blocked);
        }
        let space = self.connection.space();
        let room = space.len();
        match (&self.stream).read(space) {
            Ok(n) => {
                if n < room {
                    self.input = Input::Dry;
                }
                self.connection.received(n);
                self.progress.arrived += n as u64;
                Ok(Moved::Some)
            }
            Err(error) => blocked_or(error),
        }
    }

    /// Hands a request to the handler and begins its answer.
    fn begin(&mut self, head: RequestHead) {
        self.progress.requests += 1;
        self.record = self.handler.record(self.peer, Some(&head)).map(Box::new);
        match self.mode {
            Mode::Serving => {}
            Mode::Retiring | Mode::Stopping => self.connection.close_after_response(),
        }
        let framing = self.connection.framing();
        if matches!(framing, Framing::Length(octets) if octets > self.config.body_bytes) {
            return self.refuse(content_too_large());
        }
        let request = Request {
            head,
            framing,
            peer: self.peer,
            local: self.local,
            front: self.front.clone(),
        };
        let reply = handle(self.handler, &request);
        self.connection.recycle(request.head);
        match reply {
            Some(Reply::Ready(response)) => self.answer(response),
            Some(Reply::Exchange(exchange)) => {
                if self.connection.expects_continue() {
                    self.connection.send_continue(self.outbox.end());
                }
                self.serial = self.serial.wrapping_add(1);
                self.phase = Phase::Exchanging(Box::new(Exchanging::new(exchange)));
            }
            None => self.refuse(handler_failed()),
        }
    }

    /// Reads the request to its end and drops what the handler left, within a bound.
    pub(super) fn drain(&mut self, left: u64) -> io::Result<Moved> {
        match self.connection.next() {
            Ok(Next::End(_) | Next::Paused) => {
                let goes_on = self.connection.next_request();
                self.phase = if goes_on {
                    Phase::Receiving
                } else {
                    Phase::Leaving
                };
                Ok(Moved::Some)
            }
            Ok(Next::Body) => {
                let octets = self.connection.body().len();
                self.connection.consume(octets);
                self.phase = match left.checked_sub(octets as u64) {
                    Some(left) => Phase::Draining(left),
                    None => Phase::Leaving,
                };
                Ok(Moved::Some)
            }
            Ok(Next::NeedBytes) => {
                self.outbox.flush(&self.stream)?;
                self.fill()
            }
            Ok(Next::Head(_) | Next::Closed) | Err(_) => {
                self.phase = Phase::Leaving;
                Ok(Moved::Some)
            }
        }
    }
}

/// What an error from the client's nonblocking socket means for the move that met it.
pub(super) fn blocked_or(error: io::Error) -> io::Result<Moved> {
    match error.kind() {
        io::ErrorKind::WouldBlock => Ok(Moved::Blocked),
        io::ErrorKind::Interrupted => Ok(Moved::Some),
        _ => Err(error),
    }
}

/// Calls the handler; `None` if it panicked, which must cost this connection and no other.
fn handle(handler: &dyn Handler, request: &Request) -> Option<Reply> {
    // The request is dropped after a panic, and a handler shares its state between threads only
    // through types that are sound (or poisoned) after one.
    panic::catch_unwind(AssertUnwindSafe(|| handler.handle(request))).ok()
}

fn handler_failed() -> Response {
    Response::error(
        Status::INTERNAL_SERVER_ERROR,
        "The program that answers this address failed. The server's own output says why.",
    )
}
