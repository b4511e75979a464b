//! The response's side of a session: beginning it, sending it, ending well, and ending badly.

use super::exchanging::{Fed, Pulled};
use super::patience::Waiting;
use super::receiving::blocked_or;
use super::sending::{Sending, Sent};
use super::{Input, Moved, Phase, Session, Step};
use crate::sys;
use http_parse::Encoder;
use static_files::{Response, content_too_large, gateway_failure, request_timeout, start_response};
use std::io::{self, Read};
use std::net::Shutdown;

impl Session<'_> {
    /// Gives the last answer of the connection.
    pub(super) fn refuse(&mut self, response: Response) {
        self.connection.close_after_response();
        if self.record.is_none() {
            self.record = self.handler.record(self.peer, None).map(Box::new);
        }
        self.answer(response);
    }

    pub(super) fn answer(&mut self, response: Response) {
        if let Some(record) = &mut self.record {
            record.begin(response.head.status);
        }
        let length = response.body.len();
        start_response(
            &mut self.connection,
            response.head,
            length,
            self.outbox.end(),
        );
        self.enter(Phase::Sending(Sending::new(response.body)));
    }

    /// A ready response is leaving.
    pub(super) fn send(&mut self) -> io::Result<Moved> {
        let Phase::Sending(sending) = &mut self.phase else {
            return Ok(Moved::Some);
        };
        let before = sending.total();
        let sent = sending.advance(&self.stream, &mut self.connection, &mut self.outbox)?;
        if let Some(record) = &mut self.record {
            record.sent(sending.total() - before);
        }
        match sent {
            Sent::Some => Ok(Moved::Some),
            Sent::Enough => Ok(Moved::Enough),
            Sent::Blocked => Ok(Moved::Blocked),
            Sent::All => {
                self.ended();
                Ok(Moved::Some)
            }
        }
    }

    /// A program is answering: moves its bytes both ways.
    pub(super) fn exchange(&mut self) -> io::Result<Moved> {
        let Phase::Exchanging(exchanging) = &mut self.phase else {
            return Ok(Moved::Some);
        };
        // ANCHOR: both_ways
        let limit = self.config.body_bytes;
        let fed = exchanging.feed(&mut self.connection, &mut self.progress, limit);
        let pulled = exchanging.pull(
            &mut self.connection,
            &mut self.outbox,
            &mut self.progress,
            self.record.as_deref_mut(),
        );
        // ANCHOR_END: both_ways
        match pulled {
            Pulled::Some | Pulled::Blocked | Pulled::HalfClosed => {}
            Pulled::BothClosed => {
                self.ended();
                return Ok(Moved::Some);
            }
            Pulled::Complete => {
                self.ended();
                return Ok(Moved::Some);
            }
            Pulled::Failed(error) => return self.fail(gateway_failure(&error), error),
        }
        let fed = match fed {
            Fed::Some => Moved::Some,
            Fed::Blocked => Moved::Blocked,
            Fed::NeedBytes => self.fill()?,
            Fed::BadRequest(reject) => {
                return self.fail(Response::from(reject), io::ErrorKind::InvalidData.into());
            }
            Fed::TooLarge => {
                return self.fail(content_too_large(), io::ErrorKind::FileTooLarge.into());
            }
        };
        if fed == Moved::Some || matches!(pulled, Pulled::Some) {
            return Ok(Moved::Some);
        }
        let waiting = self.outbox.pending();
        self.outbox.flush(&self.stream)?;
        if matches!(pulled, Pulled::HalfClosed) && self.outbox.is_empty() {
            return self.half_close();
        }
        Ok(if self.outbox.pending() < waiting {
            Moved::Some
        } else {
            Moved::Blocked
        })
    }

    /// The other side of a tunnel has ended, and all it said has left: the client is told, and
    /// may go on speaking.
    fn half_close(&mut self) -> io::Result<Moved> {
        self.stream.shutdown(Shutdown::Write)?;
        if let Phase::Exchanging(exchanging) = &mut self.phase {
            exchanging.half_closed();
        }
        Ok(Moved::Some)
    }

    /// The response is complete in the outbox.
    fn ended(&mut self) {
        self.record = None;
        let next = if self.connection.closes_after_response() {
            Phase::Leaving
        } else if self.connection.next_request() {
            Phase::Receiving
        } else {
            Phase::Draining(self.config.linger_bytes)
        };
        self.enter(next);
    }

    /// Ends an exchange that cannot go on, by the one question: has the head gone out?
    fn fail(&mut self, instead: Response, error: io::Error) -> io::Result<Moved> {
        if self.connection.encoder().is_none() {
            self.refuse(instead);
            return Ok(Moved::Some);
        }
        // What arrived is worth having; whether it still leaves does not change the verdict.
        let _ = self.outbox.flush(&self.stream);
        if self.connection.encoder() == Some(Encoder::UntilClose) {
            sys::reset_on_close(&self.stream)?;
        }
        Err(error)
    }

    /// The deadline has passed.
    pub(super) fn expire(&mut self) -> io::Result<Step> {
        let error = io::Error::from(io::ErrorKind::TimedOut);
        match self.waiting() {
            Waiting::Greeting | Waiting::Idle | Waiting::Send | Waiting::Tunnel => {
                return Ok(Step::Closed);
            }
            Waiting::Linger if matches!(self.phase, Phase::Lingering(_)) => {
                return Ok(Step::Closed);
            }
            Waiting::Linger => self.phase = Phase::Leaving,
            Waiting::Head => self.refuse(request_timeout()),
            Waiting::Body => drop(self.fail(request_timeout(), error)?),
            Waiting::Gateway => {
                if let Phase::Exchanging(exchanging) = &mut self.phase {
                    exchanging.timed_out();
                }
                self.fail(gateway_failure(&error), error)?;
            }
        }
        Ok(Step::Again)
    }

    // ANCHOR: leave
    /// The last octets of the last response are leaving. Whoever may still speak is listened to
    /// before the connection is closed.
    pub(super) fn leave(&mut self) -> io::Result<Moved> {
        // What follows is the end, which travels with the last octets.
        self.outbox.flush_before_more(&self.stream)?;
        if !self.outbox.is_empty() {
            return Ok(Moved::Blocked);
        }
        // The socket was empty when it was last read, and nothing is to follow. So the close destroys
        // nothing, and the kernel goes on sending what it has taken. Who goes on talking all the same,
        // against RFC 9112 §9.6, is answered by a reset.
        if self.input == Input::Dry && self.connection.is_all_heard() {
            return Ok(Moved::Over);
        }
        self.stream.shutdown(Shutdown::Write)?;
        self.phase = Phase::Lingering(self.config.linger_bytes);
        Ok(Moved::Some)
    }
    // ANCHOR_END: leave

    /// Half-closed: closing now would make the kernel answer unread input with a reset, which
    /// destroys what the client has not read yet (RFC 9112 §9.6).
    pub(super) fn linger(&mut self, left: u64) -> io::Result<Moved> {
        let mut dropped = [0; 4096];
        match (&self.stream).read(&mut dropped) {
            Ok(0) => Ok(Moved::Over),
            Ok(n) => {
                self.progress.arrived += n as u64;
                let Some(left) = left.checked_sub(n as u64) else {
                    return Ok(Moved::Over);
                };
                self.phase = Phase::Lingering(left);
                Ok(Moved::Some)
            }
            Err(error) => blocked_or(error),
        }
    }
}
