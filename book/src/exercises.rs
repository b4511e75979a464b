//! The catalogue of exercises: one file each in `book/exercises`, read by everybody who speaks of
//! them.
//!
//! ```text
//! # 3f Ranges                            what it is called; its check is called the same
//!
//! An evening, with chapter 3.4.          its size: ten minutes, an evening, a weekend
//!
//! You write …                            what to build
//!
//! ## Hints
//!
//! …                                      three, each more direct than the one before,
//! ---                                    with a line between them
//! ```
//!
//! The code of an exercise stands in its step: `exercises/3f.rs` to begin with, `solutions/3f.rs` to
//! compare with; and for one beyond the course, `exercises/broken/3i.rs`, a solution that is wrong in one
//! way which its check has to notice. (The other checks have broken servers in `tests/broken`.)

use crate::{home, texts};
use std::fmt;
use std::path::PathBuf;

/// The folders of the steps, in order.
pub const STEPS: [&str; 5] = [
    "step01-socket",
    "step02-http-parse",
    "step03-static",
    "step04-concurrency",
    "step05-gateway",
];

/// Hints of each exercise.
const HINTS: usize = 3;

/// How much work an exercise is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Ten minutes.
    Minutes,
    /// An evening.
    Evening,
    /// A weekend.
    Weekend,
}

impl Size {
    const ALL: [Size; 3] = [Size::Minutes, Size::Evening, Size::Weekend];
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Size::Minutes => "Ten minutes",
            Size::Evening => "An evening",
            Size::Weekend => "A weekend",
        })
    }
}

/// One exercise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exercise {
    /// The step's number and a letter.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// How much work it is.
    pub size: Size,
    /// The number of the chapter it belongs to, such as `3.4`.
    pub chapter: String,
    /// What to build, in Markdown.
    pub build: String,
    /// Hints in Markdown, each more direct than the one before.
    pub hints: Vec<String>,
}

impl Exercise {
    /// The file it begins with.
    pub fn starter(&self) -> PathBuf {
        self.code("exercises")
    }

    /// The course's own solution.
    pub fn solution(&self) -> PathBuf {
        self.code("solutions")
    }

    /// A wrong solution, of an exercise beyond the course.
    pub fn broken(&self) -> PathBuf {
        self.code("exercises/broken")
    }

    /// Its box in a chapter, in Markdown.
    pub(crate) fn boxed(&self) -> String {
        let Exercise { id, title, .. } = self;
        let size = self.size.to_string().to_lowercase();
        format!(
            "<div class=\"exercise\" id=\"exercise-{id}\" data-exercise=\"{id}\">\n\n\
             **{id} {title}**, {size}.\n\n{}\n\n\
             `cargo course check {id}` judges yours; `cargo course hint {id}` helps.\n\n</div>\n",
            self.build
        )
    }

    /// The number of its step, from 1.
    pub fn step(&self) -> usize {
        usize::from(self.id.as_bytes()[0] - b'0')
    }

    fn code(&self, folder: &str) -> PathBuf {
        let file = format!("../{}/{folder}/{}.rs", STEPS[self.step() - 1], self.id);
        home().join(file)
    }

    fn read(name: &str, text: &str) -> Result<Exercise, &'static str> {
        let (title, rest) = text.split_once("\n\n").ok_or("there is only a title")?;
        let title = title.strip_prefix("# ").ok_or("no title in line 1")?;
        let (id, title) = title.split_once(' ').ok_or("a title is `# 3f Ranges`")?;
        let is_id = matches!(id.as_bytes(), [b'1'..=b'5', b'a'..=b'z']);
        if !is_id {
            return Err("a name is the number of a step and a letter, such as 3f");
        }
        if name != id {
            return Err("its title is that of another exercise");
        }
        let (when, rest) = rest.split_once("\n\n").ok_or("there is nothing to build")?;
        let when = when.strip_suffix('.').unwrap_or(when);
        let (size, chapter) = when
            .split_once(", with chapter ")
            .ok_or("line 3 is `An evening, with chapter 3.4.`")?;
        let size = Size::ALL
            .into_iter()
            .find(|known| known.to_string() == size)
            .ok_or("a size is `Ten minutes`, `An evening` or `A weekend`")?;
        let (build, hints) = rest
            .split_once("\n## Hints\n")
            .ok_or("there is no line `## Hints`")?;
        let hints: Vec<String> = hints
            .split("\n---\n")
            .map(|hint| hint.trim().to_owned())
            .collect();
        if hints.len() != HINTS || hints.iter().any(String::is_empty) {
            return Err("an exercise has three hints, with a line `---` between them");
        }
        Ok(Exercise {
            id: id.to_owned(),
            title: title.to_owned(),
            size,
            chapter: chapter.to_owned(),
            build: build.trim().to_owned(),
            hints,
        })
    }
}

/// The exercise of that name.
///
/// # Errors
/// One sentence: there is none, or its file does not say what it should.
pub(crate) fn exercise(id: &str) -> Result<Exercise, String> {
    let path = folder().join(format!("{id}.md"));
    match path.exists() {
        true => texts::one(&path, Exercise::read),
        false => Err(format!("there is no exercise {id}")),
    }
}

fn folder() -> PathBuf {
    home().join("exercises")
}

/// All exercises, in the order of the book.
///
/// # Errors
/// One sentence for the first file that cannot be read, or does not say what it should.
pub fn catalogue() -> Result<Vec<Exercise>, String> {
    let mut all = texts::all(&folder(), Exercise::read)?;
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# 3f Ranges\n\nAn evening, with chapter 3.4.\n\nYou write a thing.\n\n\
        ## Hints\n\nOne.\n\n---\n\nTwo.\n\n---\n\nThree.\n";

    #[test]
    fn an_exercise_is_what_its_file_says() {
        let read = Exercise::read("3f", TEXT).unwrap();
        let told = (&*read.id, &*read.title, read.size, &*read.chapter);
        assert_eq!(told, ("3f", "Ranges", Size::Evening, "3.4"));
        assert_eq!(read.build, "You write a thing.");
        assert_eq!(read.hints, ["One.", "Two.", "Three."]);
    }

    #[test]
    fn a_file_that_leaves_something_out_is_refused() {
        let parts = [
            "# ",
            "3f ",
            "An evening",
            ", with",
            "## Hints",
            "\n\nTwo.\n\n---",
        ];
        for part in parts {
            let text = TEXT.replace(part, "");
            assert!(Exercise::read("3f", &text).is_err(), "without {part:?}");
        }
        assert!(Exercise::read("3g", TEXT).is_err());
    }
}
