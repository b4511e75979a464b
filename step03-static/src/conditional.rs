//! Preconditions: send it only if it has changed, change it only if it has not.
//!
//! ```text
//! 1. If-Match: no such version ──► 412
//!    or else If-Unmodified-Since: modified since ──► 412
//! 2. If-None-Match: such a version ──► 304; 412 unless GET or HEAD
//!    or else If-Modified-Since: not modified since ──► 304; GET and HEAD only
//! ```
//!
//! Within a pair the entity tag makes the date void: it says the same, more exactly. `If-Range` belongs to ranges, see [`select_range`](crate::select_range).

use http_parse::{Fields, HttpDate, Method};

/// What a response says about the version of a file, and what preconditions are compared with.
#[derive(Clone, Copy, Debug)]
pub struct Validators<'a> {
    /// A strong entity tag, with its quotes.
    pub etag: &'a str,
    /// As in `Last-Modified`.
    pub modified: HttpDate,
    /// As in `Date`: when the response is made.
    pub date: HttpDate,
}

/// What the preconditions of a request come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// They hold, or there are none.
    Holds,
    /// The client has this version: 304.
    NotModified,
    /// 412.
    Failed,
}

/// Evaluates the preconditions for something that exists. `now` is `None` for what has neither tag
/// nor date, such as a page that is made for this request: of that only `*` speaks.
///
/// A date that cannot be read is as if its field were not there; an entity tag that cannot be read
/// matches nothing.
///
/// Source: RFC 9110 §13.2.2
pub fn precondition(method: &Method, fields: &Fields, now: Option<Validators<'_>>) -> Precondition {
    let safe = matches!(method, Method::Get | Method::Head);
    let (etag, modified) = (now.map(|now| now.etag), now.map(|now| now.modified));
    // ANCHOR: if_match
    if fields.contains("If-Match") {
        if !matches_any(fields, "If-Match", etag, Comparison::Strong) {
            return Precondition::Failed;
        }
    } else if let Some(date) = date_of(fields, "If-Unmodified-Since")
        && modified.is_some_and(|modified| modified > date)
    {
        return Precondition::Failed;
    }
    // ANCHOR_END: if_match
    // ANCHOR: if_none_match
    if fields.contains("If-None-Match") {
        if matches_any(fields, "If-None-Match", etag, Comparison::Weak) {
            return if safe {
                Precondition::NotModified
            } else {
                Precondition::Failed
            };
        }
    } else if safe
        && let Some(date) = date_of(fields, "If-Modified-Since")
        && modified.is_some_and(|modified| modified <= date)
    {
        return Precondition::NotModified;
    }
    Precondition::Holds
    // ANCHOR_END: if_none_match
}

/// How two entity tags are compared (RFC 9110 §8.8.3.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    /// Equal octet for octet, and neither is weak.
    Strong,
    /// Equal apart from `W/`.
    Weak,
}

fn matches_any(fields: &Fields, name: &str, etag: Option<&str>, how: Comparison) -> bool {
    fields.all(name).any(|value| {
        value == b"*"
            || EntityTags { rest: value }.any(|(weak, tag)| {
                etag.is_some_and(|etag| tag == etag.as_bytes())
                    && !(weak && how == Comparison::Strong)
            })
    })
}

/// The members of a list of entity tags, as (is weak, tag with its quotes), up to the first that
/// is none. A comma may stand inside the quotes, so the list cannot be split at commas.
struct EntityTags<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for EntityTags<'a> {
    type Item = (bool, &'a [u8]);

    fn next(&mut self) -> Option<(bool, &'a [u8])> {
        let separator = |octet: &u8| matches!(octet, b',' | b' ' | b'\t');
        let start = self.rest.iter().position(|octet| !separator(octet))?;
        let member = &self.rest[start..];
        let (weak, quoted) = match member.strip_prefix(b"W/") {
            Some(quoted) => (true, quoted),
            None => (false, member),
        };
        let inner = quoted.strip_prefix(b"\"")?;
        let len = inner.iter().position(|octet| *octet == b'"')?;
        let (tag, rest) = quoted.split_at(len + 2);
        self.rest = rest;
        Some((weak, tag))
    }
}

