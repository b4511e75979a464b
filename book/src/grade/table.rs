//! Grades, as they come in: lines for a person, or comma-separated values.

use super::submission::Submission;
use super::warden::{Ending, Graded};
use crate::terminal::{BAD, DIM, bar, say};
use anstream::eprintln;
use check::grader::Check;
use std::collections::BTreeMap;

/// Cells of a bar.
const BAR: usize = 12;

/// Where grades go, and what they were so far.
pub(super) struct Table {
    ids: Vec<&'static str>,
    csv: bool,
    /// How many have passed each check.
    passed: BTreeMap<String, usize>,
    count: usize,
}

impl Table {
    /// A table with a column for each check.
    pub(super) fn new(checks: &[Check], csv: bool) -> Table {
        let ids: Vec<&str> = checks.iter().map(|check| check.id).collect();
        if csv {
            say(&format!("submission,{},passed,of,note\n", ids.join(",")));
        }
        Table {
            ids,
            csv,
            passed: BTreeMap::new(),
            count: 0,
        }
    }

    /// Prints what came of a submission.
    pub(super) fn add(&mut self, submission: &Submission, graded: &Graded) {
        let verdict = |id: &&str| graded.verdicts.get(*id).map_or("", String::as_str);
        let verdicts: Vec<&str> = self.ids.iter().map(verdict).collect();
        let passed = verdicts
            .iter()
            .filter(|verdict| **verdict == "passed")
            .count();
        for (id, verdict) in self.ids.iter().zip(&verdicts) {
            *self.passed.entry((*id).to_owned()).or_default() += usize::from(*verdict == "passed");
        }
        self.count += 1;
        let note = match &graded.ending {
            Ending::Whole | Ending::Interrupted => {
                graded.note.lines().next().unwrap_or_default().to_owned()
            }
            Ending::Stopped(why) => format!("stopped: {why}"),
        };
        let (name, of) = (&submission.name, self.ids.len());
        if self.csv {
            let cells = [&[name.as_str()], &verdicts[..]].concat();
            let cells: Vec<String> = cells.into_iter().map(cell).collect();
            say(&format!(
                "{},{passed},{of},{}\n",
                cells.join(","),
                cell(&note)
            ));
            return;
        }
        let failed = self
            .ids
            .iter()
            .zip(&verdicts)
            .filter(|(_, verdict)| **verdict == "failed");
        let failed: Vec<&str> = failed.map(|(id, _)| *id).collect();
        let bar = bar(passed, of, BAR);
        let failed = match failed.is_empty() {
            true => String::new(),
            false => format!("  {DIM}failed{DIM:#} {}", failed.join(" ")),
        };
        let note = match note.is_empty() {
            true => note,
            false => format!("  {BAD}{note}{BAD:#}"),
        };
        say(&format!(
            "{name:20} {bar} {passed:2} of {of}{failed}{note}\n"
        ));
    }

    /// Tells how the class has done with each check.
    pub(super) fn summary(&self) {
        let all = self.count;
        let passed = |id: &&str| self.passed.get(*id).copied().unwrap_or(0);
        let each: Vec<String> = self
            .ids
            .iter()
            .map(|id| format!("{id} {}", passed(id)))
            .collect();
        let text = match all {
            0 => "none graded".to_owned(),
            _ => format!("{all} graded; passed by: {}", each.join(", ")),
        };
        match self.csv {
            true => eprintln!("{text}"),
            false => say(&format!("{text}\n")),
        }
    }
}

/// A cell, between quotes where it has to be.
///
/// Source: RFC 4180 §2
fn cell(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_could_be_taken_for_two_is_quoted() {
        assert_eq!(cell("a b"), "a b");
        assert_eq!(cell("a, \"b\""), "\"a, \"\"b\"\"\"");
    }
}
