//! `diff`: the learner's file, and what the course has written instead.

use crate::Failure;
use crate::desk::{Desk, Spoiler};
use crate::terminal::{BAD, DIM, GOOD, STRONG, cannot, say};
use clap::Args;
use similar::{ChangeTag, TextDiff};
use std::fs;

/// Unchanged lines shown before and after each change.
const CONTEXT: usize = 3;

/// Of which exercise.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo course diff 3f           yours (-) and the course's (+)
  cargo course diff 3f --yes     also when 3f is not solved")]
pub(crate) struct Asked {
    #[command(flatten)]
    spoiler: Spoiler,
}

/// Prints the difference.
pub(crate) fn run(asked: &Asked) -> Result<(), Failure> {
    let desk = Desk::made()?;
    let exercise = desk.spoiled(&asked.spoiler, "Show the difference?", |id| {
        Failure::new(
            format!("{id} is not solved yet, and the difference would give it away"),
            format!("`cargo course diff {id} --yes` shows it all the same."),
        )
    })?;
    let id = &exercise.id;
    let (mine, course) = (desk.workbook.file(exercise), exercise.solution());
    let read = |path| fs::read_to_string(path).map_err(|error| cannot(path, &error));
    let text = difference(&read(&mine)?, &read(&course)?);
    say(&match text.is_empty() {
        true => format!("Your {id} is the course's, letter for letter.\n"),
        false => format!("{STRONG}--- yours\n+++ the course's{STRONG:#}\n{text}"),
    });
    Ok(())
}

/// What changed, with colours.
fn difference(old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut text = String::new();
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        text.push_str(&format!("{DIM}{}{DIM:#}\n", hunk.header()));
        for change in hunk.iter_changes() {
            let line = change.value().trim_end_matches('\n');
            text.push_str(&match change.tag() {
                ChangeTag::Delete => format!("{BAD}-{line}{BAD:#}\n"),
                ChangeTag::Insert => format!("{GOOD}+{line}{GOOD:#}\n"),
                ChangeTag::Equal => format!(" {line}\n"),
            });
        }
    }
    text
}
