//! A connection in the event loop, and what the kernel has been told about it.
//!
//! No descriptor number is stored here. A registration is known by its session, its end, and the
//! serial of the exchange; closing a descriptor ends its registration by itself. A stored number
//! would one day name somebody else's socket.

use crate::posts::Posts;
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
    awake: Option<Box<Awake<'h>>>,
    /// The timer entry that is good; an older one is ignored.
    pub(crate) armed: Option<Instant>,
    /// What the kernel has been told to watch, by end; `None` is not registered.
    registered: [Option<Interest>; ENDS],
}

/// A session, and what the kernel has been told for its sake alone.
struct Awake<'h> {
    session: Session<'h>,
    /// Whether the client is watched though nothing is wanted of it: the next request will be, and
    /// before its answer a client sends none, as a rule. The first that comes too early ends it.
    early: bool,
    /// The registration of the connection that is lent to it, which is not its own.
    post: Option<Token>,
    /// The session's serial when the registrations after the first were made.
    serial: (u32, u32),
}

/// What all sessions of a loop share.
pub(crate) struct Service<'h> {
    pub(crate) handler: &'h dyn Handler,
    pub(crate) config: &'h Config,
    pub(crate) desks: Desks,
}

/// What the kernel is told of, and what it has been told of connections that are nobody's own.
pub(crate) struct Watch {
    pub(crate) epoll: Epoll,
    pub(crate) posts: Posts,
}

