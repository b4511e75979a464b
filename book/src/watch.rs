//! `watch`: judges an exercise again each time its file is saved.
//!
//! Four files are looked at, three times a second. Notification by the system would save that, but
//! does not come through the mounts of containers and of other machines, where looking works.
//!
//! On a terminal, single keys are commands. While an exercise is judged the terminal is as always, so that
//! Ctrl-C ends what is going on.

use crate::Failure;
use crate::desk::Desk;
use crate::terminal::{DIM, is_attended, say};
use book::exercises::Exercise;
use check::grader::take;
use clap::Args;
use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use std::env;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

/// Between two looks: shorter than a person notices.
const LOOK: Duration = Duration::from_millis(300);

const KEYS: &str = "h hint   l list   n next   q quit   Enter: again";

/// What to watch.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo course watch       the first exercise that is not solved, and after it the next
  cargo course watch 3f    this one
While it waits: h hint, l list, n next, q quit, Enter judges again.")]
pub(crate) struct Asked {
    /// An exercise, such as 3f [default: the first one that is not solved].
    exercise: Option<String>,
}

/// What ends a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Again,
    Hint,
    List,
    Next,
    Quit,
}

/// Watches until the learner leaves.
pub(crate) fn run(asked: &Asked) -> Result<(), Failure> {
    let desk = Desk::made()?;
    let mut exercise = desk.exercise(asked.exercise.as_deref())?;
    let mut wish = Wish::Again;
    loop {
        // Before it is judged: what is saved meanwhile has not been seen.
        let seen = seen(&desk, exercise);
        match wish {
            Wish::Again => verb("check", Some(exercise))?,
            Wish::Hint => verb("hint", Some(exercise))?,
            Wish::List => verb("list", None)?,
            Wish::Next => match desk.current() {
                Some(current) => {
                    exercise = current;
                    wish = Wish::Again;
                    say(&crate::next::told(&desk, exercise));
                    continue;
                }
                None => say("Every exercise is solved.\n"),
            },
            Wish::Quit => return Ok(()),
        }
        let file = desk.workbook.file(exercise);
        let keys = if is_attended() { KEYS } else { "" };
        say(&format!(
            "{DIM}watching {}   {keys}{DIM:#}\n",
            file.display()
        ));
        wish = wait(|| self::seen(&desk, exercise) != seen)?;
    }
}

/// Runs another verb, as if it had been typed.
fn verb(name: &str, exercise: Option<&Exercise>) -> Result<(), Failure> {
    let book = env::current_exe().map_err(|error| broken(&error))?;
    let mut command = Command::new(book);
    command
        .arg(name)
        .args(exercise.map(|exercise| &exercise.id));
    // Whether it was passed has been told; a watch goes on either way.
    command.status().map(drop).map_err(|error| broken(&error))
}

fn broken(error: &io::Error) -> Failure {
    Failure::new(
        error.to_string(),
        "`cargo course check` judges once, without watching.",
    )
}

/// What tells that something was saved: when, and how long it is now.
type Seen = Vec<Option<(SystemTime, u64)>>;

/// What decides about the exercise: its file, what all of them share, and how they are built.
fn seen(desk: &Desk, exercise: &Exercise) -> Seen {
    let folder = desk.workbook.folder();
    let shared = ["lib.rs", "Cargo.toml"].map(|name| folder.join(name));
    let all = [desk.workbook.file(exercise)].into_iter().chain(shared);
    all.map(|path| state(&path)).collect()
}

/// An editor may take the file away for a moment: that is a state, too.
fn state(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// Waits for a save, or for a key.
fn wait(mut is_saved: impl FnMut() -> bool) -> Result<Wish, Failure> {
    if !is_attended() {
        while !is_saved() {
            take(LOOK);
        }
        return Ok(Wish::Again);
    }
    let _keys = Keys::listen().map_err(|error| broken(&error))?;
    loop {
        if is_saved() {
            return Ok(Wish::Again);
        }
        if event::poll(LOOK).map_err(|error| broken(&error))? {
            let event = event::read().map_err(|error| broken(&error))?;
            if let Some(wish) = wish(&event) {
                return Ok(wish);
            }
        }
    }
}

fn wish(event: &Event) -> Option<Wish> {
    let Event::Key(key) = event else {
        return None;
    };
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c' | 'd') if is_control => Some(Wish::Quit),
        KeyCode::Char('q') | KeyCode::Esc => Some(Wish::Quit),
        KeyCode::Char('h') => Some(Wish::Hint),
        KeyCode::Char('l') => Some(Wish::List),
        KeyCode::Char('n') => Some(Wish::Next),
        KeyCode::Enter => Some(Wish::Again),
        _ => None,
    }
}

/// A terminal that gives each key as it is typed, until this is dropped.
struct Keys;

impl Keys {
    fn listen() -> io::Result<Keys> {
        enable_raw_mode().map(|()| Keys)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // A terminal that has gone has no mode to go back to.
        let _ = disable_raw_mode();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyEvent;

    #[track_caller]
    fn check(code: KeyCode, modifiers: KeyModifiers, expected: Option<Wish>) {
        assert_eq!(wish(&Event::Key(KeyEvent::new(code, modifiers))), expected);
    }

    #[test]
    fn keys_are_commands() {
        check(KeyCode::Char('h'), KeyModifiers::NONE, Some(Wish::Hint));
        check(KeyCode::Char('l'), KeyModifiers::NONE, Some(Wish::List));
        check(KeyCode::Char('n'), KeyModifiers::NONE, Some(Wish::Next));
        check(KeyCode::Char('q'), KeyModifiers::NONE, Some(Wish::Quit));
        check(KeyCode::Char('c'), KeyModifiers::CONTROL, Some(Wish::Quit));
        check(KeyCode::Char('c'), KeyModifiers::NONE, None);
        assert_eq!(wish(&Event::Resize(80, 24)), None);
    }
}
