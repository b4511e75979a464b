//! The lines of a vector's file, read strictly: each in its place, and nothing besides.

use super::notation::read;
use super::{Event, Word};
use std::fmt;

/// What is wrong with a file, and on which line (from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The line.
    pub line: usize,
    /// One sentence.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.what)
    }
}

impl std::error::Error for Mistake {}

/// The lines of a file, and how many of them have been read.
pub(super) struct Lines<'t> {
    lines: Vec<&'t str>,
    read: usize,
}

impl<'t> Lines<'t> {
    /// Begins before the first line.
    pub(super) fn new(text: &'t str) -> Result<Lines<'t>, Mistake> {
        let lines = Lines {
            lines: text.split('\n').collect(),
            read: 0,
        };
        match lines.lines.as_slice() {
            [.., before, ""] if !before.is_empty() => {}
            _ => return lines.mistake("a file ends in one line end"),
        }
        Ok(Lines {
            lines: lines.lines[..lines.lines.len() - 1].to_vec(),
            read: 0,
        })
    }

    /// Says what is wrong with the line read last.
    pub(super) fn mistake<T>(&self, what: impl Into<String>) -> Result<T, Mistake> {
        Err(Mistake {
            line: self.read.max(1),
            what: what.into(),
        })
    }

    fn next(&mut self) -> &'t str {
        self.read += 1;
        self.lines.get(self.read - 1).copied().unwrap_or_default()
    }

    /// Demands a line of that text.
    pub(super) fn exactly(&mut self, expected: &str) -> Result<(), Mistake> {
        if self.read < self.lines.len() && self.next() == expected {
            return Ok(());
        }
        self.mistake(format!("\"{expected}\" belongs here"))
    }

    /// Demands a line that begins so, and returns the rest.
    pub(super) fn labelled(&mut self, label: &str) -> Result<String, Mistake> {
        match self.next().strip_prefix(label) {
            Some(text) if !text.trim().is_empty() => Ok(text.to_owned()),
            _ => self.mistake(format!("\"{label}\" and a text belong here")),
        }
    }

    /// Reads a line that begins so, if there is one.
    pub(super) fn optional(&mut self, label: &str) -> Option<String> {
        let text = self.lines.get(self.read)?.strip_prefix(label)?;
        self.read += 1;
        Some(text.to_owned())
    }

    /// The lines up to an empty one, or to the end, at least one; `read` counts none of them yet.
    pub(super) fn block(&mut self) -> Result<Vec<&'t str>, Mistake> {
        let rest = self.lines.get(self.read..).unwrap_or_default();
        let block: Vec<&str> = rest.iter().copied().take_while(|l| !l.is_empty()).collect();
        if block.is_empty() {
            self.read += 1;
            return self.mistake("a line belongs here");
        }
        Ok(block)
    }

    /// Reads a line of octets in the notation.
    pub(super) fn octets(&mut self, line: &str) -> Result<Vec<u8>, Mistake> {
        self.read += 1;
        let octets = read(line).or_else(|what| self.mistake(what))?;
        // The empty line after the bytes belongs to their last line.
        if self.lines.get(self.read) == Some(&"") {
            self.read += 1;
        }
        Ok(octets)
    }

    /// Reads a line with an event.
    pub(super) fn event(&mut self, line: &str) -> Result<Event, Mistake> {
        self.read += 1;
        if self.lines.get(self.read) == Some(&"") {
            return self.mistake("nothing follows the expected events");
        }
        let (spelling, rest) = line.split_once(' ').unwrap_or((line, ""));
        let Some(word) = Word::ALL.iter().find(|word| word.spelling() == spelling) else {
            return self.mistake(format!("\"{spelling}\" is no event"));
        };
        let octets = read(rest).or_else(|what| self.mistake(what))?;
        Ok(Event::new(*word, octets))
    }
}