impl<'h> Seat<'h> {
    pub(crate) fn new(idle: Idle) -> Seat<'h> {
        Seat {
            idle: Some(idle),
            awake: None,
            armed: None,
            registered: [None; ENDS],
        }
    }

    fn session(&self) -> Option<&Session<'h>> {
        self.awake.as_deref().map(|awake| &awake.session)
    }

    /// What the kernel has been told to watch, by end.
    pub(crate) fn watched(&self) -> [Option<Interest>; ENDS] {
        self.registered
    }

    /// Lets the session take a step, because that end of it is ready; an idle connection gets a
    /// desk for it.
    pub(crate) fn step(
        &mut self,
        end: usize,
        service: &mut Service<'h>,
        watch: &mut Watch,
        now: Instant,
    ) -> io::Result<Step> {
        let session = self.wake(service);
        let step = match end {
            CLIENT => session.step(now)?,
            _program => session.go_on(now)?,
        };
        if !session.has_spent() {
            return Ok(step);
        }
        // Its answer leaves now and not a turn later; what it was answered by may be asked again
        // as soon as nobody hears it here.
        self.forget(watch);
        self.registered[CLIENT + 1..].fill(None);
        self.wake(service).go_on(now)
    }

    // ANCHOR: fold
    /// Gives the desk back if nothing is under way any more.
    pub(crate) fn fold(&mut self, service: &mut Service<'h>) {
        if let Some(awake) = self.awake.take_if(|awake| awake.session.is_foldable()) {
            let (idle, desk) = awake.session.fold();
            self.idle = Some(idle);
            service.desks.put_back(desk);
        }
    }
    // ANCHOR_END: fold

    /// Gives the desk back, whatever was under way, and closes the connection.
    pub(crate) fn leave(&mut self, service: &mut Service<'h>) {
        if let Some(awake) = self.awake.take() {
            let (_closed, desk) = awake.session.fold();
            service.desks.put_back(desk);
        }
        self.idle = None;
    }

    /// The session, to step or to stop it; an idle connection gets a desk.
    pub(crate) fn wake(&mut self, service: &mut Service<'h>) -> &mut Session<'h> {
        if let Some(idle) = self.idle.take() {
            let desk = service.desks.take(service.config);
            self.awake = Some(Box::new(Awake {
                session: idle.wake(desk, service.handler, service.config),
                early: false,
                post: None,
                serial: (0, 0),
            }));
        }
        &mut self.awake.as_mut().expect(ONE_OF_BOTH).session
    }

    /// When to call [`Seat::step`] even if nothing is ready.
    pub(crate) fn deadline(&self) -> Instant {
        match (self.session(), &self.idle) {
            (Some(session), _) => session.deadline(),
            (None, Some(idle)) => idle.deadline(),
            (None, None) => unreachable!("{ONE_OF_BOTH}"),
        }
    }

    /// Whether nothing is under way, so that closing now loses nothing.
    pub(crate) fn is_idle(&self) -> bool {
        self.session().is_none_or(|session| session.is_idle())
    }

    /// How far it has come, counted from when it was idle last.
    pub(crate) fn glance(&self) -> Glance {
        match (self.session(), &self.idle) {
            (Some(session), _) => session.glance(),
            (None, Some(idle)) => idle.glance(),
            (None, None) => unreachable!("{ONE_OF_BOTH}"),
        }
    }

    /// Whether [`Seat::fold`] will find nothing under way.
    pub(crate) fn is_foldable(&self) -> bool {
        self.session().is_some_and(|session| session.is_foldable())
    }

    fn wants(&self) -> [Option<Want<'_>>; ENDS] {
        match (self.session(), &self.idle) {
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
    pub(crate) fn reconcile(&mut self, watch: &mut Watch, token: Token) -> io::Result<()> {
        let (mut registered, mut post, mut early) = (self.registered, None, false);
        let awake = self.awake.as_deref();
        if awake.is_some_and(|awake| awake.serial != awake.session.serial()) {
            // The descriptors of an earlier exchange are closed, and their registrations with them.
            registered[CLIENT + 1..].fill(None);
        }
        let was_in_vain = awake.is_some_and(|awake| awake.early) && token.end() == CLIENT;
        for (end, want) in self.wants().into_iter().enumerate() {
            let registered = &mut registered[end];
            let Some(want) = want else {
                *registered = None;
                continue;
            };
            let mut wanted = want.is_watched().then_some(want.interest);
            if end == CLIENT && want.interest == Interest::NONE && !was_in_vain {
                early = *registered == Some(Interest::READ);
                wanted = if early { *registered } else { wanted };
            }
            let token = token.with_end(end);
            if let Some(kept) = want.kept {
                if let Some(interest) = wanted {
                    post = Some(watch.posts.hold(kept, token, interest, &watch.epoll)?);
                }
            } else {
                tell(&watch.epoll, &want, token, *registered, wanted)?;
            }
            *registered = wanted;
        }
        self.registered = registered;
        if let Some(awake) = &mut self.awake {
            if let Some(old) = awake.post.filter(|old| post != Some(*old)) {
                watch.posts.let_go(old, &watch.epoll);
            }
            awake.serial = awake.session.serial();
            (awake.post, awake.early) = (post, early);
        }
        Ok(())
    }
    // ANCHOR_END: reconcile

    /// Undoes what is registered of a program, whose descriptors may outlive the session.
    pub(crate) fn forget(&mut self, watch: &mut Watch) {
        let Some(awake) = &mut self.awake else { return };
        if let Some(post) = awake.post.take() {
            watch.posts.let_go(post, &watch.epoll);
        }
        if awake.serial != awake.session.serial() {
            return;
        }
        let ends = awake.session.wants().into_iter().zip(&self.registered);
        for (want, registered) in ends.skip(CLIENT + 1) {
            if let (Some(want), Some(_)) = (want, registered)
                && want.kept.is_none()
            {
                // It may have been closed since, which undid it already.
                let _ = watch.epoll.delete(want.fd);
            }
        }
    }
}

/// Has the kernel watch an end for what is wanted of it now.
fn tell(
    epoll: &Epoll,
    want: &Want<'_>,
    token: Token,
    registered: Option<Interest>,
    wanted: Option<Interest>,
) -> io::Result<()> {
    match (registered, wanted) {
        (None, Some(interest)) => epoll.add(want.fd, token.into(), interest),
        (Some(_), None) => epoll.delete(want.fd),
        (Some(old), Some(new)) if old != new => epoll.modify(want.fd, token.into(), new),
        (None, None) | (Some(_), Some(_)) => Ok(()),
    }
}
