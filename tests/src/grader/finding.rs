//! What a check has found wrong, told to somebody who may meet the rule for the first time.
//!
//! ```text
//! a space before the colon
//!   sent       "GET / HTTP/1.1\r\nHost : a\r\n\r\n"
//!   handed on  what somebody behind the server heard of it, where there is anybody
//!   came back  "HTTP/1.1 200 OK\r\n…"
//!                        ^ here
//!   expected   status 400, not 200
//!   rule       RFC 9112 §5.1: no space stands between a field's name and the colon
//!   read       chapter 2.3
//! ```

use crate::report::{Escaped, SHOWN_BYTES, around, printable};
use std::net::SocketAddr;
use std::{fmt, iter};

/// Octets of a long request that are shown: how it begins is what matters.
const BEGINNING_BYTES: usize = 120;

/// Cuts that a command can repeat, a second between them.
const REPLAYED_CUTS: usize = 5;

/// What was asked and who decides: the part of a finding that is known beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// What is special about this conversation.
    pub what: &'static str,
    /// The document that decides, and what it says in words of one line.
    pub rule: &'static str,
    /// The chapter that explains it.
    pub chapter: &'static str,
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was asked, and who decides.
    pub proof: Proof,
    /// Octets sent, all of them.
    pub sent: Vec<u8>,
    /// Where what was sent was cut, ascending, where that matters.
    pub cuts: Vec<usize>,
    /// Octets that the grader heard behind the server, where it plays somebody there.
    pub heard: Option<Vec<u8>>,
    /// Octets that came back.
    pub received: Vec<u8>,
    /// Offset in `received` of the first octet that is not as expected, where there is one.
    pub at: Option<usize>,
    /// What should have come back, and what there is instead.
    pub expected: String,
    /// What became of the server, when it did not survive.
    pub died: Option<String>,
}

impl Finding {
    /// A shell command that sends the same octets to `addr`, cut in the same places; `None` where
    /// there are too many of either to be typed, or none, or somebody behind the server has a part in it.
    pub fn replay(&self, addr: SocketAddr) -> Option<String> {
        let (ip, port) = (addr.ip(), addr.port());
        if self.sent.is_empty() || self.sent.len() > SHOWN_BYTES {
            return None;
        }
        if self.cuts.len() > REPLAYED_CUTS || self.heard.is_some() {
            return None;
        }
        let pieces: Vec<String> = self
            .pieces()
            .map(|piece| format!("printf '{}'", printable(piece)))
            .collect();
        Some(match &pieces[..] {
            [all] => format!("{all} | nc -N {ip} {port}"),
            _ => format!("({}) | nc -N {ip} {port}", pieces.join("; sleep 1; ")),
        })
    }

