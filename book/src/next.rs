//! `next`: what is to be done now.

use crate::Failure;
use crate::desk::Desk;
use crate::terminal::{STRONG, say};
use book::exercises::Exercise;

/// Prints the first exercise that is not solved.
pub(crate) fn run() -> Result<(), Failure> {
    let desk = Desk::find()?;
    match desk.current() {
        Some(exercise) => say(&told(&desk, exercise)),
        None => say("Every exercise is solved.\n"),
    }
    Ok(())
}

/// An exercise, as it is given.
pub(crate) fn told(desk: &Desk, exercise: &Exercise) -> String {
    let Exercise {
        id,
        title,
        size,
        chapter,
        build,
        ..
    } = exercise;
    let size = size.to_string().to_lowercase();
    let work = match desk.workbook.is_there() {
        true => format!(
            "Your file is {}\n\
             `cargo course check {id}` judges it, `cargo course hint {id}` helps.\n",
            desk.workbook.file(exercise).display()
        ),
        false => "`cargo course start` makes your workbook, with a file to begin with.\n".into(),
    };
    format!("{STRONG}{id} {title}{STRONG:#}, {size}, with chapter {chapter}\n\n{build}\n\n{work}")
}
