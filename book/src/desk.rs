//! Where the learner sits: the workbook that is meant, and the exercise that is meant.

use crate::terminal::{agrees, cannot, is_attended};
use crate::{Failure, ending};
use book::exercises::{Exercise, catalogue};
use book::workbook::Workbook;
use check::binary::executable;
use check::exercise::Progress;
use check::process::signal;
use clap::Args;
use similar::get_close_matches;
use std::env;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// How alike a word has to be to a name to be taken for it misspelt.
const ALIKE: f32 = 0.4;

/// An exercise of which something is asked that gives its solution away.
#[derive(Debug, Args)]
pub(crate) struct Spoiler {
    /// An exercise, such as 3f [default: the first one that is not solved].
    exercise: Option<String>,
    /// Show it also when the exercise is not solved.
    #[arg(long)]
    yes: bool,
}

/// The workbook, and the exercises there are.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) workbook: Workbook,
    pub(crate) exercises: Vec<Exercise>,
}

impl Desk {
    /// The desk of the current folder; the workbook need not be there.
    ///
    /// # Errors
    /// A mistake in the catalogue.
    pub(crate) fn find() -> Result<Desk, Failure> {
        let from = env::current_dir().unwrap_or_default();
        Desk::with(Workbook::meant(&from))
    }

    /// The same, and the workbook is there.
    ///
    /// # Errors
    /// Advice to make one.
    pub(crate) fn made() -> Result<Desk, Failure> {
        let desk = Desk::find()?;
        match desk.workbook.is_there() {
            true => Ok(desk),
            false => Err(Failure::new(
                format!(
                    "there is no workbook at {}",
                    desk.workbook.folder().display()
                ),
                "`cargo course start` makes it.",
            )),
        }
    }

    /// A desk with that workbook.
    ///
    /// # Errors
    /// A mistake in the catalogue.
    pub(crate) fn with(workbook: Workbook) -> Result<Desk, Failure> {
        let exercises = catalogue()
            .map_err(|why| Failure::new(why, "That is a mistake of the course's, not of yours."))?;
        Ok(Desk {
            workbook,
            exercises,
        })
    }

    /// The exercise of that name, or the current one.
    ///
    /// # Errors
    /// There is none of that name; or none was named, and all are solved.
    pub(crate) fn exercise(&self, name: Option<&str>) -> Result<&Exercise, Failure> {
        match name {
            Some(name) => self.named(name),
            None => self.current().ok_or_else(|| {
                Failure::new(
                    "every exercise is solved, so none is the current one",
                    "Name one, such as `3f`; `cargo course list` shows them.",
                )
            }),
        }
    }

    /// The first exercise that is not solved.
    pub(crate) fn current(&self) -> Option<&Exercise> {
        let mut all = self.exercises.iter();
        all.find(|exercise| self.workbook.progress(exercise) != Progress::Solved)
    }

    fn named(&self, name: &str) -> Result<&Exercise, Failure> {
        if let Some(found) = self.exercises.iter().find(|exercise| exercise.id == name) {
            return Ok(found);
        }
        let ids = self
            .exercises
            .iter()
            .map(|exercise| (exercise.id.as_str(), exercise.title.as_str()));
        let of = |exercise: &&Exercise| exercise.chapter == name;
        let chapter = self.exercises.iter().filter(of);
        let chapter: Vec<&str> = chapter.map(|exercise| exercise.id.as_str()).collect();
        let advice = match (&chapter[..], meant(name, ids)) {
            ([_, ..], _) => format!("Chapter {name} has {}.", chapter.join(", ")),
            ([], Some(id)) => format!("Did you mean {id}?"),
            ([], None) => "`cargo course list` shows all of them.".into(),
        };
        Err(Failure::new(
            format!("there is no exercise `{name}`"),
            advice,
        ))
    }

    /// The exercise whose solution may be given away: it is solved, or the learner means it.
    ///
    /// # Errors
    /// As [`Desk::exercise`]; or what `kept` makes of its name, where the learner does not mean it.
    pub(crate) fn spoiled(
        &self,
        asked: &Spoiler,
        question: &str,
        kept: impl FnOnce(&str) -> Failure,
    ) -> Result<&Exercise, Failure> {
        let exercise = self.exercise(asked.exercise.as_deref())?;
        let id = &exercise.id;
        let is_solved = self.workbook.progress(exercise) == Progress::Solved;
        let is_meant =
            || is_attended() && agrees(&format!("You have not solved {id} yet. {question}"));
        match is_solved || asked.yes || is_meant() {
            true => Ok(exercise),
            false => Err(kept(id)),
        }
    }

