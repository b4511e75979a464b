//! A session in the event loop, and what the kernel has been told about it.
//!
//! No descriptor number is stored here. A registration is known by its session, its end, and the
//! serial of the exchange; closing a descriptor ends its registration by itself. A stored number
//! would one day name somebody else's socket.

use crate::seats::Token;
use crate::session::{CLIENT, ENDS, HangUp, Session};
use crate::sys::{Epoll, Interest};
use std::io;
use std::time::Instant;

/// What the loop keeps for each session.
pub(crate) struct Seat<'h> {
    pub(crate) session: Session<'h>,
    /// The timer entry that is good; an older one is ignored.
    pub(crate) armed: Option<Instant>,
    /// What the kernel has been told to watch, by end; `None` is not registered.
    registered: [Option<Interest>; ENDS],
    /// The session's serial when the registrations after the first were made.
    serial: (u32, u32),
}

impl<'h> Seat<'h> {
    pub(crate) fn new(session: Session<'h>) -> Seat<'h> {
        Seat {
            session,
            armed: None,
            registered: [None; ENDS],
            serial: (0, 0),
        }
    }

    /// What the kernel has been told to watch, by end.
    pub(crate) fn watched(&self) -> [Option<Interest>; ENDS] {
        self.registered
    }

    // ANCHOR: reconcile
    /// Whether a hang-up at an end leaves nothing to do.
    pub(crate) fn is_over_at_hang_up(&self, end: usize) -> bool {
        let want = self.session.wants()[end];
        want.is_some_and(|want| want.hang_up == HangUp::Over)
    }

    /// Tells the kernel the difference between what it watches and what the session wants.
    pub(crate) fn reconcile(&mut self, epoll: &Epoll, token: Token) -> io::Result<()> {
        let serial = self.session.serial();
        if self.serial != serial {
            // The descriptors of an earlier exchange are closed, and their registrations with them.
            self.registered[CLIENT + 1..].fill(None);
            self.serial = serial;
        }
        for (end, want) in self.session.wants().into_iter().enumerate() {
            let registered = &mut self.registered[end];
            let Some(want) = want else {
                *registered = None;
                continue;
            };
            let wanted = want.is_watched().then_some(want.interest);
            let token = token.with_end(end).into();
            match (*registered, wanted) {
                (None, Some(interest)) => epoll.add(want.fd, token, interest)?,
                (Some(_), None) => epoll.delete(want.fd)?,
                (Some(old), Some(new)) if old != new => epoll.modify(want.fd, token, new)?,
                (None, None) | (Some(_), Some(_)) => {}
            }
            *registered = wanted;
        }
        Ok(())
    }
    // ANCHOR_END: reconcile
}
