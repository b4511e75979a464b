//! How long a session waits for what, and what counts as progress.
//!
//! ```text
//! idle ──first octet──► head ──► body │ gateway │ send ──► idle
//! ```
//!
//! A head has one absolute deadline; everything else gets a new one whenever it has got on.

use static_files::Timeouts;
use std::time::{Duration, Instant};

/// What a session is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// What a front says before the first request.
    Greeting,
    /// The next request on a kept connection.
    Idle,
    /// The rest of a request's head.
    Head,
    /// The rest of a request's content.
    Body,
    /// The client to take what waits for it.
    Send,
    /// The program behind the server.
    Gateway,
    /// Either side of a connection that has changed its protocol.
    Tunnel,
    /// The client to close, after we have.
    Linger,
}

impl Waiting {
    /// One word, as in [`Timeouts`].
    pub(crate) fn name(self) -> &'static str {
        match self {
            Waiting::Idle => "idle",
            Waiting::Head => "head",
            Waiting::Body => "body",
            Waiting::Send => "send",
            Waiting::Gateway => "gateway",
            Waiting::Linger => "linger",
            Waiting::Tunnel => "tunnel",
            Waiting::Greeting => "greeting",
        }
    }
}

/// Counters of what has got on since the session began.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    /// Requests begun.
    pub(super) requests: u64,
    /// Octets of request content dealt with.
    pub(super) received: u64,
    /// Octets that have left to the client.
    pub(super) left: u64,
    /// Octets that went to or came from a program.
    pub(super) relayed: u64,
    /// Octets that came from the client.
    pub(super) arrived: u64,
}

/// The one deadline of a session.
#[derive(Debug)]
pub(super) struct Patience {
    waiting: Waiting,
    deadline: Instant,
    /// The counter that belongs to `waiting`, when the deadline was set.
    mark: u64,
}

impl Patience {
    /// For a connection on which nothing has come yet.
    pub(super) fn until(deadline: Instant) -> Patience {
        Patience {
            waiting: Waiting::Idle,
            deadline,
            mark: 0,
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    // ANCHOR: update
    /// Looks at what is waited for now, and sets a new deadline if that is something else, or if
    /// it has got on.
    pub(super) fn update(
        &mut self,
        waiting: Waiting,
        progress: &Progress,
        now: Instant,
        timeouts: &Timeouts,
    ) {
        let (count, enough) = match waiting {
            Waiting::Greeting | Waiting::Idle | Waiting::Head => (progress.requests, 1),
            Waiting::Body => (progress.received, Timeouts::PROGRESS),
            Waiting::Send => (progress.left, Timeouts::PROGRESS),
            Waiting::Gateway | Waiting::Tunnel => (progress.relayed, 1),
            Waiting::Linger => (0, 1),
        };
        if waiting != self.waiting || count >= self.mark + enough {
            self.waiting = waiting;
            self.mark = count;
            self.deadline = now + allowed(waiting, timeouts);
        }
    }
    // ANCHOR_END: update
}

fn allowed(waiting: Waiting, timeouts: &Timeouts) -> Duration {
    match waiting {
        Waiting::Idle => timeouts.idle,
        Waiting::Greeting | Waiting::Head => timeouts.head,
        Waiting::Body => timeouts.body,
        Waiting::Send => timeouts.send,
        Waiting::Gateway => timeouts.gateway,
        Waiting::Tunnel => timeouts.tunnel,
        Waiting::Linger => timeouts.linger,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_head_that_drips_in_has_one_deadline() {
        let (start, timeouts) = (Instant::now(), Timeouts::default());
        let mut patience = Patience::until(start + timeouts.idle);
        let progress = Progress::default();
        patience.update(Waiting::Head, &progress, start, &timeouts);
        for octet in 1..9 {
            patience.update(Waiting::Head, &progress, start + octet * SECOND, &timeouts);
        }
        assert_eq!(patience.deadline(), start + timeouts.head);
    }

    #[test]
    fn the_next_request_starts_a_new_deadline_even_for_the_same_wait() {
        let (start, timeouts) = (Instant::now(), Timeouts::default());
        let mut patience = Patience::until(start + timeouts.idle);
        let progress = Progress {
            requests: 1,
            ..Progress::default()
        };
        patience.update(Waiting::Idle, &progress, start + 9 * SECOND, &timeouts);
        assert_eq!(patience.deadline(), start + 9 * SECOND + timeouts.idle);
    }

    #[test]
    fn a_body_has_to_bring_a_kibibyte_to_earn_more_time() {
        let (start, timeouts) = (Instant::now(), Timeouts::default());
        let mut patience = Patience::until(start + timeouts.idle);
        let mut progress = Progress::default();
        patience.update(Waiting::Body, &progress, start, &timeouts);
        progress.received = 1023;
        patience.update(Waiting::Body, &progress, start + SECOND, &timeouts);
        assert_eq!(patience.deadline(), start + timeouts.body);
        progress.received = 1024;
        patience.update(Waiting::Body, &progress, start + SECOND, &timeouts);
        assert_eq!(patience.deadline(), start + SECOND + timeouts.body);
    }
}
