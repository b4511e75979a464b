//! How fast a server gets on that answers one request after the other.
//!
//! Whoever is sent to such a server while it is busy waits behind others, and nobody can be taken
//! back from there. So that is done only where the wait is known to be short, which a server has to
//! prove: by answers that were quick for a while, and by none that is overdue now.

use std::time::{Duration, Instant};

/// A quick answer takes no longer, on average over the last few. That is time as a clock tells it: where
/// the server, its workers and others share a processor, an answer of a tenth of a millisecond
/// looks like one of a whole, and now and then like five.
const QUICK: Duration = Duration::from_millis(2);

/// How many answers in a row have to be quick before anybody waits behind another. A slow one among
/// fifty is seen before that, and keeps everybody else out of its way.
const PROVEN: u32 = 256;

/// How much work may be before somebody, and how long an answer may be overdue.
const AHEAD: Duration = Duration::from_millis(5);

/// What is remembered of a server's answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// When it last had reason to begin with a request: it was idle and got one, or ended another.
    since: Option<Instant>,
    /// Of what an answer takes: each new one counts for an eighth.
    mean: Duration,
    /// Answers since the mean was last too long.
    quick: u32,
}

impl Pace {
    /// Of a server that has answered nothing.
    pub(super) fn new() -> Pace {
        Pace {
            since: None,
            mean: Duration::ZERO,
            quick: 0,
        }
    }

    /// An idle server was sent a request.
    pub(super) fn began(&mut self, now: Instant) {
        self.since = Some(now);
    }

    /// An answer has ended, and the next one begins, if there is any.
    pub(super) fn ended(&mut self, now: Instant) {
        let took = now.saturating_duration_since(self.since.unwrap_or(now));
        self.since = Some(now);
        self.mean = (self.mean * 7 + took) / 8;
        self.quick = if self.mean < QUICK {
            self.quick.saturating_add(1)
        } else {
            0
        };
    }

    /// The server is not to be trusted with anybody's waiting until it has proved itself anew.
    pub(super) fn failed(&mut self) {
        self.quick = 0;
    }

    /// Whether somebody may wait behind the so many requests that are under way.
    pub(super) fn is_short_behind(&self, requests: u32, now: Instant) -> bool {
        let overdue = self.since.is_none_or(|since| now > since + AHEAD);
        self.quick >= PROVEN && !overdue && self.mean * requests < AHEAD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MICRO: Duration = Duration::from_micros(1);

    /// A server with that many answers behind it, which took so long each.
    fn after(answers: u32, took: Duration) -> (Pace, Instant) {
        let (mut pace, mut now) = (Pace::new(), Instant::now());
        for _ in 0..answers {
            pace.began(now);
            now += took;
            pace.ended(now);
        }
        (pace, now)
    }

    #[test]
    fn quickness_has_to_be_proved() {
        for (answers, expected) in [(0, false), (PROVEN - 1, false), (PROVEN, true)] {
            let (pace, now) = after(answers, 100 * MICRO);
            assert_eq!(pace.is_short_behind(1, now), expected, "{answers}");
        }
        let (pace, now) = after(9 * PROVEN, QUICK + 10 * MICRO);
        assert!(!pace.is_short_behind(1, now));
    }

    #[test]
    fn nobody_waits_behind_more_than_five_milliseconds_of_work() {
        let (pace, now) = after(PROVEN, 100 * MICRO);
        assert!(pace.is_short_behind(49, now));
        assert!(!pace.is_short_behind(60, now));
    }

    #[test]
    fn one_slow_answer_ends_it_and_an_overdue_one_but_no_interruption() {
        let (pace, now) = after(PROVEN, 100 * MICRO);
        assert!(pace.is_short_behind(1, now + AHEAD));
        assert!(!pace.is_short_behind(1, now + AHEAD + MICRO));
        for (took, expected) in [(5, true), (20, false)] {
            let (mut pace, mut now) = after(PROVEN, 100 * MICRO);
            pace.began(now);
            now += Duration::from_millis(took);
            pace.ended(now);
            assert_eq!(pace.is_short_behind(1, now), expected, "{took} ms");
        }
    }

    #[test]
    fn answers_that_come_together_count_for_what_they_took_together() {
        let (mut pace, mut now) = after(PROVEN, 100 * MICRO);
        for _ in 0..50 {
            now += 16 * 100 * MICRO;
            // Sixteen answers, seen at once.
            (0..16).for_each(|_| pace.ended(now));
            assert!(pace.is_short_behind(16, now));
        }
    }
}
