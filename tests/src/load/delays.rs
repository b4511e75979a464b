//! Many delays in little room: counted by size, to three per cent.
//!
//! Each power of two of nanoseconds has 32 counters, so the error is the same in proportion
//! whether a delay is a microsecond or a second, and adding one is an increment.

use std::time::Duration;

/// Counters of one power of two, and its logarithm.
const STEPS: usize = 1 << STEP_BITS;
const STEP_BITS: u32 = 5;

/// How often which delay was met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delays {
    counters: Vec<u64>,
    count: u64,
}

impl Delays {
    /// Counts one.
    pub fn push(&mut self, delay: Duration) {
        let place = place(u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX));
        if self.counters.len() <= place {
            self.counters.resize(place + 1, 0);
        }
        self.counters[place] += 1;
        self.count += 1;
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The delay that `share` of all do not exceed: 0.5 is the median. Zero when there is none.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share of a count is compared with a count"
    )]
    pub fn quantile(&self, share: f64) -> Duration {
        let wanted = self.count as f64 * share;
        let mut seen = 0;
        for (place, counter) in self.counters.iter().enumerate() {
            seen += counter;
            if *counter > 0 && seen as f64 >= wanted {
                return Duration::from_nanos(upper_end(place));
            }
        }
        Duration::ZERO
    }

    pub(super) fn add(&mut self, other: &Delays) {
        if self.counters.len() < other.counters.len() {
            self.counters.resize(other.counters.len(), 0);
        }
        for (counter, more) in self.counters.iter_mut().zip(&other.counters) {
            *counter += more;
        }
        self.count += other.count;
    }
}

/// Which counter is for so many nanoseconds: the power of two, and the five bits behind it.
fn place(nanoseconds: u64) -> usize {
    let power = nanoseconds.max(1).ilog2().saturating_sub(STEP_BITS);
    let step = usize::try_from(nanoseconds >> power).expect("six bits are left");
    power as usize * STEPS + step
}

/// The most that a counter is for.
fn upper_end(place: usize) -> u64 {
    let power = (place / STEPS).saturating_sub(1);
    let step = place - power * STEPS;
    ((step as u64 + 1) << power) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_right_to_three_per_cent_whatever_the_size() {
        for size in [1, 31, 32, 33, 63, 64, 1_000, 123_456, 10_000_000_000] {
            let mut delays = Delays::default();
            delays.push(Duration::from_nanos(size));
            let found = u64::try_from(delays.quantile(0.5).as_nanos()).unwrap();
            assert!((size..=size + size / 32).contains(&found), "{size} {found}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_whole() {
        let (mut delays, mut slow) = (Delays::default(), Delays::default());
        (0..99).for_each(|_| delays.push(Duration::from_micros(10)));
        slow.push(Duration::from_millis(10));
        delays.add(&slow);
        assert_eq!(delays.count(), 100);
        assert!(delays.quantile(0.99) < Duration::from_micros(11));
        assert!(delays.quantile(1.0) >= Duration::from_millis(10));
        assert_eq!(Delays::default().quantile(0.5), Duration::ZERO);
    }
}
