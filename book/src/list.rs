//! `list`: every exercise, and how far the learner has come.

use crate::Failure;
use crate::desk::Desk;
use crate::terminal::{BAD, DIM, GOOD, STRONG, bar, columns, say};
use book::exercises::{Exercise, STEPS};
use check::exercise::Progress;

/// Cells of a bar.
const BAR: usize = 12;

/// Columns of the widest line when none of its words is left out.
const ROOMY: usize = 63;

/// Prints the list.
pub(crate) fn run() -> Result<(), Failure> {
    let desk = Desk::find()?;
    let columns = columns();
    let current = desk.current().map(|exercise| exercise.id.as_str());
    for (number, step) in (1..).zip(STEPS) {
        let here = |exercise: &&Exercise| exercise.step() == number;
        let exercises: Vec<&Exercise> = desk.exercises.iter().filter(here).collect();
        let solved = |exercise: &&&Exercise| desk.workbook.progress(exercise) == Progress::Solved;
        let (done, all) = (exercises.iter().filter(solved).count(), exercises.len());
        if all == 0 {
            continue;
        }
        let bar = bar(done, all, BAR);
        say(&format!(
            "{STRONG}{step:20}{STRONG:#} {bar} {done} of {all}\n"
        ));
        for exercise in exercises {
            let is_current = current == Some(&exercise.id);
            say(&line(
                exercise,
                desk.workbook.progress(exercise),
                is_current,
                columns,
            ));
        }
    }
    let is_new = |exercise: &&Exercise| !desk.workbook.file(exercise).exists();
    let new = desk.exercises.iter().filter(is_new).count();
    if !desk.workbook.is_there() {
        say("\nThere is no workbook yet: `cargo course start` makes it.\n");
    } else if new > 0 {
        say(&format!(
            "\nNot in your workbook yet: {new}.\n`cargo course start` adds what is new.\n"
        ));
    }
    Ok(())
}

/// A line about an exercise. Where it would not fit, it says the same with fewer words, so that no
/// terminal has to wrap it.
fn line(exercise: &Exercise, progress: Progress, is_current: bool, columns: usize) -> String {
    let mark = match progress {
        Progress::Solved => format!("{GOOD}✓{GOOD:#}"),
        Progress::Tried => format!("{BAD}✗{BAD:#}"),
        Progress::Untried => format!("{DIM}·{DIM:#}"),
    };
    let Exercise {
        id,
        title,
        size,
        chapter,
        ..
    } = exercise;
    let size = size.to_string().to_lowercase();
    let (of, next) = match columns >= ROOMY {
        true => ("chapter ", "  ← next"),
        false => ("", "  ←"),
    };
    let next = if is_current { next } else { "" };
    format!("  {mark} {id}  {title:22} {DIM}{size:12} {of}{chapter}{DIM:#}{next}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use book::exercises::catalogue;

    #[track_caller]
    fn check(columns: usize, shown: &str) {
        for exercise in catalogue().unwrap() {
            let line = line(&exercise, Progress::Tried, true, columns);
            let line = anstream::adapter::strip_str(&line).to_string();
            assert!(line.trim_end().chars().count() <= columns, "{line}");
            assert!(line.contains(shown), "{line}");
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        check(80, "  ← next");
        check(ROOMY, "  ← next");
        check(60, "  ←\n");
    }
}
