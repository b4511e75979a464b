//! Who of several servers gets the next request: places, connections kept, and health.
//!
//! ```text
//!     take ──► the least busy of the healthy ──► a place, perhaps with a kept connection
//!     give ◄── how it went ──► a failure rests the server: 1 s · 2ⁿ, at most 10 s
//! ```
//!
//! Time is an argument and connections are whatever they are: nothing here does I/O, so that the
//! lock around it is held for some comparisons and no more.

use super::pace::Pace;
use std::time::{Duration, Instant};

/// How long a server rests after its first failure; twice as long after each further one.
const REST: Duration = Duration::from_secs(1);

/// The longest rest: whoever comes back is not kept waiting.
const LONGEST_REST: Duration = Duration::from_secs(10);

/// How long a connection is kept unused. Shorter than other servers' patience as a rule, so that it
/// is we who close.
const KEPT: Duration = Duration::from_secs(10);

/// How a request to a server went, as far as the server is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It answered.
    Works,
    /// It could not be reached, or gave no answer.
    Failed,
    /// Nothing was learnt: the client left, say.
    Unknown,
}

/// Whom a request can share a server with that answers one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Company {
    /// Others of its kind, before and behind it.
    Others,
    /// Nobody.
    Nobody,
}

/// A place at a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The server's number.
    pub(super) server: usize,
    pub(super) order: Order,
    pub(super) company: Company,
}

/// When the server can begin with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Now,
    /// After others.
    Behind,
}

/// The servers of one group, by number.
#[derive(Debug)]
pub(super) struct Table<C> {
    servers: Vec<Server<C>>,
    /// Requests under way at each server.
    in_flight: usize,
    /// Requests that wait there.
    behind: usize,
    /// The server that was taken last: with equals, the next one comes after it.
    last: usize,
}

#[derive(Debug)]
struct Server<C> {
    busy: usize,
    /// Of these, the ones that want nobody behind them.
    unsociable: usize,
    pace: Pace,
    /// Connections without a request, the one used last at the end; at most one a place.
    kept: Vec<(C, Instant)>,
    /// Failures since the last answer.
    fails: u32,
    /// After a failure: when it may be tried again.
    rests_until: Option<Instant>,
}

impl<C> Table<C> {
    /// A table of so many servers, of which each takes `in_flight` requests at once, and lets
    /// `behind` more wait.
    pub(super) fn new(servers: usize, in_flight: usize, behind: usize) -> Table<C> {
        let server = || Server {
            busy: 0,
            unsociable: 0,
            pace: Pace::new(),
            kept: Vec::new(),
            fails: 0,
            rests_until: None,
        };
        Table {
            servers: std::iter::repeat_with(server).take(servers).collect(),
            in_flight: in_flight.max(1),
            behind,
            last: servers.saturating_sub(1),
        }
    }

    /// Takes a place at the best server that is not among those tried already.
    ///
    /// Of the healthy, it is the least busy; of equally busy ones the next in turn. Servers that
    /// rest are asked only when all do, and then the one first that failed longest ago: they may
    /// all be back.
    pub(super) fn take(
        &mut self,
        tried: &[usize],
        company: Company,
        now: Instant,
    ) -> Option<Place> {
        let count = self.servers.len();
        let in_turn = (1..=count).map(|step| (self.last + step) % count);
        let untried = in_turn.filter(|number| !tried.contains(number));
        let is_healthy = |number: &usize| self.servers[*number].is_healthy(now);
        let has_place = |number: &usize| self.order(*number, company, now).is_some();
        // ANCHOR: choose
        let mut healthy = untried.clone().filter(is_healthy).peekable();
        let number = if healthy.peek().is_none() {
            let resting = untried.filter(has_place);
            resting.min_by_key(|number| self.servers[*number].rests_until)
        } else {
            let free = healthy.filter(has_place);
            free.min_by_key(|number| self.servers[*number].busy)
        }?;
        // ANCHOR_END: choose
        let order = self.order(number, company, now)?;
        let server = &mut self.servers[number];
        if server.busy == 0 {
            server.pace.began(now);
        }
        server.busy += 1;
        server.unsociable += usize::from(company == Company::Nobody);
        self.last = number;
        Some(Place {
            server: number,
            order,
            company,
        })
    }

