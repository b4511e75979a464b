//! `reset`: an exercise from its beginning.

use crate::Failure;
use crate::desk::Desk;
use crate::terminal::{cannot, say};
use clap::Args;

/// Which exercise.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  cargo course reset 3f    your file is kept, as 3f.old1.rs beside the new one")]
pub(crate) struct Asked {
    /// An exercise, such as 3f [default: the first one that is not solved].
    exercise: Option<String>,
}

/// Puts the file back as it was, and keeps the old one.
pub(crate) fn run(asked: &Asked) -> Result<(), Failure> {
    let desk = Desk::made()?;
    let exercise = desk.exercise(asked.exercise.as_deref())?;
    let folder = desk.workbook.folder();
    let old = desk
        .workbook
        .reset(exercise)
        .map_err(|error| cannot(folder, &error))?;
    let file = desk.workbook.file(exercise);
    say(&format!(
        "{} is as it was at the beginning.\n",
        file.display()
    ));
    if let Some(old) = old {
        say(&format!("What was in it is in {}\n", old.display()));
    }
    Ok(())
}
