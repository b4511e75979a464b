//! How a request comes to a server, and to another one after that.
//!
//! A request is sent again in two cases. No server has begun it: none could be reached, or one said
//! that it has no room. Or a kept connection turned out to be closed, and the method may be
//! repeated (RFC 9110 §9.2.2): then once more. Everything else is final.

use super::asking::{Asking, Repeat, State};
use super::lease::Lease;
use super::table::{Company, Verdict};
use super::talk::{Kind, Talk};
use super::wire::{Age, Care};
use super::{Acquired, Upstream};
use crate::redirect::LocalRedirect;
use std::io;
use std::mem;

impl Asking {
    /// Finds a server that can be connected to, or a place in the queue.
    ///
    /// # Errors
    /// `ResourceBusy` when there is room neither to be served nor to wait; why the last server
    /// could not be reached.
    pub(super) fn acquire(&mut self) -> io::Result<()> {
        let mut reason = None;
        loop {
            match Upstream::acquire(&self.upstream, &self.tried, self.company) {
                Ok(Acquired::Place(lease)) => match self.connect(lease) {
                    Ok(()) => return Ok(()),
                    Err(error) => reason = Some(error),
                },
                Ok(Acquired::Queued(turn)) => {
                    self.state = State::Queued(turn);
                    return Ok(());
                }
                Err(error) => return Err(reason.unwrap_or(error)),
            }
        }
    }

    /// Begins a connection to the server that the place is at.
    fn connect(&mut self, lease: Lease) -> io::Result<()> {
        let care = match (self.repeat, self.kind) {
            (Repeat::Once, Kind::Empty) => Care::Watched,
            (Repeat::Once, Kind::WithContent) | (Repeat::Never, _) => Care::Looked,
        };
        match self.upstream.connect(lease.place, care) {
            Ok(wire) => {
                let patience = self.upstream.capacity.connect;
                self.state = State::Talking(Talk::new(lease, wire, patience));
                Ok(())
            }
            Err(error) => {
                self.blame(lease, &error);
                Err(error)
            }
        }
    }

    /// Says what went wrong, and rests the server if it was not even there to answer.
    pub(super) fn blame(&mut self, mut lease: Lease, error: &io::Error) {
        // Overloaded is not broken: it works, for others.
        if lease.verdict != Verdict::Works && error.kind() != io::ErrorKind::ResourceBusy {
            lease.verdict = Verdict::Failed;
        }
        self.tried.push(lease.place.server);
        self.complain(lease.place.server, error);
    }

    pub(super) fn complain(&self, server: usize, error: &io::Error) {
        let asked = self.asked.escape_ascii();
        let what = format_args!("{} ({asked})", explain(error));
        self.upstream.complain(server, what);
    }

    /// Sees to it that there is a connection.
    ///
    /// # Errors
    /// `WouldBlock` while there is none; `NotConnected` when there will be none.
    pub(super) fn stand(&mut self) -> io::Result<()> {
        loop {
            let turn = match &self.state {
                State::Talking(_) => return Ok(()),
                State::Queued(turn) => turn,
                State::Failed(_) | State::Over => return Err(io::ErrorKind::NotConnected.into()),
            };
            let lease = turn.lease().ok_or(io::ErrorKind::WouldBlock)?;
            if let State::Queued(turn) = mem::replace(&mut self.state, State::Over) {
                self.upstream.bells.put_back(turn.into_bell());
            }
            self.generation += 1;
            if let Err(error) = self.connect(lease) {
                self.acquire_instead(error)?;
            }
        }
    }

    /// Tries the other servers after a failure.
    fn acquire_instead(&mut self, error: io::Error) -> io::Result<()> {
        self.acquire().or_else(|_| self.fail(error))
    }

    /// Keeps the reason for whoever asks for the head.
    fn fail(&mut self, error: io::Error) -> io::Result<()> {
        self.state = State::Failed(error);
        Err(io::ErrorKind::NotConnected.into())
    }

    /// Sends what waits, and finds another server while none has taken any of it.
    ///
    /// # Errors
    /// `WouldBlock` while some is left; why no more of it will be taken.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        loop {
            self.stand()?;
            let State::Talking(talk) = &mut self.state else {
                unreachable!("it stands");
            };
            let error = match talk.send(&mut self.outgoing) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if error.kind() == io::ErrorKind::WouldBlock || talk.wire.written > 0 {
                return Err(error);
            }
            self.ask_again(error)?;
        }
    }

    /// Asks again after a failure before the head, where nothing is lost by it.
    ///
    /// # Errors
    /// When it is final; the reason is kept for whoever asks for the head.
    pub(super) fn ask_again(&mut self, error: io::Error) -> io::Result<()> {
        let talk = match mem::replace(&mut self.state, State::Over) {
            State::Talking(talk) => talk,
            State::Failed(reason) => return self.fail(reason),
            State::Queued(_) | State::Over => return self.fail(error),
        };
        let (untouched, is_stale) = (talk.wire.written == 0, self.is_unanswered(&talk));
        // The connection is closed before somebody else gets its place.
        let Talk {
            wire, mut lease, ..
        } = talk;
        if wire.heard {
            lease.verdict = Verdict::Works;
        }
        drop(wire);
        if is_redirect(&error) {
            return self.fail(error);
        }
        // ANCHOR: again
        if is_stale && (untouched || self.may_repeat()) {
            self.repeat = Repeat::Never;
            // Whatever has become of its server may have been its doing, or that of another there.
            // This time it is alone, so that it takes nobody along, and nobody it.
            self.company = Company::Nobody;
            self.upstream.forget_kept(lease.place.server);
            drop(lease);
        } else {
            self.blame(lease, &error);
            let is_refused = error.kind() == io::ErrorKind::ResourceBusy;
            let is_unbegun = untouched || is_refused && self.outgoing.is_all_here();
            if !is_unbegun {
                return self.fail(error);
            }
        }
        // ANCHOR_END: again
        self.generation += 1;
        self.outgoing.rewind();
        self.acquire_instead(error)
    }

    /// Whether the server has gone without an octet, and not because of this request as far as
    /// anybody can tell: the connection was an old one, or others were being answered there.
    fn is_unanswered(&self, talk: &Talk) -> bool {
        let is_in_company = self.upstream.capacity.behind > 0;
        !talk.wire.heard && (talk.wire.age == Age::Reused || is_in_company)
    }

    fn may_repeat(&self) -> bool {
        self.repeat == Repeat::Once && self.outgoing.is_all_here()
    }
}

/// No failure: somebody else answers, and this exchange is replaced. Its connection is closed by
/// then, as a server expects of descriptors that it is not shown any more.
fn is_redirect(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(|inner| inner.is::<LocalRedirect>())
}

/// What a failure means, in the words of somebody who runs servers.
fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "refused the connection: nobody listens there".into(),
        io::ErrorKind::NotFound => "has no such socket: the application is not running".into(),
        io::ErrorKind::PermissionDenied => {
            "may not be connected to: the socket belongs to somebody else".into()
        }
        io::ErrorKind::ResourceBusy => "is overloaded and takes no more".into(),
        io::ErrorKind::ConnectionReset => "reset the connection".into(),
        _ => error.to_string(),
    }
}
