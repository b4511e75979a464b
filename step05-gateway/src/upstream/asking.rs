//! One request to one of several servers: an [`Exchange`] over a connection.
//!
//! ```text
//!     Queued ─bell─► Talking ─► head ─► content ─► the connection is kept, or closed
//!                      │ ▲
//!                      └─┘ another server, or another connection, while nothing is lost by it
//! ```
//!
//! Which server that is, and whether another may be asked, is decided in `seeking`.

use super::Upstream;
use super::lease::Turn;
use super::outgoing::Outgoing;
use super::table::{Company, Verdict};
use super::talk::{Answer, Kind, Talk};
use crate::cgi_head::BadGateway;
use crate::protocol::{Heard, Protocol};
use crate::redirect::LocalRedirect;
use http_parse::{Fields, Framing, Method, ResponseHead, Status};
use static_files::{Ends, Exchange, Request};
use std::io;
use std::mem;
use std::sync::Arc;
use std::time::Instant;

/// A request under way.
pub(super) struct Asking {
    pub(super) upstream: Arc<Upstream>,
    /// `None` only while it is dropped.
    pub(super) protocol: Option<Box<dyn Protocol>>,
    pub(super) state: State,
    pub(super) outgoing: Outgoing,
    pub(super) kind: Kind,
    /// One that nobody has asked for yet.
    interim: Option<ResponseHead>,
    /// Servers that could not be reached with this request.
    pub(super) tried: Vec<usize>,
    pub(super) repeat: Repeat,
    /// Whom it shares a server with.
    pub(super) company: Company,
    /// Method and path, for complaints.
    pub(super) asked: Box<[u8]>,
    pub(super) generation: u32,
}

#[derive(Debug)]
pub(super) enum State {
    /// No place yet.
    Queued(Turn),
    Talking(Talk),
    /// It failed before the head, and nobody has asked for the reason.
    Failed(io::Error),
    Over,
}

/// Whether the request may be sent on a second connection when the first was kept and is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    Once,
    Never,
}

impl Asking {
    /// Takes a place, or waits for one. `content` is the request's, where it has been collected.
    ///
    /// # Errors
    /// `ResourceBusy` when there is room neither to be served nor to wait; why no server could be
    /// reached.
    pub(super) fn begin(
        upstream: &Arc<Upstream>,
        request: &Request,
        mut protocol: Box<dyn Protocol>,
        content: Option<&[u8]>,
    ) -> io::Result<Asking> {
        let (length, kind) = match request.framing {
            Framing::None => (Some(0), Kind::Empty),
            Framing::Length(length) => (Some(length), Kind::WithContent),
            Framing::Chunked | Framing::UntilClose => (None, Kind::WithContent),
        };
        let mut head = Vec::new();
        protocol.begin(request, length, &mut head);
        let outgoing = match content {
            Some(content) => Outgoing::whole(head, content, protocol.as_mut()),
            None => Outgoing::new(head),
        };
        let method = request.method();
        let mut asking = Asking {
            upstream: Arc::clone(upstream),
            protocol: Some(protocol),
            state: State::Over,
            outgoing,
            kind,
            interim: None,
            tried: Vec::new(),
            repeat: match method {
                Method::Get | Method::Head | Method::Options => Repeat::Once,
                _any_other => Repeat::Never,
            },
            company: kind.company(method),
            asked: [method.as_str().as_bytes(), b" ", request.path()]
                .concat()
                .into(),
            generation: 0,
        };
        asking.acquire()?;
        Ok(asking)
    }

    /// Hears what comes next.
    fn hear(&mut self) -> io::Result<Heard> {
        let flushed = self.flush();
        let State::Talking(talk) = &mut self.state else {
            return Err(flushed.err().unwrap_or(io::ErrorKind::NotConnected.into()));
        };
        // A server that takes no more of the request may still answer it.
        if talk.wire.written == 0 {
            flushed?;
        }
        talk.hear(speaking(&mut self.protocol), self.kind)
    }

