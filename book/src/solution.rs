//! `solution`: how the course does it.
//!
//! To be read after one's own: whoever has not solved the exercise is asked whether they mean it.

use crate::Failure;
use crate::desk::Desk;
use crate::terminal::{agrees, cannot, is_attended, say};
use check::exercise::Progress;
use clap::Args;
use std::fs;

/// Of which exercise.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo course solution 3f          asks before, when you have not solved 3f
  cargo course solution 3f --yes    does not ask")]
pub(crate) struct Asked {
    /// An exercise, such as 3f [default: the first one that is not solved].
    exercise: Option<String>,
    /// Show it also when the exercise is not solved.
    #[arg(long)]
    yes: bool,
}

/// Prints the solution.
pub(crate) fn run(asked: &Asked) -> Result<(), Failure> {
    let desk = Desk::find()?;
    let exercise = desk.exercise(asked.exercise.as_deref())?;
    let id = &exercise.id;
    let is_solved = desk.workbook.progress(exercise) == Progress::Solved;
    if !(is_solved || asked.yes) {
        let kept = Failure::new(
            format!("{id} is not solved yet, so its solution is not shown"),
            format!(
                "`cargo course hint {id}` tells less; `cargo course solution {id} --yes` tells all."
            ),
        );
        if !is_attended() || !agrees(&format!("You have not solved {id} yet. Read the solution?")) {
            return Err(kept);
        }
    }
    let path = exercise.solution();
    let code = fs::read_to_string(&path).map_err(|error| cannot(&path, &error))?;
    say(&code);
    Ok(())
}
