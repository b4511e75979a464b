//! What changed from one rung to the next, as a fence.
//!
//! The difference is computed when the book is built, so it is always that of the files which
//! compile. Two lines of context are enough to find the place and few enough to read.

use similar::TextDiff;
use std::path::Path;

/// Unchanged lines shown before and after each change.
const CONTEXT: usize = 2;

/// A `diff` fence that leads from `old` to `new` (each a path and its text); `None` when the texts
/// are the same.
pub(crate) fn fence(old: (&str, &str), new: (&str, &str)) -> Option<String> {
    let difference = TextDiff::from_lines(old.1, new.1)
        .unified_diff()
        .context_radius(CONTEXT)
        .missing_newline_hint(false)
        .header(name(old.0), name(new.0))
        .to_string();
    if difference.is_empty() {
        return None;
    }
    Some(format!("```diff\n{difference}```"))
}

/// The last part of a path: the folders in front of it are the chapter's business.
fn name(path: &str) -> &str {
    Path::new(path)
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_carry_two_lines_of_context() {
        let old = "1\n2\n3\n4\n5\n6\n7\n";
        let new = "1\n2\n3\nfour\n5\n6\n7\n";
        assert_eq!(
            fence(("x/old.rs", old), ("y/new.rs", new)).unwrap(),
            "```diff\n--- old.rs\n+++ new.rs\n@@ -2,5 +2,5 @@\n 2\n 3\n-4\n+four\n 5\n 6\n```"
        );
    }

    #[test]
    fn equal_texts_have_no_fence() {
        assert_eq!(fence(("a", "x\n"), ("b", "x\n")), None);
    }
}