    /// One attempt at the head.
    fn try_head(&mut self) -> io::Result<ResponseHead> {
        let heard = self.hear()?;
        let State::Talking(talk) = &mut self.state else {
            unreachable!("only a connection is heard");
        };
        match heard {
            Heard::Interim(n, head) => {
                speaking(&mut self.protocol).took(n);
                talk.wire.take(n);
                self.interim = Some(head);
                Err(io::ErrorKind::WouldBlock.into())
            }
            Heard::Head(n, head) => {
                speaking(&mut self.protocol).took(n);
                talk.wire.take(n);
                talk.lease.verdict = Verdict::Works;
                if head.status == Status::SWITCHING_PROTOCOLS {
                    self.outgoing.begin_anew();
                }
                Ok(head)
            }
            Heard::Local(path) => Err(io::Error::other(LocalRedirect {
                path,
                from: self.asked.clone(),
                complaints: Arc::clone(&self.upstream.complaints),
            })),
            Heard::Overloaded => Err(io::ErrorKind::ResourceBusy.into()),
            Heard::Data { .. } | Heard::Whole | Heard::End(..) => {
                Err(BadGateway::new("ended without an answer").into())
            }
            Heard::Skip(_) | Heard::Complaint { .. } | Heard::NeedBytes => {
                unreachable!("these are dealt with where they are heard")
            }
        }
    }
}

fn speaking(protocol: &mut Option<Box<dyn Protocol>>) -> &mut dyn Protocol {
    let protocol = protocol.as_mut();
    protocol.expect("it is there until it is dropped").as_mut()
}

impl Exchange for Asking {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.stand()?;
        if self.outgoing.is_full() {
            self.flush()?;
        }
        let taken = self.outgoing.push(data, speaking(&mut self.protocol));
        match self.flush() {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            Ok(()) | Err(_) => Ok(taken),
        }
    }

    fn close_write(&mut self) -> io::Result<()> {
        self.outgoing.end(speaking(&mut self.protocol));
        self.flush()?;
        if speaking(&mut self.protocol).half_closes()
            && let State::Talking(talk) = &self.state
        {
            talk.wire.carrier.close_write()?;
        }
        Ok(())
    }

    fn write_trailers(&mut self, trailers: &Fields) {
        speaking(&mut self.protocol).trailers(trailers);
    }

    fn interim(&mut self) -> Option<ResponseHead> {
        self.interim.take()
    }

    fn trailers(&mut self) -> Fields {
        speaking(&mut self.protocol).heard_trailers()
    }

    fn head(&mut self) -> io::Result<ResponseHead> {
        loop {
            let error = match self.try_head() {
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => error,
                other => return other,
            };
            if self.ask_again(error).is_err()
                && let State::Failed(reason) = mem::replace(&mut self.state, State::Over)
            {
                return Err(reason);
            }
        }
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let heard = match self.hear() {
            Ok(heard) => heard,
            Err(error) => return Err(self.broken(error)),
        };
        let State::Talking(talk) = &mut self.state else {
            unreachable!("only a connection is heard");
        };
        match heard {
            Heard::Data { skip, len } => {
                let count = len.min(buf.len());
                buf[..count].copy_from_slice(&talk.wire.front()[skip..skip + count]);
                speaking(&mut self.protocol).took(skip + count);
                talk.wire.take(skip + count);
                Ok(count)
            }
            Heard::Whole => {
                talk.answer = Answer::Whole;
                Ok(0)
            }
            Heard::End(after) => {
                talk.answer = Answer::Ended(after);
                Ok(0)
            }
            Heard::Interim(..) | Heard::Head(..) | Heard::Local(_) | Heard::Overloaded => {
                unreachable!("a protocol answers with one head")
            }
            Heard::Skip(_) | Heard::Complaint { .. } | Heard::NeedBytes => {
                unreachable!("these are dealt with where they are heard")
            }
        }
    }

    fn may_redirect(&self) -> bool {
        let protocol = self.protocol.as_ref();
        protocol.is_some_and(|protocol| protocol.may_redirect())
    }

    fn ends(&self) -> Ends<'_> {
        match &self.state {
            State::Queued(turn) => Ends::Bell(turn.kept()),
            State::Talking(talk) => talk.wire.carrier.ends(),
            State::Failed(_) | State::Over => Ends::None,
        }
    }

    fn generation(&self) -> u32 {
        self.generation
    }

    fn has_pending(&self) -> bool {
        let waits = self.outgoing.waits();
        matches!(&self.state, State::Talking(talk) if waits && talk.takes() || talk.wire.carrier.is_blocked())
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Talking(talk) => talk.deadline(),
            State::Queued(_) | State::Failed(_) | State::Over => None,
        }
    }

    fn timed_out(&mut self) {
        match mem::replace(&mut self.state, State::Over) {
            State::Talking(talk) => {
                let Talk { wire, lease, .. } = talk;
                drop(wire);
                self.upstream.report_hung(lease.place.server);
                let reason = io::Error::new(io::ErrorKind::TimedOut, "gave no answer in time");
                self.blame(lease, &reason);
            }
            State::Queued(_) => self.upstream.complain_of_all("had no place in time"),
            State::Failed(_) | State::Over => {}
        }
    }
}