    /// What was sent, piece by piece.
    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let starts = iter::once(0).chain(self.cuts.iter().copied());
        let ends = self.cuts.iter().copied().chain([self.sent.len()]);
        let piece = |(from, to)| self.sent.get(from..to);
        starts.zip(ends).filter_map(piece)
    }

    /// How what was sent was cut, for a person.
    fn cut_as(&self) -> Option<String> {
        let octets = |at: usize| match at {
            1 => "octet".to_owned(),
            at => format!("{at} octets"),
        };
        let alone = |cuts: &[usize]| cuts.iter().copied().eq(1..=cuts.len());
        match &self.cuts[..] {
            [] => None,
            [at] => Some(format!("the first {}, then the rest", octets(*at))),
            all if alone(all) && all.len() + 1 == self.sent.len() => {
                Some("each octet by itself".into())
            }
            all if alone(all) => Some(format!(
                "each of the first {} by itself, then the rest",
                octets(all.len())
            )),
            all if all.len() <= REPLAYED_CUTS => {
                let places: Vec<String> = all.iter().map(usize::to_string).collect();
                Some(format!("cut after {} octets", places.join(", ")))
            }
            all => Some(format!("{} of them", all.len() + 1)),
        }
    }

    fn show_answer(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.received.is_empty() {
            return writeln!(f, "  came back  nothing");
        }
        let (shown, caret) = around(&self.received, self.at);
        writeln!(f, "  came back  {shown}")?;
        match caret {
            Some(caret) => writeln!(f, "             {:caret$}^ here", ""),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.proof.what)?;
        if !self.sent.is_empty() {
            let shown = match self.sent.len() {
                len if len > SHOWN_BYTES => &self.sent[..BEGINNING_BYTES],
                _ => &self.sent,
            };
            let more = self.sent.len() - shown.len();
            write!(f, "  sent       {}", Escaped(shown))?;
            match more {
                0 => writeln!(f)?,
                more => writeln!(f, " and {more} octets more")?,
            }
        }
        if let Some(cut) = self.cut_as() {
            writeln!(f, "  in pieces  {cut}")?;
        }
        let heard = self.heard.as_ref().filter(|heard| !heard.is_empty());
        if let Some(heard) = heard {
            writeln!(f, "  handed on  {}", Escaped(heard))?;
        }
        // Who has not been answered behind the server cannot have had an answer from it.
        let unanswered = heard.is_some() && self.received.is_empty();
        // A finding about memory or time has no octets to show.
        if !(unanswered || self.sent.is_empty() && self.received.is_empty()) {
            self.show_answer(f)?;
        }
        writeln!(f, "  expected   {}", self.expected)?;
        if let Some(died) = &self.died {
            writeln!(f, "  and        {died}")?;
        }
        writeln!(f, "  rule       {}", self.proof.rule)?;
        write!(f, "  read       chapter {}", self.proof.chapter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding() -> Finding {
        Finding {
            proof: Proof {
                what: "a GET in two pieces",
                rule: "RFC 9112 §2.1: a stream has no messages",
                chapter: "2.1",
            },
            sent: b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            cuts: vec![3],
            heard: None,
            received: b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            at: Some(9),
            expected: "status 200, not 400".into(),
            died: None,
        }
    }

    #[test]
    fn a_cut_is_replayed_where_it_was_made() {
        let command = finding().replay(([127, 0, 0, 1], 8080).into()).unwrap();
        assert_eq!(
            command,
            r"(printf 'GET'; sleep 1; printf ' / HTTP/1.1\r\n\r\n') | nc -N 127.0.0.1 8080"
        );
    }

    #[test]
    fn pieces_are_told_in_words() {
        let told = |cuts: &[usize]| {
            let cuts = cuts.to_vec();
            let finding = Finding { cuts, ..finding() };
            finding.cut_as().unwrap_or_default()
        };
        assert_eq!(told(&[]), "");
        assert_eq!(told(&[1]), "the first octet, then the rest");
        assert_eq!(told(&[4, 9]), "cut after 4, 9 octets");
        let all: Vec<usize> = (1..finding().sent.len()).collect();
        assert_eq!(told(&all), "each octet by itself");
        assert!(told(&all[..6]).starts_with("each of the first 6 octets"));
    }

    #[test]
    fn the_caret_stands_under_the_first_wrong_octet() {
        let text = finding().to_string();
        let lines: Vec<&str> = text.lines().collect();
        let caret = lines[4].find('^').unwrap();
        assert!(lines[3][caret..].starts_with("400"), "{text}");
    }

    #[test]
    fn what_was_never_asked_has_no_answer() {
        let slow = finding().proof.fails("an answer within a second");
        assert!(!slow.to_string().contains("came back"), "{slow}");
        assert_eq!(slow.replay(([127, 0, 0, 1], 8080).into()), None);
    }

    #[test]
    fn silence_is_called_nothing() {
        let silent = Finding {
            received: Vec::new(),
            ..finding()
        };
        assert!(silent.to_string().contains("came back  nothing\n"));
    }
}
