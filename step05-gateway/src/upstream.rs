//! The engine behind every wire: other servers, with a place for each request, connections that are
//! kept, a queue, and a memory of who has failed.
//!
//! ```text
//!                        ┌─ place? ─ connection, or a share of one ─► Protocol ◄─► other server
//!     request ─► Asking ─┤
//!                        └─ queue ── bell ─► place
//! ```
//!
//! A php-fpm, a gunicorn, one Python worker, three machines behind a proxy: all are a group of
//! addresses, each of which takes a number of requests at once, as a rule one a connection. The engine
//! chooses the least busy, lets a bounded number wait, and rests a server that has failed. On
//! failure it asks one question: has the head gone out? Before, the client gets 502, 503 or 504;
//! after, a response that is visibly broken off.
//!
//! Two things it never does: ask twice what may not be asked twice (RFC 9110 §9.2.2), and let
//! somebody wait whom nothing will wake.

mod address;
mod asking;
mod bell;
mod capacity;
mod carrier;
mod drain;
mod hush;
mod lease;
mod leaving;
mod line;
mod outgoing;
mod pace;
mod seeking;
mod share;
mod spool;
mod table;
mod talk;
mod traffic;
mod wire;

pub use address::{Address, BadAddress};
pub use capacity::{Capacity, Keeping};

use crate::complaints::Complaints;
use crate::protocol::Protocol;
use asking::Asking;
use bell::Bells;
use drain::Drain;
use hush::Hush;
use lease::{Lease, Turn, Waiter};
use line::Lines;
use spool::Spooled;
use static_files::{Reply, Request, gateway_failure};
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::iter;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;
use table::{Company, Place, Table, Verdict};
use talk::Talk;
use wire::{Care, Wire};

/// A group of servers that answer the same requests.
#[derive(Debug)]
pub struct Upstream {
    addresses: Box<[Address]>,
    capacity: Capacity,
    complaints: Arc<Complaints>,
    /// Told the number of a server that took a request and did not answer in time.
    hung: Option<Hung>,
    /// There from the first answer on that nobody wanted to its end; `None` if it cannot be had.
    drain: OnceLock<Option<Drain>>,
    /// By server: requests of which no octet of an answer has come for long.
    awaited: Box<[AtomicUsize]>,
    /// By server, and last for all of them: what was told of its failures.
    hushes: Mutex<Box<[Hush]>>,
    bells: Arc<Bells>,
    /// By server: the connections that requests share.
    lines: Box<[Lines]>,
    /// Held for moments, and never while anything is read, written or closed.
    state: Mutex<State>,
}

/// What is done about a server that hangs.
struct Hung(Box<dyn Fn(usize) + Send + Sync>);

impl fmt::Debug for Hung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hung")
    }
}

#[derive(Debug)]
struct State {
    table: Table<Box<Wire>>,
    /// At most [`Capacity::queue`].
    queue: VecDeque<Waiter>,
}

/// What asking for a place has come to.
#[derive(Debug)]
enum Acquired {
    Place(Lease),
    Queued(Turn),
}

impl Upstream {
    /// A group of servers; reasons for failures go to `complaints`.
    pub fn new(
        addresses: Vec<Address>,
        capacity: Capacity,
        complaints: &Arc<Complaints>,
    ) -> Arc<Upstream> {
        Arc::new(Upstream::build(addresses, capacity, complaints, None))
    }

    /// The same, for somebody who looks after the servers: `hung` is called with the number of one
    /// that has taken a request and not answered it in time. It must not wait.
    pub fn supervised(
        addresses: Vec<Address>,
        capacity: Capacity,
        complaints: &Arc<Complaints>,
        hung: impl Fn(usize) + Send + Sync + 'static,
    ) -> Arc<Upstream> {
        let hung = Some(Hung(Box::new(hung)));
        Arc::new(Upstream::build(addresses, capacity, complaints, hung))
    }

    fn build(
        addresses: Vec<Address>,
        capacity: Capacity,
        complaints: &Arc<Complaints>,
        hung: Option<Hung>,
    ) -> Upstream {
        let table = Table::new(addresses.len(), capacity.in_flight, capacity.behind);
        Upstream {
            awaited: addresses.iter().map(|_| AtomicUsize::new(0)).collect(),
            hushes: Mutex::new((0..=addresses.len()).map(|_| Hush::default()).collect()),
            lines: addresses.iter().map(|_| Lines::default()).collect(),
            addresses: addresses.into(),
            capacity,
            complaints: Arc::clone(complaints),
            hung,
            drain: OnceLock::new(),
            bells: Arc::default(),
            state: Mutex::new(State {
                table,
                queue: VecDeque::new(),
            }),
        }
    }

    /// The servers' addresses.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Asks one of the servers, in the words of `protocol`, which knows of nothing yet.
    pub fn ask(self: &Arc<Upstream>, request: &Request, protocol: Box<dyn Protocol>) -> Reply {
        if spool::is_collected(request, protocol.as_ref()) {
            return Reply::Exchange(Box::new(Spooled::new(self, request, protocol)));
        }
        match Asking::begin(self, request, protocol, None) {
            Ok(asking) => Reply::Exchange(Box::new(asking)),
            Err(error) => Reply::Ready(gateway_failure(&error)),
        }
    }

