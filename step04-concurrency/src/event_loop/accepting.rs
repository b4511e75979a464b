//! The loop's way to new connections: taking them in batches, and pausing when nothing is left to
//! hold them with.

use super::EventLoop;
use crate::seat::Seat;
use crate::seats::Token;
use crate::session::Idle;
use crate::shortage::TO_ASK;
use crate::shutdown::Arrival;
use crate::sys;
use socket::{AcceptFate, accept_fate};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// Connections accepted in one turn: a burst of new ones must not keep the old ones waiting.
const ACCEPTS: usize = 64;
/// How long accepting pauses when the system has no descriptors left.
const PAUSE: Duration = Duration::from_millis(100);
/// Idle connections closed to get descriptors back.
const MAKE_ROOM: usize = 16;

/// What is left of the listener's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Queue {
    /// Nobody, or nobody who can be let in now.
    Done,
    /// Perhaps somebody: as many were let in as may be at a time.
    MayHoldMore,
}

impl EventLoop<'_> {
    /// Derives whether to listen, and tells the kernel if that has changed.
    pub(super) fn listen_or_not(&mut self, now: Instant) -> io::Result<()> {
        if self.paused.is_some_and(|until| now >= until) {
            self.paused = None;
        }
        let wanted = !self.closed && self.paused.is_none() && !self.seats.is_full();
        if wanted && !self.listening {
            self.watch
                .epoll
                .add_shared(self.listener.as_fd(), Token::LISTENER.into())?;
        } else if !wanted && self.listening {
            self.watch.epoll.delete(self.listener.as_fd())?;
        }
        self.listening = wanted;
        Ok(())
    }

    /// Takes some of those who wait, and lets each take its first step.
    pub(super) fn accept(&mut self, now: Instant) -> io::Result<Queue> {
        if let Err(error) = self.shortage.is_over(self.listener) {
            self.make_room(&error, now);
            return Ok(Queue::Done);
        }
        for _ in 0..ACCEPTS {
            if self.seats.is_full() || self.closed {
                return Ok(Queue::Done);
            }
            match sys::accept(self.listener) {
                Ok((stream, peer)) => {
                    let room = self.shortage.look_at(&stream);
                    self.admit(stream, peer, now);
                    if let Err(error) = room {
                        self.make_room(&error, now);
                        return Ok(Queue::Done);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Queue::Done),
                Err(error) => match accept_fate(&error) {
                    AcceptFate::Retry => {}
                    AcceptFate::Pause => {
                        self.make_room(&error, now);
                        return Ok(Queue::Done);
                    }
                    // Another loop that shares the listener has stopped it.
                    AcceptFate::Fatal if self.signal.is_raised() => return Ok(Queue::Done),
                    AcceptFate::Fatal => return Err(error),
                },
            }
        }
        Ok(Queue::MayHoldMore)
    }

    fn admit(&mut self, stream: TcpStream, peer: SocketAddr, now: Instant) {
        // The client may have gone while it waited to be accepted.
        let Ok(local) = self.local_addr(&stream) else {
            return;
        };
        let idle = Idle::new(stream, (peer, local), self.config, now);
        let mut seat = Seat::new(idle);
        if let Some(ending) = self.ending {
            ending.limit(seat.wake(&mut self.service), Arrival::Since, now);
        }
        let token = self.seats.insert(seat);
        self.recorder.opened(token, self.seats.get(token));
        // Most clients have sent their request by now: a wait less.
        self.step(token, now);
    }

    /// Our end of a connection: the listener's, unless that stands for all addresses there are.
    fn local_addr(&self, stream: &TcpStream) -> io::Result<SocketAddr> {
        if self.addr.ip().is_unspecified() {
            stream.local_addr()
        } else {
            Ok(self.addr)
        }
    }

    /// Without descriptors: pauses accepting, closes those that nobody would miss, says so.
    fn make_room(&mut self, error: &io::Error, now: Instant) {
        self.paused = Some(now + PAUSE);
        let latest = now + self.config.timeouts.idle.saturating_sub(TO_ASK);
        let is_idle = |seat: &Seat<'_>| seat.is_idle() && seat.deadline() <= latest;
        let mut idle = self.seats.tokens_where(is_idle, usize::MAX);
        // Who has been idle longest goes first.
        idle.sort_by_cached_key(|token| self.seats.get(*token).map(|seat| seat.deadline()));
        idle.truncate(MAKE_ROOM);
        for token in &idle {
            self.leave(*token);
        }
        self.shortage.report(error, idle.len(), now);
    }
}
