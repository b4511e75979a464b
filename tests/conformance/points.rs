//! The numbered points of a page, each with the tests that hold it.
//!
//! ```text
//! **7. Transfer codings.** One sentence or several, over as many lines as it takes, and the
//! tests. `step/tests/file.rs::name` `step/src/file.rs::other`
//! ```
//!
//! A point is a paragraph. It deliberately does not matter under which heading it stands.

use crate::table::{Place, places};

/// How many points the page has.
pub(crate) const COUNT: usize = 34;

/// One point.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) number: usize,
    pub(crate) tests: Vec<Place>,
}

/// Reads every point of a page; on the right, what is wrong with one.
pub(crate) fn points(text: &str) -> (Vec<Point>, Vec<String>) {
    let (mut points, mut faults) = (Vec::new(), Vec::new());
    for paragraph in text.split("\n\n") {
        let Some((number, rest)) = numbered(paragraph) else {
            continue;
        };
        let quoted = rest.split('`').skip(1).step_by(2);
        let named: Vec<&str> = quoted.filter(|word| word.contains(".rs::")).collect();
        let tests: Result<Vec<Vec<Place>>, String> = named
            .iter()
            .map(|word| places(&format!("`{word}`")))
            .collect();
        match tests {
            Ok(tests) if !tests.is_empty() => points.push(Point {
                number,
                tests: tests.into_iter().flatten().collect(),
            }),
            Ok(_) => faults.push(format!("point {number} names no test")),
            Err(fault) => faults.push(format!("point {number}: {fault}")),
        }
    }
    (points, faults)
}

/// `**7. …`: the number, and what follows.
fn numbered(paragraph: &str) -> Option<(usize, &str)> {
    let (number, rest) = paragraph
        .trim_start()
        .strip_prefix("**")?
        .split_once(". ")?;
    Some((number.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_with_every_test_they_name() {
        let text = "# Title\n\n**1. One.** Says `this`\nand that. `a/b.rs::c`\n`d.rs::e`\n\n\
                    **Bold** words.\n\n**2. Two.** More. `a/b.rs::f`\n";
        let (points, faults) = points(text);
        assert!(faults.is_empty(), "{faults:?}");
        let read: Vec<(usize, usize)> = points
            .iter()
            .map(|it| (it.number, it.tests.len()))
            .collect();
        assert_eq!(read, [(1, 2), (2, 1)]);
    }

    #[test]
    fn a_point_without_a_test_is_found() {
        let (points, faults) = points("**1. One.** Says `this`.\n\n**2. Two.** `a.rs::b c`\n");
        assert!(points.is_empty());
        assert_eq!(faults.len(), 2);
    }
}
