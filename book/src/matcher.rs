//! Whether a program printed what the book says it prints.
//!
//! In the expectation `[..]` stands for anything within a line, and a line `...` for any number of
//! lines. Everything else stands for itself, octet by octet: a text that is nearly right is wrong.

/// Anything within a line.
const WITHIN: &str = "[..]";
/// Any number of lines.
const LINES: &str = "...";

/// Whether `actual` is exactly what `expected` describes.
pub fn matches(expected: &[String], actual: &[String]) -> bool {
    matched(expected, actual, Rest::Refused).is_some()
}

/// How many lines of `actual` are what `expected` describes, where more may follow; `None` when
/// its beginning is something else.
pub fn matched_prefix(expected: &[String], actual: &[String]) -> Option<usize> {
    matched(expected, actual, Rest::Allowed)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    Allowed,
    Refused,
}

fn matched(expected: &[String], actual: &[String], rest: Rest) -> Option<usize> {
    let Some((first, others)) = expected.split_first() else {
        return (rest == Rest::Allowed || actual.is_empty()).then_some(0);
    };
    if first == LINES {
        return (0..=actual.len())
            .find_map(|skip| Some(skip + matched(others, &actual[skip..], rest)?));
    }
    let (line, following) = actual.split_first()?;
    if !line_matches(first, line) {
        return None;
    }
    Some(1 + matched(others, following, rest)?)
}

fn line_matches(expected: &str, actual: &str) -> bool {
    let Some((first, following)) = expected.split_once(WITHIN) else {
        return expected == actual;
    };
    let Some(mut rest) = actual.strip_prefix(first) else {
        return false;
    };
    let (between, last) = following.rsplit_once(WITHIN).unwrap_or(("", following));
    for part in between.split(WITHIN) {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[track_caller]
    fn check(expected: &str, actual: &str, same: bool) {
        assert_eq!(matches(&lines(expected), &lines(actual)), same);
    }

    #[test]
    fn equal_texts_match() {
        check("", "", true);
        check("a\n\nb", "a\n\nb", true);
    }

    #[test]
    fn one_wrong_octet_is_found_wherever_it_is_planted() {
        let text = "HTTP/1.1 200 OK\n\nhello";
        for (at, octet) in text
            .bytes()
            .enumerate()
            .filter(|&(_, octet)| octet != b'\n')
        {
            let mut wrong = text.as_bytes().to_vec();
            wrong[at] = octet ^ 1;
            check(text, std::str::from_utf8(&wrong).unwrap(), false);
        }
    }

    #[test]
    fn missing_and_surplus_lines_are_found() {
        check("a\nb", "a", false);
        check("a", "a\nb", false);
        check("", "a", false);
        check("a\n", "a\n ", false);
    }

    #[test]
    fn a_gap_matches_within_its_line_only() {
        check("port [..] of [..]!", "port 7 of 9!", true);
        check("[..]", " ", true);
        check("a[..]", "a", true);
        check("a[..]b", "a\nb", false);
        check("ab[..]ba", "aba", false);
        check("a[..]b[..]c", "a c b", false);
    }

    #[test]
    fn dots_match_any_number_of_lines() {
        check("a\n...\nz", "a\nz", true);
        check("a\n...\nz", "a\nb\nz\nc\nz", true);
        check("...", "", true);
        check("a\n...\nz", "a\nb", false);
    }

    #[test]
    fn a_prefix_tells_how_far_it_went() {
        assert_eq!(
            matched_prefix(&lines("a\n...\nb"), &lines("a\nx\nb\nc")),
            Some(3)
        );
        assert_eq!(matched_prefix(&lines("a\nb"), &lines("a")), None);
        assert_eq!(matched_prefix(&[], &lines("a")), Some(0));
    }
}
