//! A connection in the event loop, and what the kernel has been told about it.
//!
//! No descriptor number is stored here. A registration is known by its session, its end, and the
//! serial of the exchange; closing a descriptor ends its registration by itself. A stored number
//! would one day name somebody else's socket.

use crate::seats::Token;
use crate::session::{CLIENT, Desks, ENDS, Glance, HangUp, Idle, Session, Step, Want};
use crate::sys::{Epoll, Interest};
use static_files::{Config, Handler};
use std::io;
use std::time::Instant;

/// Why a seat is never empty: only [`Seat::leave`] leaves it so, just before it is removed.
const ONE_OF_BOTH: &str = "who is not idle has a session";

/// What the loop keeps for each connection.
pub(crate) struct Seat<'h> {
    /// `None` while there is a session.
    idle: Option<Idle>,
    /// `None` while the connection is idle. Boxed, for most are.
    session: Option<Box<Session<'h>>>,
    /// The timer entry that is good; an older one is ignored.
    pub(crate) armed: Option<Instant>,
    /// What the kernel has been told to watch, by end; `None` is not registered.
    registered: [Option<Interest>; ENDS],
    /// The session's serial when the registrations after the first were made.
    serial: (u32, u32),
}

/// What all sessions of a loop share.
pub(crate) struct Service<'h> {
    pub(crate) handler: &'h dyn Handler,
    pub(crate) config: &'h Config,
    pub(crate) desks: Desks,
}

impl<'h> Seat<'h> {
    pub(crate) fn new(idle: Idle) -> Seat<'h> {
        Seat {
            idle: Some(idle),
            session: None,
            armed: None,
            registered: [None; ENDS],
            serial: (0, 0),
        }
    }

    /// What the kernel has been told to watch, by end.
    pub(crate) fn watched(&self) -> [Option<Interest>; ENDS] {
        self.registered
    }

    /// Lets the session take a step; an idle connection gets a desk for it.
    pub(crate) fn step(
        &mut self,
        service: &mut Service<'h>,
        epoll: &Epoll,
        now: Instant,
    ) -> io::Result<Step> {
        let session = self.wake(service);
        let step = session.step(now)?;
        if !session.has_spent() {
            return Ok(step);
        }
        // Its answer leaves now and not a turn later; what it was answered by may be asked again
        // as soon as nobody hears it here.
        self.forget(epoll);
        self.registered[CLIENT + 1..].fill(None);
        self.wake(service).go_on(now)
    }

    // ANCHOR: fold
    /// Gives the desk back if nothing is under way any more.
    pub(crate) fn fold(&mut self, service: &mut Service<'h>) {
        if let Some(session) = self.session.take_if(|session| session.is_foldable()) {
            let (idle, desk) = session.fold();
            self.idle = Some(idle);
            service.desks.put_back(desk);
        }
    }
    // ANCHOR_END: fold

    /// Gives the desk back, whatever was under way, and closes the connection.
    pub(crate) fn leave(&mut self, service: &mut Service<'h>) {
        if let Some(session) = self.session.take() {
            let (_closed, desk) = session.fold();
            service.desks.put_back(desk);
        }
        self.idle = None;
    }

    /// The session, to step or to stop it; an idle connection gets a desk.
    pub(crate) fn wake(&mut self, service: &mut Service<'h>) -> &mut Session<'h> {
        if let Some(idle) = self.idle.take() {
            let desk = service.desks.take(service.config);
            let session = idle.wake(desk, service.handler, service.config);
            self.session = Some(Box::new(session));
        }
        self.session.as_deref_mut().expect(ONE_OF_BOTH)
    }

    /// When to call [`Seat::step`] even if nothing is ready.
    pub(crate) fn deadline(&self) -> Instant {
        match (&self.session, &self.idle) {
            (Some(session), _) => session.deadline(),
            (None, Some(idle)) => idle.deadline(),
            (None, None) => unreachable!("{ONE_OF_BOTH}"),
        }
    }

    /// Whether nothing is under way, so that closing now loses nothing.
    pub(crate) fn is_idle(&self) -> bool {
        let session = self.session.as_ref();
        session.is_none_or(|session| session.is_idle())
    }

    /// How far it has come, counted from when it was idle last.
    pub(crate) fn glance(&self) -> Glance {
        match (&self.session, &self.idle) {
            (Some(session), _) => session.glance(),
            (None, Some(idle)) => idle.glance(),
            (None, None) => unreachable!("{ONE_OF_BOTH}"),
        }
    }

    /// Whether [`Seat::fold`] will find nothing under way.
    pub(crate) fn is_foldable(&self) -> bool {
        let session = self.session.as_ref();
        session.is_some_and(|session| session.is_foldable())
    }

    fn wants(&self) -> [Option<Want<'_>>; ENDS] {
        match (&self.session, &self.idle) {
            (Some(session), _) => session.wants(),
            (None, Some(idle)) => idle.wants(),
            (None, None) => unreachable!("{ONE_OF_BOTH}"),
        }
    }

    /// Whether a hang-up at an end leaves nothing to do.
    pub(crate) fn is_over_at_hang_up(&self, end: usize) -> bool {
        let want = self.wants()[end];
        want.is_some_and(|want| want.hang_up == HangUp::Over)
    }

    // ANCHOR: reconcile
    /// Tells the kernel the difference between what it watches and what the session wants.
    pub(crate) fn reconcile(&mut self, epoll: &Epoll, token: Token) -> io::Result<()> {
        let mut registered = self.registered;
        let serial = self
            .session
            .as_ref()
            .map_or((0, 0), |session| session.serial());
        if self.serial != serial {
            // The descriptors of an earlier exchange are closed, and their registrations with them.
            registered[CLIENT + 1..].fill(None);
        }
        for (end, want) in self.wants().into_iter().enumerate() {
            let registered = &mut registered[end];
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
        (self.registered, self.serial) = (registered, serial);
        Ok(())
    }
    // ANCHOR_END: reconcile

    /// Undoes what is registered of a program, whose descriptors may outlive the session.
    pub(crate) fn forget(&self, epoll: &Epoll) {
        let Some(session) = &self.session else { return };
        if self.serial != session.serial() {
            return;
        }
        let ends = session.wants().into_iter().zip(&self.registered);
        for (want, registered) in ends.skip(CLIENT + 1) {
            if let (Some(want), Some(_)) = (want, registered) {
                // It may have been closed since, which undid it already.
                let _ = epoll.delete(want.fd);
            }
        }
    }
}
