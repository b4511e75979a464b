//! Tags in a chapter that stand for text kept elsewhere.
//!
//! | tag | becomes |
//! |---|---|
//! | `{{#include FILE}}` | the file |
//! | `{{#include FILE:NAME}}` | its lines between `ANCHOR: NAME` and `ANCHOR_END: NAME`, moved to the left margin |
//! | `{{#diff OLD NEW}}` | a `diff` fence with what changed from one file to the other |
//! | `{{#exercise 3f}}` | the box of that exercise, from the catalogue |
//!
//! Paths are relative to the chapter. Lines that hold an anchor mark are never shown.
//!
//! mdBook has an include tag of its own. It is switched off, because it reports a missing file in
//! a log and shows an empty block for a missing anchor, where we want the build to fail. There are
//! no line numbers in our tags: the next edit of the file would make them lie.

use crate::diff;
use crate::exercises::exercise;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

const OPEN: &str = "{{#";
const CLOSE: &str = "}}";

/// A tag that cannot be replaced.
#[derive(Debug)]
pub(crate) struct TagError {
    /// Line of the chapter, from 1.
    pub(crate) line: usize,
    /// What is wrong with it.
    pub(crate) problem: Problem,
}

/// What can be wrong with a tag.
#[derive(Debug)]
pub(crate) enum Problem {
    /// No `}}` on the same line.
    Unclosed,
    /// Not one of ours, or with the wrong number of words.
    Unknown(String),
    /// The file it names cannot be read.
    Unreadable(PathBuf, io::Error),
    /// The file it names has no such anchor, or nothing inside it.
    NoAnchor(PathBuf, String),
    /// There is no such exercise, or its file has a mistake.
    NoExercise(String),
    /// Both files of a diff are the same.
    NoDifference(PathBuf, PathBuf),
}

impl fmt::Display for TagError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.problem {
            Problem::Unclosed => write!(
                f,
                "a tag that starts with {OPEN} needs its {CLOSE} on the same line"
            ),
            Problem::Unknown(tag) => write!(
                f,
                "{OPEN}{tag}{CLOSE} is no tag of this book; there are include FILE, include FILE:ANCHOR, diff OLD NEW and exercise NAME"
            ),
            Problem::Unreadable(path, error) => {
                write!(f, "cannot read {}: {error}", path.display())
            }
            Problem::NoAnchor(path, anchor) => write!(
                f,
                "{} has no lines between `ANCHOR: {anchor}` and `ANCHOR_END: {anchor}`",
                path.display()
            ),
            Problem::NoExercise(why) => f.write_str(why),
            Problem::NoDifference(old, new) => {
                write!(f, "{} and {} are the same", old.display(), new.display())
            }
        }
    }
}

/// Replaces every tag of a chapter that lives in `folder`.
///
/// Text that was included is taken as it is: a tag inside it is not looked for.
pub(crate) fn expand(chapter: &str, folder: &Path) -> Result<String, TagError> {
    let mut expanded = String::with_capacity(chapter.len() * 2);
    for (index, line) in chapter.split_inclusive('\n').enumerate() {
        expand_line(line, folder, &mut expanded).map_err(|problem| TagError {
            line: index + 1,
            problem,
        })?;
    }
    Ok(expanded)
}

fn expand_line(line: &str, folder: &Path, expanded: &mut String) -> Result<(), Problem> {
    let mut rest = line;
    while let Some((before, tag)) = rest.split_once(OPEN) {
        let (tag, after) = tag.split_once(CLOSE).ok_or(Problem::Unclosed)?;
        expanded.push_str(before);
        expanded.push_str(replacement(tag, folder)?.trim_end_matches('\n'));
        rest = after;
    }
    expanded.push_str(rest);
    Ok(())
}

fn replacement(tag: &str, folder: &Path) -> Result<String, Problem> {
    let words: Vec<&str> = tag.split_whitespace().collect();
    match words.as_slice() {
        ["include", file] => match file.split_once(':') {
            None => Ok(without_marks(&read(folder, file)?)),
            Some((file, anchor)) => {
                let text = read(folder, file)?;
                anchored(&text, anchor)
                    .ok_or_else(|| Problem::NoAnchor(folder.join(file), anchor.to_owned()))
            }
        },
        ["diff", old, new] => {
            let (before, after) = (read(folder, old)?, read(folder, new)?);
            diff::fence(
                (old, &without_marks(&before)),
                (new, &without_marks(&after)),
            )
            .ok_or_else(|| Problem::NoDifference(folder.join(old), folder.join(new)))
        }
        ["exercise", id] => exercise(id)
            .map(|exercise| exercise.boxed())
            .map_err(Problem::NoExercise),
        _ => Err(Problem::Unknown(tag.to_owned())),
    }
}

