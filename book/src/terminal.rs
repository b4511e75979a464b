//! What the verbs have in common when they talk to a person.
//!
//! Colours are left out where nobody wants them (`NO_COLOR`) or sees them; that is `anstream`'s part.

use crate::Failure;
use anstyle::{AnsiColor, Style};
use std::env;
use std::io::{self, BufRead, IsTerminal, Write};

/// What is good, and done.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What is wrong.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
/// What may be passed over.
pub(crate) const DIM: Style = AnsiColor::BrightBlack.on_default();
/// What is not to be passed over.
pub(crate) const STRONG: Style = Style::new().bold();

/// Columns where nobody knows how many there are: those of the terminals that all others imitate.
const USUAL_COLUMNS: usize = 80;

/// Prints text as it is. Unlike `print!`, it does not panic when whoever reads has gone.
pub(crate) fn say(text: &str) {
    let mut out = anstream::stdout();
    // Nobody is left to read it; the exit status tells all the same.
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}

/// Whether somebody sits there who can be asked.
pub(crate) fn is_attended() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// How wide a line may be: what `COLUMNS` says, or the terminal itself.
pub(crate) fn columns() -> usize {
    let told = env::var("COLUMNS").ok();
    let told = told.and_then(|columns| columns.parse().ok());
    let is_seen = io::stdout().is_terminal();
    let seen = || crossterm::terminal::size().ok().filter(|_| is_seen);
    told.or_else(|| seen().map(|(columns, _)| usize::from(columns)))
        .filter(|columns| *columns > 0)
        .unwrap_or(USUAL_COLUMNS)
}

/// Asks for a line; none when there is no more input.
pub(crate) fn ask(question: &str) -> Option<String> {
    say(question);
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line) {
        Ok(1..) => Some(line.trim().to_owned()),
        Ok(0) | Err(_) => None,
    }
}

/// Asks whether to go on; the answer is no unless it begins with a `y`.
pub(crate) fn agrees(question: &str) -> bool {
    let answer = ask(&format!("{question} [y/N] "));
    answer.is_some_and(|answer| answer.starts_with(['y', 'Y']))
}

/// A failure of the file system, about one place.
pub(crate) fn cannot(path: &std::path::Path, error: &io::Error) -> Failure {
    Failure::new(
        format!("{}: {error}", path.display()),
        "Is there room on the disk, and may you write there?",
    )
}

/// How much of something is done, `width` cells wide.
pub(crate) fn bar(done: usize, all: usize, width: usize) -> String {
    let full = (done * width).checked_div(all).unwrap_or(0);
    format!(
        "{GOOD}{}{GOOD:#}{DIM}{}{DIM:#}",
        "█".repeat(full),
        "░".repeat(width - full)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(done: usize, all: usize, expected: &str) {
        let plain = anstream::adapter::strip_str(&bar(done, all, 4)).to_string();
        assert_eq!(plain, expected);
    }

    #[test]
    fn a_bar_is_full_when_all_is_done_and_not_before() {
        check(0, 3, "░░░░");
        check(1, 2, "██░░");
        check(99, 100, "███░");
        check(3, 3, "████");
        check(0, 0, "░░░░");
    }
}
