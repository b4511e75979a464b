//! Names and values, one behind the other in one piece of memory.
//!
//! ```text
//!     octets   REQUEST_METHODGETSCRIPT_NAME/cgi/tool…
//!     pairs    ^0            ^14^17        ^28
//! ```
//!
//! Each is written where it will stand: some thirty for every request that is handed on.

use std::ops::Range;

/// A list of variables, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Variables {
    octets: Vec<u8>,
    /// Where in `octets` each name and its value are.
    pairs: Vec<(Range<usize>, Range<usize>)>,
}

impl Variables {
    /// An empty list, with memory for so many variables of so many octets in all.
    pub(super) fn with_room(variables: usize, octets: usize) -> Variables {
        Variables {
            octets: Vec::with_capacity(octets),
            pairs: Vec::with_capacity(variables),
        }
    }

    /// Octets of all names and values.
    pub(super) fn octets(&self) -> usize {
        self.octets.len()
    }

    /// Every variable as (name, value), in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let part = |range: &Range<usize>| &self.octets[range.clone()];
        let pairs = self.pairs.iter();
        pairs.map(move |(name, value)| (part(name), part(value)))
    }

    /// Appends a variable; either function appends its octets to what it is given.
    pub(super) fn push(
        &mut self,
        name: impl FnOnce(&mut Vec<u8>),
        value: impl FnOnce(&mut Vec<u8>),
    ) {
        let start = self.octets.len();
        name(&mut self.octets);
        let middle = self.octets.len();
        value(&mut self.octets);
        let pair = (start..middle, middle..self.octets.len());
        self.pairs.push(pair);
    }
}