    /// Takes a place at a server that was not tried yet, or in the queue.
    ///
    /// # Errors
    /// `ResourceBusy` when all places and the queue are full; `NotConnected` when every server has
    /// been tried.
    fn acquire(
        upstream: &Arc<Upstream>,
        tried: &[usize],
        company: Company,
    ) -> io::Result<Acquired> {
        if tried.len() >= upstream.addresses.len() {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let now = Instant::now();
        if let Some(place) = upstream.state().take(tried, company, now) {
            return Ok(Acquired::Place(Lease::new(upstream, place)));
        }
        let (turn, waiter) = Turn::new(upstream.bells.take()?, company);
        let mut state = upstream.state();
        // Between the two looks somebody may have left.
        if let Some(place) = state.take(tried, company, now) {
            drop(state);
            return Ok(Acquired::Place(Lease::new(upstream, place)));
        }
        if state.queue.len() >= upstream.capacity.queue {
            state.queue.retain(Waiter::is_there);
        }
        if state.queue.len() >= upstream.capacity.queue || !state.table.is_busy() {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        state.queue.push_back(waiter);
        Ok(Acquired::Queued(turn))
    }

    /// A connection to that server: a share of one, or a kept one if there is one, else a new one.
    ///
    /// # Errors
    /// What connecting reports.
    fn connect(&self, place: Place, care: Care) -> io::Result<Box<Wire>> {
        let server = place.server;
        if self.capacity.behind > 0 && place.company == Company::Others {
            let (share, age) = self.lines[server].join(&self.addresses[server], &self.bells)?;
            return Ok(Wire::shared(share, age));
        }
        loop {
            // Each look at the table is over before the connection is looked at.
            let kept = self.state().table.kept(server, |wire| wire.is_near());
            match kept.map(|wire| wire.reuse(care)) {
                Some(Some(wire)) => return Ok(wire),
                Some(None) => {}
                None => return Wire::connect(&self.addresses[server]),
            }
        }
    }

    /// Forgets the kept connections of a server that has closed one of them.
    fn forget_kept(&self, server: usize) {
        let stale = self.state().table.all_kept(server);
        drop(stale);
    }

    /// Takes a place back, and serves those who wait.
    fn give(upstream: &Arc<Upstream>, place: Place, verdict: Verdict, kept: Option<Box<Wire>>) {
        let now = Instant::now();
        let is_awaited = upstream.awaited[place.server].load(Ordering::Relaxed) > 0;
        let kept = kept.filter(|_| match upstream.capacity.keeping {
            Keeping::Always => true,
            Keeping::UnlessAwaited => !is_awaited,
        });
        let mut state = upstream.state();
        let old = state.table.give(place, verdict, kept, now);
        let served: Vec<(Waiter, Place)> = iter::from_fn(|| state.serve_next(now)).collect();
        drop(state);
        drop(old);
        for (waiter, place) in served {
            waiter.serve(Lease::new(upstream, place));
        }
    }

    /// Has an answer read to its end that nobody wants any more.
    fn hear_out(mut talk: Talk, protocol: Box<dyn Protocol>) {
        let upstream = Arc::clone(&talk.lease.upstream);
        // Where that is not possible, it is given up.
        if talk.wire.carrier.move_away().is_ok()
            && let Some(drain) = upstream.drain.get_or_init(|| Drain::new().ok())
        {
            drain.take(talk, protocol);
        }
    }

    /// Tells whoever looks after the servers that one hangs.
    fn report_hung(&self, server: usize) {
        if let Some(Hung(report)) = &self.hung {
            report(server);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked while holding it was comparing numbers; they still stand.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    // ANCHOR: overtakes
    /// A place for a new request. As long as somebody waits, it does not wait behind a busy server
    /// either: the first server that is through with its work is for the first in the queue.
    fn take(&mut self, tried: &[usize], company: Company, now: Instant) -> Option<Place> {
        self.forget_gone();
        let company = match self.queue.front() {
            None => company,
            Some(_) => Company::Nobody,
        };
        self.table.take(tried, company, now)
    }
    // ANCHOR_END: overtakes

    /// Finds a place for the first who waits.
    fn serve_next(&mut self, now: Instant) -> Option<(Waiter, Place)> {
        self.forget_gone();
        let company = self.queue.front()?.company;
        let place = self.table.take(&[], company, now)?;
        let waiter = self.queue.pop_front()?;
        Some((waiter, place))
    }

    fn forget_gone(&mut self) {
        while self.queue.front().is_some_and(|waiter| !waiter.is_there()) {
            self.queue.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use table::Order;

    #[test]
    fn as_long_as_somebody_waits_nobody_is_sent_to_a_busy_server() {
        let mut now = Instant::now();
        let mut state = State {
            table: Table::new(1, 1, 9),
            queue: VecDeque::new(),
        };
        for _ in 0..300 {
            let place = state.take(&[], Company::Others, now).expect("it is idle");
            now += Duration::from_micros(100);
            state.table.give(place, Verdict::Works, None, now);
        }
        let order = |state: &mut State| {
            let place = state.take(&[], Company::Others, now);
            place.map(|place| place.order)
        };
        assert_eq!(order(&mut state), Some(Order::Now));
        let bell = Bells::default().take().expect("two descriptors are left");
        let (turn, waiter) = Turn::new(bell, Company::Nobody);
        state.queue.push_back(waiter);
        assert_eq!(order(&mut state), None);
        // The client has left.
        drop(turn);
        assert_eq!(order(&mut state), Some(Order::Behind));
    }
}
