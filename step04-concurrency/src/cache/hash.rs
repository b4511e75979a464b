//! A hash for the names of files: eight octets a step.
//!
//! The one of `std` is keyed, so that nobody who chooses names can make all of them collide. Here
//! nobody outside chooses: only what exists below the root is kept, and of that a bounded number.
//! The keyed hash of a short path takes as long as reading the request line that brought it.

use std::hash::{BuildHasherDefault, Hasher};

/// For a `HashMap` whose keys are names of files.
pub(super) type NameHash = BuildHasherDefault<NameHasher>;

/// The state of one hash.
#[derive(Debug, Default)]
pub(super) struct NameHasher(u64);

/// Odd, with its bits spread evenly: the golden ratio in 64 bits.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for NameHasher {
    fn write(&mut self, octets: &[u8]) {
        let (words, rest) = octets.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.write_u64(u64::from_le_bytes(last));
    }

    /// The upper half of the product depends on all octets of the word, the lower half on few: each
    /// is folded onto the other.
    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * u128::from(SPREAD);
        let (upper, lower) = (product >> 64, product & u128::from(u64::MAX));
        self.0 = u64::try_from(upper ^ lower).expect("two halves of 64 bits");
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    #[test]
    fn names_that_differ_little_are_spread_over_a_table() {
        let hash = |name: String| NameHash::default().hash_one(name.as_bytes()) % 1024;
        let places: HashSet<u64> = (0..1024)
            .map(|number| hash(format!("many/{number}.bin")))
            .collect();
        // Names thrown at random would fill 647 places of 1,024.
        assert!(places.len() > 550, "{} places", places.len());
    }
}