    // ANCHOR: order
    /// When a server can begin with one more request, if it can have one at all.
    fn order(&self, number: usize, company: Company, now: Instant) -> Option<Order> {
        let server = &self.servers[number];
        if server.busy < self.in_flight {
            return Some(Order::Now);
        }
        let is_open = company == Company::Others && server.unsociable == 0;
        let has_room = server.busy < self.in_flight + self.behind;
        let requests = u32::try_from(server.busy).unwrap_or(u32::MAX);
        let waits = is_open && has_room && server.pace.is_short_behind(requests, now);
        waits.then_some(Order::Behind)
    }
    // ANCHOR_END: order

    /// Gives a place back. Returns the kept connections that are too old.
    pub(super) fn give(
        &mut self,
        place: Place,
        verdict: Verdict,
        kept: Option<C>,
        now: Instant,
    ) -> Vec<C> {
        let server = &mut self.servers[place.server];
        server.busy -= 1;
        match place.company {
            Company::Others => server.pace.ended(now),
            Company::Nobody => {
                server.unsociable -= 1;
                server.pace.began(now);
            }
        }
        server.judge(verdict, now);
        let fresh = server
            .kept
            .partition_point(|(_, since)| *since + KEPT <= now);
        let mut old: Vec<C> = server.kept.drain(..fresh).map(|(kept, _)| kept).collect();
        // Whoever has got a place may not have come for its connection yet.
        if server.kept.len() < self.in_flight + self.behind {
            server.kept.extend(kept.map(|kept| (kept, now)));
        } else {
            old.extend(kept);
        }
        old
    }

    /// A connection to that server that was used and kept: the youngest of those nearby, or the
    /// youngest.
    pub(super) fn kept(&mut self, number: usize, is_near: impl Fn(&C) -> bool) -> Option<C> {
        let kept = &mut self.servers[number].kept;
        let near = kept.iter().rposition(|(kept, _)| is_near(kept));
        let at = near.or(kept.len().checked_sub(1))?;
        Some(kept.remove(at).0)
    }

    /// All of them: one was found closed, and so the others will be.
    pub(super) fn all_kept(&mut self, number: usize) -> Vec<(C, Instant)> {
        std::mem::take(&mut self.servers[number].kept)
    }

    /// Whether anything is under way, so that it will end and give a place back.
    pub(super) fn is_busy(&self) -> bool {
        self.servers.iter().any(|server| server.busy > 0)
    }

    /// Requests under way, by server.
    #[cfg(test)]
    fn busy(&self) -> Vec<usize> {
        self.servers.iter().map(|server| server.busy).collect()
    }
}

impl<C> Server<C> {
    /// A server that has rested is tried with one request, and healthy when that is answered.
    fn is_healthy(&self, now: Instant) -> bool {
        match self.rests_until {
            None => true,
            Some(until) => until <= now && self.busy == 0,
        }
    }

