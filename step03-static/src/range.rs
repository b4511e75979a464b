//! A part of a file: resuming a download, seeking in a film.
//!
//! ```text
//! bytes=2-4   0 1[2 3 4]5 6      bytes=-2   0 1 2 3 4[5 6]
//! bytes=4-    0 1 2 3[4 5 6]     bytes=7-   416: there are 7 octets, 0 to 6
//! ```
//!
//! A request for several ranges gets several parts, unless they are so many that the whole file is
//! less trouble for both sides. Ranges that overlap or touch become one, so that no octet is sent
//! twice: a thousand times "the whole file" would be a cheap way to ask for a lot (RFC 9110 §17.15).

use crate::Validators;
use http_parse::{Fields, HttpDate, Method};

/// Parts of one response; whoever wants more gets the whole file. Films and documents are read in
/// two or three.
const MAX_PARTS: usize = 16;

/// What a request asks for of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selected {
    /// All of it: 200.
    Whole,
    /// 206: one part.
    Part(Span),
    /// 206: two to sixteen parts that neither overlap nor touch, in the order they were asked for.
    Parts(Vec<Span>),
    /// 416: nothing of it.
    Unsatisfiable,
}

/// Octets of a file that follow each other: at least one, and none beyond the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first octet.
    pub first: u64,
    /// Number of octets.
    pub len: u64,
}

impl Span {
    /// The value of `Content-Range` for this part of a file of `complete` octets.
    ///
    /// Source: RFC 9110 §14.4
    pub fn content_range(self, complete: u64) -> String {
        format!("bytes {}-{}/{complete}", self.first, self.end() - 1)
    }

    fn end(self) -> u64 {
        self.first + self.len
    }
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
        Some(specs) => select(&specs, len),
        None => Selected::Whole,
    }
}

/// One range, as written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spec {
    /// From the first to the last, both included; to the end when there is no last.
    From { first: u64, last: Option<u64> },
    /// So many octets at the end.
    Suffix(u64),
}

impl Spec {
    /// What there is of it in a file of `len` octets.
    // ANCHOR: within
    fn within(self, len: u64) -> Option<Span> {
        let (first, end) = match self {
            Spec::From { first, last } => (
                first,
                last.map_or(len, |last| last.saturating_add(1).min(len)),
            ),
            Spec::Suffix(count) => (len.saturating_sub(count), len),
        };
        (first < end).then(|| Span {
            first,
            len: end - first,
        })
    }
    // ANCHOR_END: within
}

fn select(specs: &[Spec], len: u64) -> Selected {
    // The last octets of nothing are nothing, and no Content-Range can say that.
    let asks_for_end = |spec: &Spec| matches!(spec, Spec::Suffix(1..));
    if len == 0 && specs.iter().any(asks_for_end) {
        return Selected::Whole;
    }
    // Those that lie beyond the end fall away as long as any other remains.
    let spans = specs.iter().filter_map(|spec| spec.within(len)).collect();
    let spans = merge(spans);
    match spans[..] {
        [] => Selected::Unsatisfiable,
        [only] => Selected::Part(only),
        _ if spans.len() > MAX_PARTS => Selected::Whole,
        _ => Selected::Parts(spans),
    }
}

/// Joins what overlaps or touches; each result stands where the earliest of its members stood
/// (RFC 9110 §15.3.7.2).
// ANCHOR: merge
fn merge(spans: Vec<Span>) -> Vec<Span> {
    let mut numbered: Vec<(usize, Span)> = spans.into_iter().enumerate().collect();
    numbered.sort_by_key(|(_, span)| span.first);
    let mut merged: Vec<(usize, Span)> = Vec::new();
    for (number, span) in numbered {
        match merged.last_mut() {
            Some((earliest, before)) if span.first <= before.end() => {
                before.len = before.end().max(span.end()) - before.first;
                *earliest = number.min(*earliest);
            }
            _ => merged.push((number, span)),
        }
    }
    merged.sort_by_key(|(number, _)| *number);
    merged.into_iter().map(|(_, span)| span).collect()
}
// ANCHOR_END: merge

/// Whether `If-Range` is absent or names exactly this version: half of one and half of another is a
/// broken file.
// ANCHOR: same_version
fn same_version(fields: &Fields, now: Validators<'_>) -> bool {
    fields.all("If-Range").all(|value| {
        // A weak tag begins with `W/`, so it equals no strong one.
        // And a date is strong once its second is over: until then the file may change again
        // without getting another one (RFC 9110 §8.8.2.2).
        let date = || HttpDate::parse(value).filter(|date| *date < now.date);
        value == now.etag.as_bytes() || date() == Some(now.modified)
    })
}
// ANCHOR_END: same_version

