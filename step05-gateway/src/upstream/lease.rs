//! The right to ask one server one question, and waiting for it.
//!
//! ```text
//!     acquire ─┬─► Lease ─────────────── dropped ─► the place goes to the first who waits
//!              └─► Turn … bell rings … Lease
//! ```
//!
//! Nobody waits unless something is under way that will end and ring.

use super::Upstream;
use super::bell::Bell;
use super::table::{Company, Place, Verdict};
use super::wire::Wire;
use static_files::{Kept, Stirred};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

/// A place at one server; given back when dropped.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) upstream: Arc<Upstream>,
    pub(super) place: Place,
    /// What its end will tell about the server.
    pub(super) verdict: Verdict,
    waiting: Waiting,
    /// A connection to be kept.
    kept: Option<Box<Wire>>,
}

/// Whether the request has waited for its first octet so long that others should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Unnoticed,
    /// In [`Upstream::awaited`].
    Counted,
}

impl Lease {
    pub(super) fn new(upstream: &Arc<Upstream>, place: Place) -> Lease {
        Lease {
            waiting: Waiting::Unnoticed,
            upstream: Arc::clone(upstream),
            place,
            verdict: Verdict::Unknown,
            kept: None,
        }
    }

    /// Tells that the server is long in answering: connections at rest may hold what it lacks.
    pub(super) fn waits(&mut self) {
        if self.waiting == Waiting::Unnoticed {
            self.waiting = Waiting::Counted;
            self.upstream.awaited[self.place.server].fetch_add(1, Ordering::Relaxed);
            self.upstream.forget_kept(self.place.server);
        }
    }

    /// Tells that the server has begun to answer.
    pub(super) fn heard(&mut self) {
        if self.waiting == Waiting::Counted {
            self.waiting = Waiting::Unnoticed;
            self.upstream.awaited[self.place.server].fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Passes on what the server has to say.
    pub(super) fn relay(&self, words: &[u8]) {
        self.upstream.relay(self.place.server, words);
    }

    /// Gives the place back, and with it a connection on which the next request can follow.
    pub(super) fn keep(mut self, wire: Box<Wire>) {
        self.kept = wire.at_rest();
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.heard();
        let kept = self.kept.take();
        Upstream::give(&self.upstream, self.place, self.verdict, kept);
    }
}

/// Where the place is put for who waits for it, with how it was rung for.
type Hand = Arc<Mutex<Option<(Lease, Stirred)>>>;

/// Somebody who waits for a place.
#[derive(Debug)]
pub(super) struct Turn {
    hand: Hand,
    bell: Arc<Bell>,
}

/// The other side of a [`Turn`], in the queue.
#[derive(Debug)]
pub(super) struct Waiter {
    hand: Hand,
    pub(super) company: Company,
    bell: Arc<Bell>,
}

impl Turn {
    /// A silent bell, at both ends.
    pub(super) fn new(bell: Arc<Bell>, company: Company) -> (Turn, Waiter) {
        let hand = Hand::default();
        let waiter = Waiter {
            hand: Arc::clone(&hand),
            company,
            bell: Arc::clone(&bell),
        };
        (Turn { hand, bell }, waiter)
    }

    /// The place, once it has come.
    pub(super) fn lease(&self) -> Option<Lease> {
        let (lease, stirred) = self
            .hand
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()?;
        self.bell.still(stirred);
        Some(lease)
    }

    /// What to wait on.
    pub(super) fn kept(&self) -> &Kept {
        self.bell.kept()
    }

    /// The bell, of somebody who has been served.
    pub(super) fn into_bell(self) -> Arc<Bell> {
        self.bell
    }
}

impl Waiter {
    /// Whether somebody still waits: a client may have left in the meantime.
    pub(super) fn is_there(&self) -> bool {
        Arc::strong_count(&self.hand) > 1
    }

    /// Hands the place over and rings. If nobody is there any more, it is given back at once.
    pub(super) fn serve(self, lease: Lease) {
        let before = {
            let mut hand = self.hand.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever finds the place finds that it has been rung for.
            let stirred = self.bell.ring();
            hand.replace((lease, stirred))
        };
        debug_assert!(before.is_none(), "nobody is served twice");
    }
}
