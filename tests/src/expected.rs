//! What an answer has to look like.
//!
//! Every answer is held against a few rules that need no mention: a `Date` that is one, a page that a
//! person can read under every error. The rest is said by the table:
//! `Expected::status(206).field("Content-Range", "bytes 0-4/10").content(b"01234")`.

use crate::answer::{Answer, Asked};
use crate::report::{Escaped, first_difference};
use std::fmt;

/// Where the status code stands: after `HTTP/1.1 `.
const STATUS_OFFSET: usize = 9;

/// What an answer has to look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    asked: Asked,
    status: u16,
    fields: Vec<(&'static str, Want)>,
    content: Option<Vec<u8>>,
}

/// What is wanted of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Want {
    Present,
    Absent,
    Value(String),
}

impl Expected {
    /// An answer with that status, anything else being free.
    pub fn status(status: u16) -> Expected {
        Expected {
            asked: Asked::Other,
            status,
            fields: Vec::new(),
            content: None,
        }
    }

    /// An answer to HEAD: without content, whatever its fields say.
    pub fn head(status: u16) -> Expected {
        Expected {
            asked: Asked::Head,
            ..Expected::status(status)
        }
        .content(b"")
    }

    /// The same, with exactly one field of that name and value.
    #[must_use]
    pub fn field(mut self, name: &'static str, value: impl Into<String>) -> Expected {
        self.fields.push((name, Want::Value(value.into())));
        self
    }

    /// The same, with exactly one field of that name.
    #[must_use]
    pub fn with(mut self, name: &'static str) -> Expected {
        self.fields.push((name, Want::Present));
        self
    }

    /// The same, without a field of that name.
    #[must_use]
    pub fn without(mut self, name: &'static str) -> Expected {
        self.fields.push((name, Want::Absent));
        self
    }

    /// The same, with exactly that content.
    #[must_use]
    pub fn content(mut self, content: impl AsRef<[u8]>) -> Expected {
        self.content = Some(content.as_ref().to_vec());
        self
    }

    /// What was asked for.
    pub fn asked(&self) -> Asked {
        self.asked
    }

    /// Holds an answer against it.
    ///
    /// # Errors
    /// The first thing that is not as it should be.
    pub fn check(&self, answer: &Answer) -> Result<(), Mismatch> {
        if answer.status != self.status {
            let sentence = format!("status {}, not {}", self.status, answer.status);
            return Err(Mismatch::at(STATUS_OFFSET, sentence));
        }
        for (name, want) in &self.fields {
            check_field(answer, name, want)?;
        }
        match &self.content {
            Some(content) if *content != answer.content => {
                let (wanted, came) = (Escaped(content), Escaped(&answer.content));
                let at = first_difference(content, &answer.content).unwrap_or(0);
                let sentence = format!("content {wanted}, not {came}");
                return Err(Mismatch::at(answer.head.len() + at, sentence));
            }
            Some(_) | None => {}
        }
        self.check_what_needs_no_mention(answer)
    }

    fn check_what_needs_no_mention(&self, answer: &Answer) -> Result<(), Mismatch> {
        check_field(answer, "Date", &Want::Present)?;
        if !answer.field("Date").is_some_and(is_imf_fixdate) {
            let sentence = "a Date such as `Sun, 06 Nov 1994 08:49:37 GMT`";
            return Err(Mismatch::of_field(answer, "Date", sentence.into()));
        }
        let page = answer.status >= 400 && self.asked == Asked::Other;
        let html = answer
            .field("Content-Type")
            .is_some_and(|value| value.starts_with(b"text/html"));
        if page && !(html && answer.content.starts_with(b"<!doctype html>")) {
            let sentence = "a page that a person can read".into();
            return Err(Mismatch::at(answer.head.len(), sentence));
        }
        Ok(())
    }
}

/// What is not as it should be, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What was wanted, and what there is instead.
    pub sentence: String,
    /// Offset from the answer's first octet; the end of the fields where one is missing.
    pub at: usize,
}

impl Mismatch {
    fn at(at: usize, sentence: String) -> Mismatch {
        Mismatch { sentence, at }
    }

