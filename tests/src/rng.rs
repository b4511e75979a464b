//! Random numbers that can be had again.
//!
//! A test that draws prints its seed; the same seed in `CHECK_SEED` gives the same draw, so a
//! failure that was met by chance can be met on purpose.
//!
//! Not for secrets: three shifts and a multiplication (xorshift64*).

use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

/// A deterministic source of random numbers.
#[derive(Debug, Clone)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// Starts from `seed`; equal seeds give equal numbers.
    pub fn from_seed(seed: u64) -> Rng {
        // Zero is the one state that xorshift never leaves.
        Rng { state: seed.max(1) }
    }

    /// Starts from `CHECK_SEED`, or from the clock where that is not set, and prints the seed.
    ///
    /// # Panics
    /// When `CHECK_SEED` is set to something that is no number.
    pub fn announced(test: &str) -> Rng {
        let seed = match env::var("CHECK_SEED") {
            Ok(text) => text.parse().expect("CHECK_SEED is a number"),
            Err(_) => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(1, |since| since.as_secs() ^ u64::from(since.subsec_nanos())),
        };
        println!("{test}: CHECK_SEED={seed}");
        Rng::from_seed(seed)
    }

    /// Draws the next number.
    pub fn next_u64(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Draws a number below `bound`; 0 when `bound` is 0.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a number below a usize fits a usize"
    )]
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next_u64() % (bound.max(1) as u64)) as usize
    }

    /// Draws `len` octets.
    pub fn octets(&mut self, len: usize) -> Vec<u8> {
        let mut octets = Vec::with_capacity(len + 8);
        while octets.len() < len {
            octets.extend(self.next_u64().to_le_bytes());
        }
        octets.truncate(len);
        octets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_numbers() {
        let draw = |seed| {
            let mut rng = Rng::from_seed(seed);
            (rng.next_u64(), rng.below(1000), rng.octets(13))
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn seed_zero_is_no_dead_end() {
        let mut rng = Rng::from_seed(0);
        assert_ne!(rng.next_u64(), rng.next_u64());
    }

    #[test]
    fn numbers_stay_below_their_bound() {
        let mut rng = Rng::from_seed(3);
        assert!((0..1000).all(|_| rng.below(10) < 10));
        assert_eq!(rng.below(0), 0);
    }
}
