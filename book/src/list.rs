//! `list`: every exercise, and how far the learner has come.

use crate::Failure;
use crate::desk::Desk;
use crate::terminal::{BAD, DIM, GOOD, STRONG, bar, say};
use book::exercises::{Exercise, STEPS};
use check::exercise::Progress;

/// Cells of a bar.
const BAR: usize = 12;

/// Prints the list.
pub(crate) fn run() -> Result<(), Failure> {
    let desk = Desk::find()?;
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
            ));
        }
    }
    let is_new = |exercise: &&Exercise| !desk.workbook.file(exercise).exists();
    let new = desk.exercises.iter().filter(is_new).count();
    if !desk.workbook.is_there() {
        say("\nThere is no workbook yet: `cargo course start` makes it.\n");
    } else if new > 0 {
        say(&format!(
            "\nNot in your workbook yet: {new}. `cargo course start` adds what is new.\n"
        ));
    }
    Ok(())
}

fn line(exercise: &Exercise, progress: Progress, is_current: bool) -> String {
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
    let next = if is_current { "  ← next" } else { "" };
    format!("  {mark} {id}  {title:22} {DIM}{size:12} chapter {chapter}{DIM:#}{next}\n")
}