/// The members of a `Range` field; `None` when any of them is malformed, or there is none.
fn parse(value: &[u8]) -> Option<Vec<Spec>> {
    let equals = value.iter().position(|octet| *octet == b'=')?;
    let (unit, set) = (&value[..equals], &value[equals + 1..]);
    if !unit.eq_ignore_ascii_case(b"bytes") {
        return None;
    }
    let specs: Option<Vec<Spec>> = set
        .split(|octet| *octet == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|member| !member.is_empty())
        .map(parse_member)
        .collect();
    specs.filter(|specs| !specs.is_empty())
}

fn parse_member(member: &[u8]) -> Option<Spec> {
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
        assert_eq!(
            select_range(method, &fields, v1(1), len),
            expected,
            "{lines:?} of {len}"
        );
    }

    fn v1(age: u64) -> Validators<'static> {
        let seconds = 784_111_777;
        Validators {
            etag: "\"v1\"",
            modified: HttpDate { seconds },
            date: HttpDate {
                seconds: seconds + age,
            },
        }
    }

    #[track_caller]
    fn check(range: &str, len: u64, expected: Selected) {
        check_all(&Method::Get, &[("Range", range)], len, expected);
    }

    fn part(first: u64, len: u64) -> Selected {
        Selected::Part(Span { first, len })
    }

    fn parts(spans: &[(u64, u64)]) -> Selected {
        let span = |&(first, len): &(u64, u64)| Span { first, len };
        Selected::Parts(spans.iter().map(span).collect())
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
    fn several_ranges_are_several_parts() {
        check("bytes=0-1,3-4", 10, parts(&[(0, 2), (3, 2)]));
        check("bytes=-1, 0-0 ,,4-", 10, parts(&[(4, 6), (0, 1)]));
        check("bytes=8-,0-0", 10, parts(&[(8, 2), (0, 1)]));
    }

    #[test]
    fn ranges_that_overlap_or_touch_are_one() {
        check("bytes=0-1,2-3", 10, part(0, 4));
        check("bytes=0-5,2-3", 10, part(0, 6));
        check("bytes=4-5,0-9,-3", 10, part(0, 10));
        check("bytes=8-8,0-1,7-7", 10, parts(&[(7, 2), (0, 2)]));
        check(
            &format!("bytes={}", ["0-"; 1000].join(",")),
            10,
            part(0, 10),
        );
    }

    #[test]
    fn what_lies_beyond_the_end_falls_away() {
        check("bytes=0-1,99-", 10, part(0, 2));
        check("bytes=50-60,99-,-0", 10, Unsatisfiable);
        check("bytes=0-0,-1", 0, Whole);
    }

    #[test]
    fn one_malformed_range_spoils_them_all() {
        check("bytes=0-1,4-2", 10, Whole);
        check("bytes=0-1,x", 10, Whole);
    }

    #[test]
    fn more_than_sixteen_parts_are_the_whole() {
        let every_other = |count: u64| {
            let members: Vec<_> = (0..count).map(|at| format!("{0}-{0}", 2 * at)).collect();
            format!("bytes={}", members.join(","))
        };
        let spans: Vec<_> = (0..16).map(|at| (2 * at, 1)).collect();
        check(&every_other(16), 100, parts(&spans));
        check(&every_other(17), 100, Whole);
    }

    #[test]
    fn parts_are_counted_after_merging() {
        let members = ["0-0,1-1"; 40].join(",");
        check(
            &format!("bytes={members},5-5"),
            10,
            parts(&[(0, 2), (5, 1)]),
        );
    }

    #[test]
    fn a_repeated_field_is_ignored() {
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

    #[test]
    fn if_range_with_a_date_is_weak_within_its_second() {
        let mut fields = Fields::new();
        fields.push("Range", "bytes=0-0");
        fields.push("If-Range", MODIFIED);
        let chosen = |age| select_range(&Method::Get, &fields, v1(age), 10);
        assert_eq!(chosen(0), Whole);
        assert_eq!(chosen(1), part(0, 1));
    }

    #[test]
    fn if_range_alone_or_in_contradiction_is_the_whole() {
        check_all(&Method::Get, &[("If-Range", "\"v1\"")], 10, Whole);
        let lines = [
            ("Range", "bytes=0-0"),
            ("If-Range", "\"v1\""),
            ("If-Range", "\"v2\""),
        ];
        check_all(&Method::Get, &lines, 10, Whole);
    }
}
