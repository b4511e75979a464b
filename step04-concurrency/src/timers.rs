//! When to look at whom: a heap of deadlines with lazy re-arming.
//!
//! Deadlines move with almost every request, nearly always to later. So an entry that has become
//! too early is left where it is; when it comes up, its owner says what time it really is for. The
//! heap is touched once in a timeout, not once in a request.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// Deadlines, each with the token of its owner.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, u64)>>,
}

// ANCHOR: timers
impl Timers {
    /// Adds a deadline. An earlier entry of the same owner stays: its owner has to recognise it.
    pub(crate) fn arm(&mut self, at: Instant, token: u64) {
        self.heap.push(Reverse((at, token)));
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes one deadline that has passed, the earliest first.
    pub(crate) fn due(&mut self, now: Instant) -> Option<(Instant, u64)> {
        let Reverse((at, _)) = self.heap.peek()?;
        if *at > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }
}
// ANCHOR_END: timers

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn deadlines_come_up_in_order_and_not_before_their_time() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut timers = Timers::default();
        for (seconds, token) in [(3, 30), (1, 10), (2, 20), (1, 11)] {
            timers.arm(at(seconds), token);
        }
        assert_eq!(timers.next(), Some(at(1)));
        assert_eq!(timers.due(start), None);
        assert_eq!(timers.due(at(2)), Some((at(1), 10)));
        assert_eq!(timers.due(at(2)), Some((at(1), 11)));
        assert_eq!(timers.due(at(2)), Some((at(2), 20)));
        assert_eq!(timers.due(at(2)), None);
        assert_eq!(timers.next(), Some(at(3)));
    }
}