/// The date in a field that occurs once.
fn date_of(fields: &Fields, name: &str) -> Option<HttpDate> {
    let mut values = fields.all(name);
    let only = values.next()?;
    values.next().is_none().then(|| HttpDate::parse(only))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use Precondition::{Failed, Holds, NotModified};

    const NOW: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    #[track_caller]
    fn check_method(method: &Method, lines: &[(&'static str, &str)], expected: Precondition) {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields.push(name, value);
        }
        let now = Validators {
            etag: "\"a,b\"",
            modified: HttpDate {
                seconds: 784_111_777,
            },
            date: HttpDate {
                seconds: 784_111_900,
            },
        };
        assert_eq!(
            precondition(method, &fields, Some(now)),
            expected,
            "{method:?} {lines:?}"
        );
    }

    #[track_caller]
    fn check(lines: &[(&'static str, &str)], expected: Precondition) {
        check_method(&Method::Get, lines, expected);
        check_method(&Method::Head, lines, expected);
    }

    #[test]
    fn without_preconditions_it_holds() {
        check(&[], Holds);
    }

    #[test]
    fn if_match_compares_strongly() {
        check(&[("If-Match", "\"a,b\"")], Holds);
        check(&[("If-Match", "*")], Holds);
        check(&[("If-Match", "\"x\", \"a,b\"")], Holds);
        check(&[("If-Match", "\"x\""), ("If-Match", "\"a,b\"")], Holds);
        check(&[("If-Match", "W/\"a,b\"")], Failed);
        check(&[("If-Match", "\"a\"")], Failed);
        check(&[("If-Match", "a,b")], Failed);
        check(&[("If-Match", "")], Failed);
    }

    #[test]
    fn if_none_match_compares_weakly() {
        check(&[("If-None-Match", "\"a,b\"")], NotModified);
        check(&[("If-None-Match", "W/\"a,b\"")], NotModified);
        check(&[("If-None-Match", "*")], NotModified);
        check(&[("If-None-Match", "W/\"x\" , ,\"a,b\"")], NotModified);
        check(&[("If-None-Match", "\"x\",\"y\"")], Holds);
        check(&[("If-None-Match", "\"a,b")], Holds);
        check(&[("If-None-Match", "w/\"a,b\"")], Holds);
    }

    #[test]
    fn of_what_has_no_validators_only_an_asterisk_speaks() {
        for (line, expected) in [
            (("If-Match", "*"), Holds),
            (("If-Match", "\"x\""), Failed),
            (("If-None-Match", "*"), NotModified),
            (("If-None-Match", "\"x\""), Holds),
            (("If-Modified-Since", LATER), Holds),
            (("If-Unmodified-Since", EARLIER), Holds),
        ] {
            let mut fields = Fields::new();
            fields.push(line.0, line.1);
            assert_eq!(
                precondition(&Method::Get, &fields, None),
                expected,
                "{line:?}"
            );
        }
    }

    #[test]
    fn if_none_match_fails_other_methods() {
        check_method(&Method::Put, &[("If-None-Match", "*")], Failed);
        check_method(&Method::Put, &[("If-Modified-Since", NOW)], Holds);
    }

    #[test]
    fn if_modified_since_compares_seconds() {
        check(&[("If-Modified-Since", EARLIER)], Holds);
        check(&[("If-Modified-Since", NOW)], NotModified);
        check(&[("If-Modified-Since", LATER)], NotModified);
        check(&[("If-Modified-Since", "yesterday")], Holds);
        check(
            &[("If-Modified-Since", NOW), ("If-Modified-Since", NOW)],
            Holds,
        );
    }

    #[test]
    fn if_unmodified_since_compares_seconds() {
        check(&[("If-Unmodified-Since", EARLIER)], Failed);
        check(&[("If-Unmodified-Since", NOW)], Holds);
        check(&[("If-Unmodified-Since", "never")], Holds);
    }

    #[test]
    fn an_entity_tag_makes_the_date_void() {
        check(
            &[("If-None-Match", "\"x\""), ("If-Modified-Since", LATER)],
            Holds,
        );
        check(
            &[("If-Match", "\"a,b\""), ("If-Unmodified-Since", EARLIER)],
            Holds,
        );
    }

    #[test]
    fn the_first_pair_goes_before_the_second() {
        check(
            &[("If-None-Match", "\"a,b\""), ("If-Match", "\"x\"")],
            Failed,
        );
        check(
            &[("If-Modified-Since", NOW), ("If-Unmodified-Since", EARLIER)],
            Failed,
        );
        check(
            &[("If-Match", "\"a,b\""), ("If-None-Match", "\"a,b\"")],
            NotModified,
        );
    }
}
