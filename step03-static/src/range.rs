//! A part of a file: resuming a download, seeking in a film.
//!
//! ```text
//! bytes=2-4   0 1[2 3 4]5 6      bytes=-2   0 1 2 3 4[5 6]
//! bytes=4-    0 1 2 3[4 5 6]     bytes=7-   416: there are 7 octets, 0 to 6
//! ```
//!
//! A request for several ranges gets the whole file, which the standard allows (RFC 9110 §14.2).

use crate::Validators;
use http_parse::{Fields, HttpDate, Method};

/// The part of a file that a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selected {
    /// All of it: 200.
    Whole,
    /// 206: so many octets from there on; at least one, and none beyond the end.
    Part {
        /// Offset of the first octet.
        first: u64,
        /// Number of octets.
        len: u64,
    },
    /// 416: nothing of it.
    Unsatisfiable,
}

/// Decides which part of a file of `len` octets goes into the response.
///
/// Only GET has ranges. A `Range` that cannot be understood, in another unit, repeated, or bound by
/// `If-Range` to another version of the file, is as if it were not there.
///
/// Source: RFC 9110 §13.1.5, §14.1.2, §14.2
pub fn select_range(method: &Method, fields: &Fields, now: Validators<'_>, len: u64) -> Selected {
    let mut lines = fields.all("Range");
    let (Method::Get, Some(range), None) = (method, lines.next(), lines.next()) else {
        return Selected::Whole;
    };
    if !same_version(fields, now) {
        return Selected::Whole;
    }
    match parse(range) {
        Some(spec) => spec.within(len),
        None => Selected::Whole,
    }
}

/// One range, as written.
#[derive(Clone, Copy)]
enum Spec {
    /// From the first to the last, both included; to the end when there is no last.
    From { first: u64, last: Option<u64> },
    /// So many octets at the end.
    Suffix(u64),
}

impl Spec {
    fn within(self, len: u64) -> Selected {
        let (first, end) = match self {
            Spec::From { first, last } => (
                first,
                last.map_or(len, |last| last.saturating_add(1).min(len)),
            ),
            // The last octets of nothing are nothing, and no Content-Range can say that.
            Spec::Suffix(1..) if len == 0 => return Selected::Whole,
            Spec::Suffix(count) => (len.saturating_sub(count), len),
        };
        if first >= end {
            return Selected::Unsatisfiable;
        }
        Selected::Part {
            first,
            len: end - first,
        }
    }
}

/// Whether `If-Range` is absent or names exactly this version: half of one and half of another is a
/// broken file.
fn same_version(fields: &Fields, now: Validators<'_>) -> bool {
    fields.all("If-Range").all(|value| {
        // A weak tag begins with `W/`, so it equals no strong one.
        value == now.etag.as_bytes() || HttpDate::parse(value) == Some(now.modified)
    })
}

/// The one range of a `Range` field; `None` when there are more, or it is malformed.
fn parse(value: &[u8]) -> Option<Spec> {
    let equals = value.iter().position(|octet| *octet == b'=')?;
    let (unit, set) = (&value[..equals], &value[equals + 1..]);
    if !unit.eq_ignore_ascii_case(b"bytes") {
        return None;
    }
    let mut members = set
        .split(|octet| *octet == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|member| !member.is_empty());
    let (member, None) = (members.next()?, members.next()) else {
        return None;
    };
    let dash = member.iter().position(|octet| *octet == b'-')?;
    match (&member[..dash], &member[dash + 1..]) {
        (b"", count) => Some(Spec::Suffix(number(count)?)),
        (first, b"") => Some(Spec::From {
            first: number(first)?,
            last: None,
        }),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Spec::From {
                first,
                last: Some(last),
            })
        }
    }
}

/// A decimal number. One that does not fit is past the end of every file: the largest will do.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |number: u64, digit| {
        number
            .saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Selected::{Unsatisfiable, Whole};

    const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    #[track_caller]
    fn check_all(method: &Method, lines: &[(&'static str, &str)], len: u64, expected: Selected) {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields.push(name, value);
        }
        let now = Validators {
            etag: "\"v1\"",
            modified: HttpDate {
                seconds: 784_111_777,
            },
        };
        assert_eq!(
            select_range(method, &fields, now, len),
            expected,
            "{lines:?} of {len}"
        );
    }

    #[track_caller]
    fn check(range: &str, len: u64, expected: Selected) {
        check_all(&Method::Get, &[("Range", range)], len, expected);
    }

    fn part(first: u64, len: u64) -> Selected {
        Selected::Part { first, len }
    }

    #[test]
    fn first_and_last_are_included() {
        check("bytes=0-0", 10, part(0, 1));
        check("bytes=2-4", 10, part(2, 3));
        check("bytes=9-9", 10, part(9, 1));
        check("bytes=0-9", 10, part(0, 10));
        check("BYTES= 2-4 ,", 10, part(2, 3));
    }

    #[test]
    fn a_range_ends_with_the_file() {
        check("bytes=5-", 10, part(5, 5));
        check("bytes=5-99", 10, part(5, 5));
        check("bytes=5-18446744073709551615", 10, part(5, 5));
        check("bytes=5-99999999999999999999999", 10, part(5, 5));
    }

    #[test]
    fn a_suffix_counts_from_the_end() {
        check("bytes=-1", 10, part(9, 1));
        check("bytes=-10", 10, part(0, 10));
        check("bytes=-99999999999999999999999", 10, part(0, 10));
        check("bytes=-1", 0, Whole);
    }

    #[test]
    fn beyond_the_end_is_unsatisfiable() {
        check("bytes=10-", 10, Unsatisfiable);
        check("bytes=10-20", 10, Unsatisfiable);
        check("bytes=99999999999999999999999-", 10, Unsatisfiable);
        check("bytes=-0", 10, Unsatisfiable);
        check("bytes=0-", 0, Unsatisfiable);
    }

    #[test]
    fn what_is_not_understood_is_ignored() {
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=4-2",
            "bytes=1",
            "bytes=+1-2",
            "bytes=1--2",
            "bytes 1-2",
            "bytes=1 - 2",
            "lines=1-2",
            "bytes=0x1-2",
            "bytes=--1",
        ] {
            check(range, 10, Whole);
        }
    }

    #[test]
    fn several_ranges_get_the_whole_file() {
        check("bytes=0-1,3-4", 10, Whole);
        check("bytes=0-1,99-", 10, Whole);
        let twice = [("Range", "bytes=0-1"), ("Range", "bytes=0-1")];
        check_all(&Method::Get, &twice, 10, Whole);
    }

    #[test]
    fn only_get_has_ranges() {
        check_all(&Method::Head, &[("Range", "bytes=0-1")], 10, Whole);
    }

    #[test]
    fn if_range_must_name_this_version() {
        for (value, expected) in [
            ("\"v1\"", part(0, 1)),
            (MODIFIED, part(0, 1)),
            ("\"v2\"", Whole),
            ("W/\"v1\"", Whole),
            ("Sun, 06 Nov 1994 08:49:38 GMT", Whole),
            ("", Whole),
        ] {
            let lines = [("Range", "bytes=0-0"), ("If-Range", value)];
            check_all(&Method::Get, &lines, 10, expected);
        }
        let unsatisfiable = [("Range", "bytes=99-"), ("If-Range", "\"v2\"")];
        check_all(&Method::Get, &unsatisfiable, 10, Whole);
    }
}