fn read(folder: &Path, file: &str) -> Result<String, Problem> {
    let path = folder.join(file);
    fs::read_to_string(&path).map_err(|error| Problem::Unreadable(path, error))
}

/// The name in a line's anchor mark, and whether the mark opens or closes.
fn mark(line: &str) -> Option<(Edge, &str)> {
    for (word, edge) in [("ANCHOR: ", Edge::Start), ("ANCHOR_END: ", Edge::End)] {
        if let Some((_, name)) = line.split_once(word) {
            return Some((edge, name.split_whitespace().next()?));
        }
    }
    None
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    Start,
    End,
}

fn without_marks(text: &str) -> String {
    text.split_inclusive('\n')
        .filter(|line| mark(line).is_none())
        .collect()
}

/// The lines of one anchor, moved left by the indentation they share; `None` when there are none.
fn anchored(text: &str, anchor: &str) -> Option<String> {
    let start = text
        .lines()
        .position(|line| mark(line) == Some((Edge::Start, anchor)))?;
    let inside: Vec<&str> = text.lines().skip(start + 1).collect();
    let end = inside
        .iter()
        .position(|line| mark(line) == Some((Edge::End, anchor)))?;
    let shown: Vec<&str> = inside
        .into_iter()
        .take(end)
        .filter(|line| mark(line).is_none())
        .collect();
    let margin = shown
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start_matches(' ').len())
        .min()?;
    Some(
        shown
            .iter()
            .map(|line| line.get(margin..).unwrap_or(""))
            .collect::<Vec<_>>()
            .join("\n"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    const SOURCE: &str = "//! Doc.\n\nfn main() {\n    // ANCHOR: inner\n    if true {\n\n        one();\n    }\n    // ANCHOR_END: inner\n}\n";

    #[track_caller]
    fn check(chapter: &str, expected: Result<&str, &str>) {
        static CALLS: AtomicU32 = AtomicU32::new(0);
        let call = CALLS.fetch_add(1, Ordering::Relaxed);
        let name = format!("book-include-{}-{call}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a.rs"), SOURCE).unwrap();
        fs::write(folder.join("b.rs"), SOURCE.replace("one", "two")).unwrap();
        let got = expand(chapter, &folder).map_err(|error| error.to_string());
        fs::remove_dir_all(&folder).unwrap();
        match (&got, expected) {
            (Ok(got), Ok(expected)) => assert_eq!(got, expected),
            (Err(got), Err(expected)) => assert!(got.contains(expected), "{got}"),
            (Ok(_), Err(_)) | (Err(_), Ok(_)) => panic!("{got:?}"),
        }
    }

    #[test]
    fn a_file_is_included_without_its_marks() {
        check(
            "x\n{{#include a.rs}}\ny\n",
            Ok("x\n//! Doc.\n\nfn main() {\n    if true {\n\n        one();\n    }\n}\ny\n"),
        );
    }

    #[test]
    fn an_anchor_is_moved_to_the_left_margin() {
        check(
            "{{#include a.rs:inner}}\n",
            Ok("if true {\n\n    one();\n}\n"),
        );
    }

    #[test]
    fn a_diff_shows_what_changed() {
        check(
            "{{#diff a.rs b.rs}}\n",
            Ok(
                "```diff\n--- a.rs\n+++ b.rs\n@@ -4,5 +4,5 @@\n     if true {\n \n-        one();\n+        two();\n     }\n }\n```\n",
            ),
        );
    }

    #[test]
    fn what_is_not_there_is_an_error_with_its_line() {
        check("\n\n{{#include none.rs}}", Err("line 3: cannot read "));
        check(
            "{{#include a.rs:outer}}",
            Err("has no lines between `ANCHOR: outer`"),
        );
        check("{{#diff a.rs none.rs}}", Err("line 1: cannot read "));
        check("{{#diff a.rs a.rs}}", Err("are the same"));
        check("{{#include a.rs\n}}", Err("line 1: a tag that starts"));
        check("{{#playground a.rs}}", Err("is no tag of this book"));
        check("{{#exercise 9z}}", Err("there is no exercise 9z"));
    }

    #[test]
    fn text_without_tags_is_left_alone() {
        check("{{ a }} {# b #}\r\nc", Ok("{{ a }} {# b #}\r\nc"));
    }
}
