//! `hint`: a push in the right direction, a harder one each time.

use crate::Failure;
use crate::desk::Desk;
use crate::terminal::{STRONG, cannot, say};
use clap::Args;

/// For which exercise.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo course hint         the next hint for the current exercise
  cargo course hint 3f      the next one for 3f
  cargo course hint 3f 1    the first one for 3f, again")]
pub(crate) struct Asked {
    /// An exercise, such as 3f [default: the first one that is not solved].
    exercise: Option<String>,
    /// Which hint, from 1 [default: the next one].
    #[arg(value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..))]
    number: Option<u8>,
}

/// Prints a hint, and remembers that it was given.
pub(crate) fn run(asked: &Asked) -> Result<(), Failure> {
    let desk = Desk::find()?;
    let exercise = desk.exercise(asked.exercise.as_deref())?;
    let (id, all) = (&exercise.id, exercise.hints.len());
    let given = desk.workbook.hints(exercise);
    let number = asked.number.map_or(given + 1, usize::from);
    let Some(hint) = exercise.hints.get(number - 1) else {
        say(&format!(
            "There is no further hint for {id}. `cargo course hint {id} 1` begins again; \
             `cargo course solution {id}` shows how the course does it.\n"
        ));
        return Ok(());
    };
    say(&format!(
        "{STRONG}{id}, hint {number} of {all}{STRONG:#}\n\n{hint}\n"
    ));
    if desk.workbook.is_there() && number > given {
        let folder = desk.workbook.folder();
        desk.workbook
            .set_hints(exercise, number)
            .map_err(|error| cannot(folder, &error))?;
    }
    if number < all {
        say(&format!(
            "\nThe next one: cargo course hint {id} {}\n",
            number + 1
        ));
    }
    Ok(())
}