    /// Whether the workbook has a file of that exercise.
    ///
    /// # Errors
    /// Advice where it has none.
    pub(crate) fn has(&self, exercise: &Exercise) -> Result<(), Failure> {
        let file = self.workbook.file(exercise);
        match file.exists() {
            true => Ok(()),
            false => Err(Failure::new(
                format!("there is no {}", file.display()),
                "`cargo course start` adds what is missing.",
            )),
        }
    }

    /// Builds the program of an exercise; what the compiler has to say is on standard error, as it
    /// says it.
    ///
    /// # Errors
    /// It does not compile, or there is no such file.
    pub(crate) fn build(&self, exercise: &Exercise) -> Result<PathBuf, Failure> {
        self.has(exercise)?;
        let id = &exercise.id;
        let file = self.workbook.file(exercise);
        let folder = self.workbook.folder();
        if !folder.join("target").exists() && io::stderr().is_terminal() {
            anstream::eprintln!(
                "building the steps for your workbook, once: half a minute or less"
            );
        }
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command
            .args(["test", "--quiet", "--no-run", "--test", id])
            .args(["--message-format", "json-render-diagnostics"])
            .current_dir(folder);
        let output = unless_ended(&mut command).map_err(|error| cannot(&file, &error))?;
        let Some(output) = output else {
            let typed: Vec<String> = env::args().skip(1).collect();
            return Err(Failure::new(
                format!("{id}.rs was not built to its end, because you ended it"),
                format!(
                    "Nothing is lost: `cargo course {}` goes on.",
                    typed.join(" ")
                ),
            ));
        };
        let messages = String::from_utf8_lossy(&output.stdout);
        let program = messages.lines().rev().find_map(executable);
        program.filter(|_| output.status.success()).ok_or_else(|| {
            Failure::new(
                format!("{id}.rs does not compile"),
                format!(
                    "What the compiler says stands above; the file is {}.",
                    file.display()
                ),
            )
        })
    }
}

/// What a command says on its output when it has ended by itself; none where the learner did not wait
/// for that.
fn unless_ended(command: &mut Command) -> io::Result<Option<Output>> {
    let stop = ending::heard()?;
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()?;
    let pid = child.id();
    // At a terminal it has heard of it, but not from who sends a signal to this process alone.
    let _tell = stop.on_stop(move || {
        // One that has gone need not be told.
        let _ = signal("TERM", pid);
    });
    let output = child.wait_with_output()?;
    Ok((!stop.is_stopped()).then_some(output))
}

/// The name that was most likely meant by one that does not exist. What is searched are names with their
/// titles, in the order of the book.
pub(crate) fn meant<'n>(
    word: &str,
    names: impl Iterator<Item = (&'n str, &'n str)>,
) -> Option<&'n str> {
    let word = word.to_lowercase();
    let backwards: String = word.chars().rev().collect();
    let names: Vec<(&str, &str)> = names.collect();
    let same = |text: &str| text == word || text == backwards;
    if let Some((name, _)) = names
        .iter()
        .find(|(name, title)| same(name) || same(&title.to_lowercase()))
    {
        return Some(name);
    }
    let titles: Vec<String> = names
        .iter()
        .map(|(_, title)| title.to_lowercase())
        .collect();
    let texts = names
        .iter()
        .map(|(name, _)| *name)
        .chain(titles.iter().map(String::as_str));
    let texts: Vec<&str> = texts.collect();
    let best = *get_close_matches(word.as_str(), &texts, 1, ALIKE).first()?;
    let at = texts.iter().position(|text| *text == best)?;
    Some(names[at % names.len()].0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, expected: Option<&str>) {
        let names = [
            ("1b", "Echo to the end"),
            ("3a", "Serve the tree"),
            ("3f", "Ranges"),
        ];
        assert_eq!(meant(word, names.into_iter()), expected, "{word}");
    }

    #[test]
    fn a_slip_of_the_finger_is_understood() {
        check("3F", Some("3f"));
        check("f3", Some("3f"));
        check("ranges", Some("3f"));
        check("Range", Some("3f"));
        check("serve-the-tree", Some("3a"));
        check("1x", Some("1b"));
        check("quux", None);
    }
}
