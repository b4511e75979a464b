//! A place at a server, the connection to it, and the answer that comes over it.

use super::capacity::Keeping;
use super::lease::Lease;
use super::outgoing::Outgoing;
use super::table::{Company, Order};
use super::wire::{Age, Wire};
use crate::cgi_head::BadGateway;
use crate::protocol::{After, Heard, Protocol};
use http_parse::Method;
use std::io;
use std::time::{Duration, Instant};

/// Octets of another server's complaints that are logged for one request.
const COMPLAINTS: usize = 64 * 1024;

/// How long a request waits behind others that were expected to be quick. Then it is taken back, and
/// asked where it is alone: before it may be a stream without end.
const BEHIND: Duration = Duration::from_millis(100);

/// How long a request waits for a first octet before connections at rest are closed for its sake: longer
/// than a quick answer takes, and shorter than anybody notices.
const SILENCE: Duration = Duration::from_millis(10);

/// A request at a server.
#[derive(Debug)]
pub(super) struct Talk {
    // In this order: the connection is closed before somebody else gets its place.
    pub(super) wire: Box<Wire>,
    pub(super) lease: Lease,
    pub(super) answer: Answer,
    /// When connecting has taken too long; `None` once the first octet has left.
    connected_by: Option<Instant>,
    /// Behind others: when it has waited for them too long.
    through_by: Option<Instant>,
    /// When others are told that it waits; `None` where nobody has to know, and once they do.
    noticed_by: Option<Instant>,
    upload: Upload,
    /// Octets of complaints that may still be logged.
    complaints_left: usize,
}

/// How far the answer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    UnderWay,
    /// The response is complete, the connection is not free.
    Whole,
    Ended(After),
}

/// What the server makes of the octets that are sent to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Upload {
    Taken,
    /// It has closed that direction. It may answer all the same.
    Refused,
}

/// Whether the request has content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Empty,
    WithContent,
}

impl Kind {
    /// Whom a request shares a server with that answers one after the other. What is there at once
    /// and changes nothing may wait, or be asked again.
    pub(super) fn company(self, method: &Method) -> Company {
        match (self, method) {
            (Kind::Empty, Method::Get | Method::Head) => Company::Others,
            (Kind::Empty | Kind::WithContent, _any_other) => Company::Nobody,
        }
    }
}

impl Talk {
    /// A connection that has just been taken or begun.
    pub(super) fn new(lease: Lease, wire: Box<Wire>, patience: Duration) -> Talk {
        let now = Instant::now();
        let connected_by = match wire.age {
            Age::Fresh => Some(now + patience),
            Age::Reused => None,
        };
        let through_by = match lease.place.order {
            Order::Now => None,
            Order::Behind => Some(now + BEHIND),
        };
        let noticed_by = match lease.upstream.capacity.keeping {
            Keeping::Always => None,
            Keeping::UnlessAwaited => Some(now + SILENCE),
        };
        Talk {
            wire,
            lease,
            answer: Answer::UnderWay,
            connected_by,
            through_by,
            noticed_by,
            upload: Upload::Taken,
            complaints_left: COMPLAINTS,
        }
    }

    /// Sends what waits.
    ///
    /// # Errors
    /// `WouldBlock` while some is left; `TimedOut` when the connection takes too long to stand;
    /// what writing reports.
    pub(super) fn send(&mut self, outgoing: &mut Outgoing) -> io::Result<()> {
        if self.upload == Upload::Refused {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let before = self.wire.written;
        let sent = outgoing.send(&mut self.wire);
        if self.wire.written > before && outgoing.is_sent() {
            self.wire.asked();
        }
        if self.wire.written > 0 {
            self.connected_by = None;
        }
        match sent {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Err(self.late().unwrap_or(error))
            }
            Err(error) => {
                self.upload = Upload::Refused;
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    }

    /// The error of a connection that takes too long to stand.
    fn late(&self) -> Option<io::Error> {
        if !is_past(self.connected_by) {
            return None;
        }
        let reason = "did not take the connection in time";
        Some(io::Error::new(io::ErrorKind::TimedOut, reason))
    }

    /// When to look again even if nothing has come: a connection must stand by then, or those
    /// before this request be through, or others be told that it waits.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let all = [self.connected_by, self.through_by, self.noticed_by];
        all.into_iter().flatten().min()
    }

    /// Whether what waits can leave.
    pub(super) fn takes(&self) -> bool {
        self.upload == Upload::Taken
    }

    /// Hears what comes next, receiving as much as is needed for it.
    ///
    /// # Errors
    /// `WouldBlock`; `InvalidData`, with a [`BadGateway`] inside, for what is no answer;
    /// `UnexpectedEof`; what the connection reports.
    pub(super) fn hear(&mut self, protocol: &mut dyn Protocol, kind: Kind) -> io::Result<Heard> {
        loop {
            let used = match protocol.hear(self.wire.front(), self.wire.eof)? {
                Heard::Skip(n) => n,
                Heard::Data { skip, len: 0 } if skip > 0 => skip,
                Heard::Complaint { skip, len } => {
                    let logged = len.min(self.complaints_left);
                    self.complaints_left -= logged;
                    self.lease.relay(&self.wire.front()[skip..skip + logged]);
                    skip + len
                }
                Heard::NeedBytes => {
                    self.receive(kind)?;
                    continue;
                }
                heard @ (Heard::Interim(..)
                | Heard::Head(..)
                | Heard::Local(_)
                | Heard::Overloaded
                | Heard::Data { .. }
                | Heard::Whole
                | Heard::End(..)) => return Ok(heard),
            };
            protocol.took(used);
            self.wire.take(used);
        }
    }

    fn receive(&mut self, kind: Kind) -> io::Result<()> {
        if self.wire.eof {
            let reason = BadGateway::new("closed the connection before its answer was complete");
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason));
        }
        let filled = self.wire.fill();
        if self.wire.heard {
            self.lease.heard();
            (self.through_by, self.noticed_by) = (None, None);
        } else if is_past(self.noticed_by) {
            self.noticed_by = None;
            self.lease.waits();
        }
        match filled {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && self.is_stuck() => {
                let reason = "is busy with another request for too long";
                Err(io::Error::new(io::ErrorKind::TimedOut, reason))
            }
            // Closed with content unread, which Linux reports as a reset after the last octet.
            // Nobody has to read what it was sent; whether the answer is whole is for the
            // protocol to say.
            Err(error)
                if error.kind() == io::ErrorKind::ConnectionReset && kind == Kind::WithContent =>
            {
                self.wire.eof = true;
                Ok(())
            }
            other => other,
        }
    }

    fn is_stuck(&self) -> bool {
        is_past(self.through_by)
    }

    /// Whether the next request may follow on this connection.
    pub(super) fn is_free(&self) -> bool {
        self.answer == Answer::Ended(After::Keep) && self.wire.front().is_empty()
    }
}

fn is_past(time: Option<Instant>) -> bool {
    time.is_some_and(|time| Instant::now() >= time)
}