    fn of_field(answer: &Answer, name: &str, sentence: String) -> Mismatch {
        let start = format!("\r\n{name}:");
        let starts = |window: &[u8]| window.eq_ignore_ascii_case(start.as_bytes());
        let found = answer.head.windows(start.len()).position(starts);
        // A missing field is missed where the fields end.
        Mismatch::at(found.unwrap_or(answer.head.len() - 4) + 2, sentence)
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)
    }
}

fn check_field(answer: &Answer, name: &str, want: &Want) -> Result<(), Mismatch> {
    let (count, value) = (answer.count(name), answer.field(name).unwrap_or_default());
    let sentence = match want {
        Want::Absent if count == 0 => return Ok(()),
        Want::Absent => format!("no {name}"),
        Want::Present if count == 1 => return Ok(()),
        Want::Value(wanted) if count == 1 && value == wanted.as_bytes() => return Ok(()),
        Want::Present => format!("one {name}, not {count}"),
        Want::Value(wanted) if count == 1 => {
            format!("{name}: {wanted}, not {}", value.escape_ascii())
        }
        Want::Value(wanted) => format!("one {name}: {wanted}, not {count}"),
    };
    Err(Mismatch::of_field(answer, name, sentence))
}

/// Whether `value` has the shape of an IMF-fixdate.
///
/// Source: RFC 9110 §5.6.7
pub(crate) fn is_imf_fixdate(value: &[u8]) -> bool {
    const SHAPE: &[u8] = b"Aaa, 00 Aaa 0000 00:00:00 AAA";
    value.len() == SHAPE.len()
        && value.iter().zip(SHAPE).all(|(octet, shape)| match shape {
            b'0' => octet.is_ascii_digit(),
            b'A' => octet.is_ascii_uppercase(),
            b'a' => octet.is_ascii_lowercase(),
            punctuation => octet == punctuation,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

    #[track_caller]
    fn check(expected: &Expected, lines: &str, content: &[u8], verdict: Result<(), &str>) {
        let head = format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
        let mut answer = Answer::parse(head.as_bytes()).unwrap();
        answer.content = content.to_vec();
        let checked = expected
            .check(&answer)
            .map_err(|mismatch| mismatch.sentence);
        assert_eq!(checked, verdict.map_err(String::from));
    }

    #[test]
    fn what_is_asked_for_is_found() {
        let expected = Expected::status(200)
            .field("A", "b")
            .without("C")
            .content(b"x");
        check(&expected, &format!("{DATE}a: b\r\n"), b"x", Ok(()));
    }

    #[test]
    fn what_differs_is_named() {
        let expected = Expected::status(200).content(b"x");
        check(
            &Expected::status(404),
            DATE,
            b"",
            Err("status 404, not 200"),
        );
        check(&expected, DATE, b"y", Err("content \"x\", not \"y\""));
        check(
            &Expected::status(200).without("Date"),
            DATE,
            b"",
            Err("no Date"),
        );
        check(
            &Expected::status(200).with("A"),
            DATE,
            b"",
            Err("one A, not 0"),
        );
    }

    #[test]
    fn a_mismatch_knows_where_it_stands() {
        let head = format!("HTTP/1.1 200 OK\r\n{DATE}A: b\r\n\r\n");
        let answer = Answer::parse(head.as_bytes()).unwrap();
        let at = |expected: Expected| expected.check(&answer).unwrap_err().at;
        assert_eq!(at(Expected::status(404)), 9);
        assert_eq!(at(Expected::status(200).field("Date", "x")), 17);
        assert_eq!(at(Expected::status(200).with("B")), head.len() - 2);
        assert_eq!(at(Expected::status(200).content("x")), head.len());
    }

    #[test]
    fn a_date_is_demanded_without_mention() {
        check(&Expected::status(200), "", b"", Err("one Date, not 0"));
        let sentence = "a Date such as `Sun, 06 Nov 1994 08:49:37 GMT`";
        check(&Expected::status(200), "Date: 1994\r\n", b"", Err(sentence));
    }
}
