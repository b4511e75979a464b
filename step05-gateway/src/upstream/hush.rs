//! A log that can still be read while a server fails a thousand times a second.
//!
//! The first failure is told at once: it is the one that an operator waits for. Those of the next
//! second are only counted, and the next line that is told says how many they were.

use super::{Address, Upstream};
use std::fmt::{self, Display};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// How long a server's failures are only counted after one was told.
const HUSH: Duration = Duration::from_secs(1);

/// What was told of one server's failures.
#[derive(Debug, Default)]
pub(super) struct Hush {
    /// When the last line was written.
    told: Option<Instant>,
    left_out: u64,
}

impl Hush {
    /// Whether a failure is to be told now; with it, how many were not since the last one that was.
    pub(super) fn tell(&mut self, now: Instant) -> Option<u64> {
        if self.told.is_some_and(|told| now < told + HUSH) {
            self.left_out += 1;
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.left_out))
    }
}

/// Failures that nobody was told of, as the end of the line about the next one.
#[derive(Debug)]
pub(super) struct Others(pub(super) u64);

impl fmt::Display for Others {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            1 => f.write_str(", and one more failed since the last line"),
            more => write!(f, ", and {more} more failed since the last line"),
        }
    }
}

impl Upstream {
    /// Passes on what a server has to say to the log, line by line.
    pub(super) fn relay(&self, server: usize, words: &[u8]) {
        let name = self.addresses[server].to_string();
        let lines = words.split(|octet| *octet == b'\n');
        for line in lines.filter(|line| !line.is_empty()) {
            let line = String::from_utf8_lossy(line);
            self.complaints
                .note(name.as_bytes(), format_args!("says: {line}"));
        }
    }

    /// Notes a failure of all servers: one line a second at the most.
    pub(super) fn complain_of_all(&self, what: &str) {
        if let Some(left_out) = self.tell(self.addresses.len()) {
            let all: Vec<String> = self.addresses.iter().map(Address::to_string).collect();
            let what = format_args!("{what}{}", Others(left_out));
            self.complaints.note(all.join(",").as_bytes(), what);
        }
    }

    /// Notes a failure of one server: one line a second at the most.
    pub(super) fn complain(&self, server: usize, what: impl Display) {
        if let Some(left_out) = self.tell(server) {
            let name = self.addresses[server].to_string();
            let what = format_args!("{what}{}", Others(left_out));
            self.complaints.note(name.as_bytes(), what);
        }
    }

    /// Whether another failure is to be told, and how many were not.
    fn tell(&self, whose: usize) -> Option<u64> {
        let mut hushes = self.hushes.lock().unwrap_or_else(PoisonError::into_inner);
        hushes[whose].tell(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_of_failures_is_one_line_and_a_number() {
        let (mut hush, start) = (Hush::default(), Instant::now());
        assert_eq!(hush.tell(start), Some(0));
        for _ in 0..1000 {
            assert_eq!(hush.tell(start + HUSH / 2), None);
        }
        assert_eq!(hush.tell(start + HUSH), Some(1000));
        assert_eq!(hush.tell(start + HUSH), None);
        assert_eq!(hush.tell(start + 9 * HUSH), Some(1));
        assert_eq!(hush.tell(start + 10 * HUSH), Some(0));
    }
}
