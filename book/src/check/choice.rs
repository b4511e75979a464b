//! Which checks are meant.

use super::{Asked, Cuts, Kind};
use crate::Failure;
use crate::desk::meant;
use check::grader::{CHECKS, Check, Cutting, EXTENSIONS, Label, Needs, find};
use std::time::{SystemTime, UNIX_EPOCH};

/// The checks that were asked for, in the order of the book.
pub(super) fn chosen(asked: &Asked) -> Result<Vec<Check>, Failure> {
    let mut wanted = Vec::new();
    for word in &asked.what {
        wanted.push(Wanted::read(word)?);
    }
    wanted.extend(asked.through.map(Wanted::Through));
    let is_wanted = |check: &Check| match wanted.is_empty() {
        true => asked.server.is_none() || check.step() > 1,
        false => wanted
            .iter()
            .any(|wanted| wanted.has(check, asked.server.as_deref())),
    };
    // What is beyond the course is never meant unless it is named.
    let is_named = |check: &Check| wanted.iter().any(|wanted| wanted.names(check));
    let beyond = EXTENSIONS
        .into_iter()
        .filter(|check| asked.list || is_named(check));
    let checks: Vec<Check> = CHECKS
        .into_iter()
        .filter(is_wanted)
        .chain(beyond)
        .filter(|check| is_kind(check, asked.only))
        .collect();
    match checks.is_empty() {
        true => Err(Failure::new("there is no such check yet", ADVICE)),
        false => Ok(checks),
    }
}

const ADVICE: &str = "`cargo course check --list` lists those that there are.";

/// What to do about a word that names nothing.
fn advice(word: &str) -> String {
    let all = CHECKS.iter().chain(&EXTENSIONS);
    match meant(word, all.map(|check| (check.id, check.title))) {
        Some(id) => format!("Did you mean {id}? {ADVICE}"),
        None => ADVICE.into(),
    }
}

/// The number in `step02`, and in `step2`.
pub(super) fn step(word: &str) -> Option<u8> {
    word.strip_prefix("step")?.parse().ok()
}

/// Reads `all`, `random` or `random:7`.
pub(super) fn cuts(word: &str) -> Result<Cuts, &'static str> {
    let advice = "write all, random, or random: and a seed, such as random:7";
    match word.split_once(':') {
        None if word == "all" => Ok(Cuts::All),
        None if word == "random" => Ok(Cuts::Random(None)),
        Some(("random", seed)) => match seed.parse() {
            Ok(seed) => Ok(Cuts::Random(Some(seed))),
            Err(_) => Err(advice),
        },
        None | Some(_) => Err(advice),
    }
}

/// The same with a seed.
pub(super) fn cutting(cuts: Cuts) -> Cutting {
    match cuts {
        Cuts::All => Cutting::All,
        Cuts::Random(Some(seed)) => Cutting::Random(seed),
        Cuts::Random(None) => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            Cutting::Random(now.map_or(1, |now| now.as_secs()))
        }
    }
}

enum Wanted<'w> {
    One(&'w str),
    Step(u8),
    Through(u8),
}

impl Wanted<'_> {
    fn read(word: &str) -> Result<Wanted<'_>, Failure> {
        if let Some(step) = step(word).filter(|step| (1..=5).contains(step)) {
            return Ok(Wanted::Step(step));
        }
        match find(word) {
            Some(_) => Ok(Wanted::One(word)),
            None => Err(Failure::new(
                format!("there is no check `{word}`"),
                advice(word),
            )),
        }
    }

    fn names(&self, check: &Check) -> bool {
        matches!(self, Wanted::One(id) if check.id == *id)
    }

    /// One program is not an echo, a server of lines and a server of files at once: of `server`, a
    /// step asks what its main program does, which is patient; and everything up to a step begins
    /// with HTTP.
    fn has(&self, check: &Check, server: Option<&str>) -> bool {
        match self {
            Wanted::One(_) => self.names(check),
            Wanted::Step(step) => {
                let other = matches!(check.needs, Needs::Lines | Needs::Patience);
                check.step() == *step && (server.is_none() || !other)
            }
            Wanted::Through(step) => {
                check.step() <= *step && (server.is_none() || check.step() > 1)
            }
        }
    }
}

fn is_kind(check: &Check, only: Option<Kind>) -> bool {
    match (only, check.label) {
        (None, _) => true,
        (Some(Kind::Agreed), label) => label == Label::Agreed,
        (Some(Kind::Rfc), label) => label == Label::Rfc,
        (Some(Kind::Course), label) => label == Label::Course,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Line, Verb};
    use clap::Parser;

    /// The checks that a command line chooses; none where it is refused.
    #[track_caller]
    fn check(words: &[&str], expected: &[&str]) {
        let line = Line::try_parse_from([&["book", "check"], words].concat());
        let Some(Verb::Check(asked)) = line.expect("the line is well formed").verb else {
            panic!("the verb is `check`");
        };
        let checks = chosen(&asked).unwrap_or_default();
        let ids: Vec<&str> = checks.iter().map(|check| check.id).collect();
        assert_eq!(ids, expected);
    }

    #[test]
    fn checks_are_chosen_by_name_and_by_step_in_the_books_order() {
        check(&["3f", "2c"], &["2c", "3f"]);
        check(&["step01"], &["1a", "1b", "1c", "1d", "1e", "1f", "1g"]);
        check(&["9z"], &[]);
        check(&["step2a"], &[]);
    }

    #[test]
    fn cuts_are_asked_for_by_name_and_seed() {
        assert_eq!(cuts("all"), Ok(Cuts::All));
        assert_eq!(cuts("random"), Ok(Cuts::Random(None)));
        assert_eq!(cuts("random:7"), Ok(Cuts::Random(Some(7))));
        for word in ["", "al", "all:7", "random:", "random:x", "7"] {
            assert!(cuts(word).is_err(), "{word}");
        }
    }

    #[test]
    fn another_server_is_asked_what_one_program_can_do() {
        let server = ["--server", "mine {port}"];
        check(
            &[&["step01"], &server[..]].concat(),
            &["1a", "1b", "1d", "1f"],
        );
        check(&[&["1c"], &server[..]].concat(), &["1c"]);
        let only = ["--through", "3", "--only", "course"];
        check(&[&only[..], &server[..]].concat(), &["3d"]);
        let step1 = ["1a", "1b", "1c", "1d", "1e", "1f", "1g"];
        check(&only, &[&step1[..], &["3d"]].concat());
        check(&["--through", "3", "--only", "rfc"], &["3e", "3f", "3h"]);
    }
}