    fn judge(&mut self, verdict: Verdict, now: Instant) {
        match verdict {
            Verdict::Works => {
                self.fails = 0;
                self.rests_until = None;
            }
            Verdict::Failed => {
                let rest = REST.saturating_mul(1 << self.fails.min(8));
                self.rests_until = Some(now + rest.min(LONGEST_REST));
                self.fails = self.fails.saturating_add(1);
                self.pace.failed();
            }
            Verdict::Unknown => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn anywhere(_: &char) -> bool {
        true
    }

    fn table(servers: usize, in_flight: usize) -> (Table<char>, Instant) {
        (Table::new(servers, in_flight, 0), Instant::now())
    }

    fn take(table: &mut Table<char>, tried: &[usize], now: Instant) -> Option<usize> {
        let place = table.take(tried, Company::Nobody, now);
        place.map(|place| place.server)
    }

    fn place(server: usize) -> Place {
        Place {
            server,
            order: Order::Now,
            company: Company::Nobody,
        }
    }

    #[test]
    fn the_least_busy_is_next_and_equals_take_turns() {
        let (mut table, now) = table(3, 2);
        let mut next = || take(&mut table, &[], now);
        assert_eq!([next(), next(), next()], [Some(0), Some(1), Some(2)]);
        table.give(place(1), Verdict::Works, None, now);
        assert_eq!(take(&mut table, &[], now), Some(1));
        assert_eq!(take(&mut table, &[], now), Some(2));
        assert_eq!(take(&mut table, &[], now), Some(0));
        assert_eq!(take(&mut table, &[], now), Some(1));
        assert_eq!(take(&mut table, &[], now), None);
        assert_eq!(table.busy(), [2, 2, 2]);
        assert!(table.is_busy());
    }

    #[test]
    fn one_that_was_tried_is_not_taken_again() {
        let (mut table, now) = table(2, 9);
        assert_eq!(take(&mut table, &[0], now), Some(1));
        assert_eq!(take(&mut table, &[0, 1], now), None);
    }

    #[test]
    fn one_that_fails_rests_longer_each_time_but_ten_seconds_at_the_most() {
        let (mut table, mut now) = table(2, 9);
        for rest in [1, 2, 4, 8, 10, 10] {
            assert_eq!(take(&mut table, &[1], now), Some(0));
            table.give(place(0), Verdict::Failed, None, now);
            let almost = now + rest * SECOND - Duration::from_millis(1);
            assert_eq!(take(&mut table, &[], almost), Some(1), "it rests {rest} s");
            table.give(place(1), Verdict::Works, None, now);
            now += rest * SECOND;
        }
        assert_eq!(take(&mut table, &[1], now), Some(0));
        table.give(place(0), Verdict::Works, None, now);
        assert_eq!(
            (take(&mut table, &[], now), take(&mut table, &[], now)),
            (Some(1), Some(0))
        );
    }

    #[test]
    fn one_that_has_rested_is_tried_with_one_request() {
        let (mut table, now) = table(2, 9);
        assert_eq!(take(&mut table, &[], now), Some(0));
        table.give(place(0), Verdict::Failed, None, now);
        let later = now + 2 * SECOND;
        assert_eq!(
            (take(&mut table, &[], later), take(&mut table, &[], later)),
            (Some(1), Some(0))
        );
        assert_eq!(
            (take(&mut table, &[], later), take(&mut table, &[], later)),
            (Some(1), Some(1))
        );
        table.give(place(0), Verdict::Works, None, later);
        assert_eq!(take(&mut table, &[], later), Some(0));
    }

    #[test]
    fn when_all_rest_the_one_that_failed_first_is_asked() {
        let (mut table, now) = table(2, 1);
        assert_eq!(
            (take(&mut table, &[], now), take(&mut table, &[], now)),
            (Some(0), Some(1))
        );
        table.give(place(1), Verdict::Failed, None, now);
        table.give(place(0), Verdict::Failed, None, now + SECOND / 2);
        let now = now + SECOND / 2;
        assert_eq!(
            (take(&mut table, &[], now), take(&mut table, &[], now)),
            (Some(1), Some(0))
        );
    }

    #[test]
    fn a_full_healthy_server_is_waited_for_rather_than_a_resting_one_asked() {
        let (mut table, now) = table(2, 1);
        assert_eq!(
            (take(&mut table, &[], now), take(&mut table, &[], now)),
            (Some(0), Some(1))
        );
        table.give(place(0), Verdict::Failed, None, now);
        assert_eq!(take(&mut table, &[], now), None);
    }

    #[test]
    fn connections_are_kept_for_a_while_and_never_more_than_places() {
        let (mut table, now) = table(1, 2);
        assert_eq!(
            (take(&mut table, &[], now), take(&mut table, &[], now)),
            (Some(0), Some(0))
        );
        assert_eq!(table.give(place(0), Verdict::Works, Some('a'), now), []);
        assert_eq!(table.give(place(0), Verdict::Works, Some('b'), now), []);
        assert_eq!(
            (take(&mut table, &[], now), take(&mut table, &[], now)),
            (Some(0), Some(0))
        );
        assert_eq!(table.kept(0, anywhere), Some('b'));
        assert_eq!(
            table.give(place(0), Verdict::Works, Some('c'), now + KEPT),
            ['a']
        );
        assert_eq!(table.give(place(0), Verdict::Works, Some('d'), now), []);
        let mut kept = || table.kept(0, anywhere);
        assert_eq!((kept(), kept(), kept()), (Some('d'), Some('c'), None));
    }

    #[test]
    fn a_connection_nearby_is_used_before_a_younger_one() {
        let (mut table, now) = table(1, 3);
        for name in ['a', 'b', 'c'] {
            assert_eq!(take(&mut table, &[], now), Some(0));
            assert_eq!(table.give(place(0), Verdict::Works, Some(name), now), []);
        }
        let mut kept = || table.kept(0, |name| *name == 'b');
        assert_eq!((kept(), kept(), kept()), (Some('b'), Some('c'), Some('a')));
    }

    /// One server that answers one after the other, with room for two who wait, and has been quick.
    fn in_turn() -> (Table<char>, Instant) {
        let (mut table, mut now) = (Table::new(1, 1, 2), Instant::now());
        while order(&mut table, Company::Others, now) == Some(Order::Now)
            && order(&mut table, Company::Others, now).is_none()
        {
            now += Duration::from_micros(100);
            table.give(shared(Order::Now), Verdict::Works, None, now);
        }
        table.give(shared(Order::Behind), Verdict::Works, None, now);
        table.give(shared(Order::Now), Verdict::Works, None, now);
        (table, now)
    }

    fn order(table: &mut Table<char>, company: Company, now: Instant) -> Option<Order> {
        table.take(&[], company, now).map(|place| place.order)
    }

    fn shared(order: Order) -> Place {
        Place {
            server: 0,
            order,
            company: Company::Others,
        }
    }

    #[test]
    fn behind_a_quick_server_a_bounded_number_waits() {
        let (mut table, now) = in_turn();
        let orders = [(); 4].map(|()| order(&mut table, Company::Others, now));
        let expected = [Order::Now, Order::Behind, Order::Behind].map(Some);
        assert_eq!((&orders[..3], orders[3]), (&expected[..], None));
    }

    #[test]
    fn what_may_not_wait_behind_others_has_the_server_to_itself() {
        let (mut table, now) = in_turn();
        assert_eq!(
            order(&mut table, Company::Others, now),
            Some(Order::Now),
            "it is idle"
        );
        assert_eq!(order(&mut table, Company::Nobody, now), None);
        table.give(shared(Order::Now), Verdict::Works, None, now);
        assert_eq!(order(&mut table, Company::Nobody, now), Some(Order::Now));
        assert_eq!(order(&mut table, Company::Others, now), None);
    }

    #[test]
    fn nobody_waits_behind_an_answer_that_takes_long_or_after_a_failure() {
        let (mut table, now) = in_turn();
        assert_eq!(order(&mut table, Company::Others, now), Some(Order::Now));
        let later = now + Duration::from_millis(20);
        assert_eq!(order(&mut table, Company::Others, later), None);
        assert_eq!(order(&mut table, Company::Others, now), Some(Order::Behind));
        table.give(shared(Order::Behind), Verdict::Failed, None, now);
        table.give(shared(Order::Now), Verdict::Works, None, now);
        assert_eq!(order(&mut table, Company::Others, now), Some(Order::Now));
        assert_eq!(order(&mut table, Company::Others, now), None);
    }

    #[test]
    fn an_idle_server_comes_before_a_busy_one() {
        let (mut table, mut now) = (Table::<char>::new(2, 1, 9), Instant::now());
        for _ in 0..2 * 300 {
            let first = table
                .take(&[], Company::Others, now)
                .expect("both are idle");
            now += Duration::from_micros(100);
            table.give(first, Verdict::Works, None, now);
        }
        let taken = [(); 4].map(|()| table.take(&[], Company::Others, now).expect("room"));
        let orders = taken.map(|place| place.order);
        use Order::{Behind, Now};
        assert_eq!(orders, [Now, Now, Behind, Behind]);
        assert_eq!(table.busy(), [2, 2]);
    }
}
