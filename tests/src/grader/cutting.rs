//! Cutting everything that a check sends, whatever the check is about.
//!
//! ```text
//! a check says     GET / HTTP/1.1\r\n…                  one message
//! octet by octet   G|E|T| |/| |H|T|T|P|/|1|.|1|\r|\n|…
//! once, at 4       GET |/ HTTP/1.1\r\n…                 another run for each place there is
//! at random        GET / H|TTP/1.|1\r\n…                the same places for the same seed
//! ```
//!
//! A verdict must not depend on it: a stream has no messages (RFC 9293 §3.8). What a check cuts by
//! itself stays as the check wants it, and so does content that it sends while it listens.

use crate::cuts::Cuts;
use crate::grader::subject::Subject;
use crate::grader::table::Check;
use crate::grader::tree::Tree;
use crate::grader::verdict::{Problem, Verdict};
use crate::rng::Rng;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Octets at the beginning of a message in which it is cut: no head of an ordinary request is longer.
const BEGINNING: usize = 400;

/// Cuts of one run. What comes later is whole: a check of a thousand long requests would take minutes,
/// and tell nothing new.
const CUTS: usize = 5_000;

/// Messages of a check that is run once more for every place; one of more messages takes too long.
const LIGHT: usize = 100;

/// And what it may take: one that waits for somebody's patience to end is not run hundreds of times.
const QUICK: Duration = Duration::from_secs(2);

/// Random cuts of one message, at most.
const RANDOM: usize = 5;

/// The rule of a server that passes in one piece.
const RULE: &str = "RFC 9293 §3.8: a stream has no messages, so nothing may depend on how many pieces \
                    the octets come in; in one piece, this server passes";

/// How everything that a check sends is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cutting {
    /// After every octet; and where a check is quick, once more for every single place.
    All,
    /// In a few places of each message, drawn from this seed.
    Random(u64),
}

/// How the messages of one run are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pieces {
    Whole,
    Octets,
    Two(usize),
    Random(u64),
}

/// Cuts the messages of one run, and counts them.
#[derive(Debug)]
pub(crate) struct Cutter {
    pieces: Pieces,
    tally: Mutex<Tally>,
}

#[derive(Debug)]
struct Tally {
    rng: Rng,
    messages: usize,
    /// Octets of the longest message, up to [`BEGINNING`].
    longest: usize,
    cuts: usize,
}

impl Tally {
    /// The single places to be tried after this run, one by one.
    fn places(&self) -> Range<usize> {
        match self.messages > LIGHT {
            true => 1..1,
            false => 1..self.longest,
        }
    }
}

impl Cutter {
    fn new(pieces: Pieces) -> Arc<Cutter> {
        let seed = match pieces {
            Pieces::Random(seed) => seed,
            // Nothing is drawn.
            Pieces::Whole | Pieces::Octets | Pieces::Two(_) => 1,
        };
        let tally = Tally {
            rng: Rng::from_seed(seed),
            messages: 0,
            longest: 0,
            cuts: 0,
        };
        Arc::new(Cutter {
            pieces,
            tally: Mutex::new(tally),
        })
    }

    /// Leaves everything as it is.
    pub(crate) fn none() -> Arc<Cutter> {
        Cutter::new(Pieces::Whole)
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        // Numbers that are whole at any time.
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a message that is cut by somebody else.
    pub(crate) fn pass(&self) {
        self.tally().messages += 1;
    }

    /// Counts content that somebody else sends as if it were messages of a kilobyte.
    pub(crate) fn pass_content(&self, octets: usize) {
        self.tally().messages += octets / 1024;
    }

    /// Where a message of so many octets is cut: offsets, ascending.
    pub(crate) fn places(&self, octets: usize) -> Vec<usize> {
        let mut tally = self.tally();
        let beginning = octets.min(BEGINNING);
        tally.messages += 1;
        tally.longest = tally.longest.max(beginning);
        if tally.cuts >= CUTS || octets < 2 {
            return Vec::new();
        }
        let places = match self.pieces {
            Pieces::Whole => Vec::new(),
            Pieces::Octets => (1..octets.min(BEGINNING + 1)).collect(),
            Pieces::Two(at) => Vec::from_iter((at < octets).then_some(at)),
            Pieces::Random(_) => {
                let count = 1 + tally.rng.below(RANDOM);
                let place = |_| 1 + tally.rng.below(octets - 1);
                let mut places: Vec<usize> = (0..count).map(place).collect();
                places.sort_unstable();
                places.dedup();
                places
            }
        };
        tally.cuts += places.len();
        places
    }
}

/// The same octets in pieces, as a client sends them.
pub(crate) fn cuts(places: &[usize]) -> Cuts {
    match places {
        [] => Cuts::Whole,
        _ => Cuts::At(places.to_vec()),
    }
}

impl Check {
    /// Judges a subject to which everything is sent in pieces.
    ///
    /// # Errors
    /// What the check finds in the first run that it finds anything in.
    pub fn run_cut(&self, subject: &Subject, tree: &Tree, cutting: Cutting) -> Verdict {
        let run = |pieces| -> Result<Arc<Cutter>, Problem> {
            let cutter = Cutter::new(pieces);
            (self.run)(&subject.clone().cut(Arc::clone(&cutter)), tree).map(|()| cutter)
        };
        let started = Instant::now();
        let verdict = match cutting {
            Cutting::Random(seed) => run(Pieces::Random(seed)).map(drop),
            Cutting::All => run(Pieces::Octets).and_then(|cutter| {
                let mut places = match started.elapsed() > QUICK {
                    true => 1..1,
                    false => cutter.tally().places(),
                };
                places.try_for_each(|at| run(Pieces::Two(at)).map(drop))
            }),
        };
        verdict.map_err(|problem| match problem {
            // Whatever the check is about, then it is not what went wrong.
            Problem::Wrong(finding) if run(Pieces::Whole).is_ok() => {
                let mut finding = finding;
                finding.proof.rule = RULE;
                finding.proof.chapter = if self.step() == 1 { "1.3" } else { "2.1" };
                Problem::Wrong(finding)
            }
            problem => problem,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pieces: Pieces, octets: usize, expected: &[usize]) {
        assert_eq!(Cutter::new(pieces).places(octets), expected);
    }

    #[test]
    fn messages_are_cut_within_and_nowhere_else() {
        check(Pieces::Whole, 9, &[]);
        check(Pieces::Octets, 4, &[1, 2, 3]);
        check(Pieces::Octets, 1, &[]);
        check(Pieces::Octets, 0, &[]);
        check(Pieces::Two(3), 4, &[3]);
        check(Pieces::Two(4), 4, &[]);
        let long = Cutter::new(Pieces::Octets).places(1 << 20);
        assert_eq!((long.len(), long.last()), (BEGINNING, Some(&BEGINNING)));
    }

    #[test]
    fn a_seed_gives_the_same_places_again() {
        let draw = |seed| {
            let cutter = Cutter::new(Pieces::Random(seed));
            [cutter.places(50), cutter.places(50)]
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        for places in draw(7) {
            assert!(places.is_sorted() && !places.is_empty(), "{places:?}");
            assert!(places.iter().all(|at| (1..50).contains(at)), "{places:?}");
        }
    }

    #[test]
    fn a_run_has_an_end() {
        let cutter = Cutter::new(Pieces::Octets);
        let cuts: usize = (0..1000).map(|_| cutter.places(1 << 20).len()).sum();
        assert!((CUTS..CUTS + BEGINNING).contains(&cuts), "{cuts}");
    }
}
