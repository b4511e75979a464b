//! `solution`: how the course does it.
//!
//! To be read after one's own: whoever has not solved the exercise is asked whether they mean it.

use crate::Failure;
use crate::desk::{Desk, Spoiler};
use crate::terminal::{cannot, say};
use clap::Args;
use std::fs;

/// Of which exercise.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo course solution 3f          asks before, when you have not solved 3f
  cargo course solution 3f --yes    does not ask")]
pub(crate) struct Asked {
    #[command(flatten)]
    spoiler: Spoiler,
}

/// Prints the solution.
pub(crate) fn run(asked: &Asked) -> Result<(), Failure> {
    let desk = Desk::find()?;
    let exercise = desk.spoiled(&asked.spoiler, "Read the solution?", |id| {
        Failure::new(
            format!("{id} is not solved yet, so its solution is not shown"),
            format!(
                "`cargo course hint {id}` tells less; `cargo course solution {id} --yes` tells all."
            ),
        )
    })?;
    let path = exercise.solution();
    let code = fs::read_to_string(&path).map_err(|error| cannot(&path, &error))?;
    say(&code);
    Ok(())
}
