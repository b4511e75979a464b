//! The learner's folder: a workspace of its own, one file an exercise.
//!
//! ```text
//! workbook/Cargo.toml      the exercises there are, and where the course is
//! workbook/lib.rs          what several exercises share; empty to begin with
//! workbook/3f.rs           an exercise: `cargo test --test 3f`
//! workbook/results/3f      what was last said about it
//! workbook/hints/3f        how many hints were given
//! workbook/predictions/    what was predicted
//! workbook/.cargo/         makes `cargo course` work in here, too
//! ```
//!
//! A file that is there is never written to again, but for `Cargo.toml`, to which new exercises are
//! added. So neither an update of the course nor a second start can take anything away.
//!
//! A workbook in the course's folder finds the steps by where it is, so that all may be moved
//! together; one elsewhere, by where they are.

use crate::exercises::Exercise;
use crate::home;
use crate::predictions::{Answer, Prediction};
use check::exercise::{Progress, forget, progress};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// In the environment: where the workbook is.
const PLACE: &str = "COURSE_WORKBOOK";

/// How the manifest of a workbook begins.
const MARK: &str = "# Your workbook.";

const MANIFEST: &str = "Cargo.toml";

/// The folder, beside the exercises, of how many hints were given for each.
const HINTS: &str = "hints";

/// The same of what was predicted.
const PREDICTIONS: &str = "predictions";

/// Packages of the course, and what their libraries are called in the workbook.
const PACKAGES: [(&str, &str); 6] = [
    ("step01-socket", "socket"),
    ("step02-http-parse", "http_parse"),
    ("step03-static", "static_files"),
    ("step04-concurrency", "concurrency"),
    ("step05-gateway", "gateway"),
    ("check", "check"),
];

const SHARED: &str = "//! What several of your exercises share.\n";

/// The learner's folder.
#[derive(Debug, Clone)]
pub struct Workbook {
    folder: PathBuf,
}

impl Workbook {
    /// The one beside the steps.
    pub fn here() -> Workbook {
        let course = home().parent().unwrap_or(home());
        Workbook::at(&course.join("workbook"))
    }

    /// The one that is meant in the folder `from`: that of which the environment variable
    /// `COURSE_WORKBOOK` tells, the one `from` is in, or the one beside the steps.
    pub fn meant(from: &Path) -> Workbook {
        if let Some(folder) = env::var_os(PLACE) {
            return Workbook::at(Path::new(&folder));
        }
        let mut around = from.ancestors().map(Workbook::at);
        around
            .find(Workbook::is_there)
            .unwrap_or_else(Workbook::here)
    }

    /// One in another place.
    pub fn at(folder: &Path) -> Workbook {
        // Where there is no current folder, a relative name is as good as any.
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        Workbook { folder }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether it has been made.
    pub fn is_there(&self) -> bool {
        let manifest = fs::read_to_string(self.folder.join(MANIFEST));
        manifest.is_ok_and(|text| text.starts_with(MARK))
    }

    /// How far the learner has come with an exercise.
    pub fn progress(&self, exercise: &Exercise) -> Progress {
        progress(&self.folder, &exercise.id)
    }

    /// How many hints were given for an exercise.
    pub fn hints(&self, exercise: &Exercise) -> usize {
        let count = self.note(HINTS, &exercise.id);
        count.and_then(|count| count.parse().ok()).unwrap_or(0)
    }

    /// Remembers how many hints were given for an exercise.
    ///
    /// # Errors
    /// What the file system reports.
    pub fn set_hints(&self, exercise: &Exercise, count: usize) -> io::Result<()> {
        self.set_note(HINTS, &exercise.id, &count.to_string())
    }

    /// What the learner has predicted of that; none before.
    pub fn predicted(&self, prediction: &Prediction) -> Option<Answer> {
        let text = self.note(PREDICTIONS, &prediction.id)?;
        Some(prediction.kind.read(&text))
    }

    /// Remembers what the learner has predicted.
    ///
    /// # Errors
    /// What the file system reports.
    pub fn set_predicted(&self, prediction: &Prediction, answer: &Answer) -> io::Result<()> {
        self.set_note(PREDICTIONS, &prediction.id, &answer.to_string())
    }

    fn note(&self, about: &str, id: &str) -> Option<String> {
        let text = fs::read_to_string(self.folder.join(about).join(id)).ok()?;
        Some(text.trim_end().to_owned())
    }

    fn set_note(&self, about: &str, id: &str, text: &str) -> io::Result<()> {
        let folder = self.folder.join(about);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(id), format!("{text}\n"))
    }

    /// Puts what an exercise begins with into the place of the learner's file, which is kept beside it
    /// under the name that is returned; none where there was none.
    ///
    /// # Errors
    /// What the file system reports.
    pub fn reset(&self, exercise: &Exercise) -> io::Result<Option<PathBuf>> {
        let file = self.file(exercise);
        let starter = fs::read_to_string(exercise.starter())?;
        let old = (1..)
            .map(|number| self.folder.join(format!("{}.old{number}.rs", exercise.id)))
            .find(|old| !old.exists())
            .filter(|_| file.exists());
        if let Some(old) = &old {
            fs::rename(&file, old)?;
        }
        fs::write(file, starter)?;
        forget(&self.folder, &exercise.id)?;
        Ok(old)
    }

    /// The learner's file of an exercise.
    pub fn file(&self, exercise: &Exercise) -> PathBuf {
        self.folder.join(format!("{}.rs", exercise.id))
    }

    /// Makes the folder, or adds what is new, and returns the exercises that were added.
    ///
    /// # Errors
    /// What the file system reports.
    pub fn add<'e>(&self, exercises: &'e [Exercise]) -> io::Result<Vec<&'e Exercise>> {
        fs::create_dir_all(&self.folder)?;
        let manifest = self.folder.join(MANIFEST);
        let mut text = match fs::read_to_string(&manifest) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.head(),
            Err(error) => return Err(error),
        };
        write_new(&self.folder.join("lib.rs"), SHARED)?;
        write_new(&self.folder.join(".gitignore"), "/target\n")?;
        let settings = self.folder.join(".cargo");
        fs::create_dir_all(&settings)?;
        write_new(&settings.join("config.toml"), &self.settings())?;
        let mut added = Vec::new();
        for exercise in exercises {
            let id = &exercise.id;
            if write_new(
                &self.file(exercise),
                &fs::read_to_string(exercise.starter())?,
            )? {
                added.push(exercise);
            }
            if !text.contains(&format!("name = \"{id}\"")) {
                // A String takes everything.
                let _ = write!(
                    text,
                    "\n[[test]]\nname = \"{id}\"\npath = \"{id}.rs\"\nharness = false\n"
                );
            }
        }
        fs::write(&manifest, text)?;
        Ok(added)
    }

    /// The manifest before its exercises.
    fn head(&self) -> String {
        let name = self.folder.file_name().unwrap_or_default();
        let name = name.to_string_lossy();
        let mut text = format!(
            "{MARK} `cargo course start` adds exercises that are new, and changes nothing else.\n\
         [workspace]\n\n\
         [package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n\
         [lib]\npath = \"lib.rs\"\ntest = false\ndoctest = false\n\n\
         # An exercise is built in a moment when nothing is kept for a debugger but line numbers.\n\
         [profile.dev]\ndebug = \"line-tables-only\"\n\n\
         [dependencies]\n",
        );
        let course = self.course();
        for (package, library) in PACKAGES {
            let folder = if package == "check" { "tests" } else { package };
            let path = course.join(folder);
            // A String takes everything.
            let _ = writeln!(
                text,
                "{library} = {{ package = {package:?}, path = {path:?} }}"
            );
        }
        text
    }

    /// What `cargo course` means in here.
    ///
    /// In the course's folder it is a sentence, as in the course's own settings: Cargo reads both, and
    /// does not put a list in the place of a sentence. Elsewhere the path may have spaces.
    fn settings(&self) -> String {
        let course = self.course();
        let manifest = course.join(MANIFEST);
        let words = match course.is_relative() {
            true => format!(
                "\"run --quiet --manifest-path {} --package book --\"",
                manifest.display()
            ),
            false => format!(
                "[\"run\", \"--quiet\", \"--manifest-path\", {manifest:?}, \"--package\", \"book\", \"--\"]"
            ),
        };
        format!("[alias]\ncourse = {words}\n")
    }

    /// Where the steps are, seen from here.
    fn course(&self) -> PathBuf {
        let course = home().join("..");
        let course = course.canonicalize().unwrap_or(course);
        // The folder itself may not have been made yet.
        let mut around = self.folder.ancestors();
        let place = around.find_map(|around| {
            let rest = self.folder.strip_prefix(around).ok()?;
            Some(around.canonicalize().ok()?.join(rest))
        });
        let below = place.as_deref().map(|place| place.strip_prefix(&course));
        match below {
            Some(Ok(below)) => below.components().map(|_| "..").collect(),
            Some(Err(_)) | None => course,
        }
    }
}

/// Writes a file unless there is one; says whether there was none.
fn write_new(path: &Path, text: &str) -> io::Result<bool> {
    match fs::File::create_new(path) {
        Ok(mut file) => io::Write::write_all(&mut file, text.as_bytes()).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use check::TempFolder;

    #[test]
    fn a_workbook_deeper_in_the_course_is_found_from_there_too() {
        let deeper = Workbook::at(&home().parent().unwrap().join("class/anna"));
        assert!(deeper.head().contains("path = \"../../step01-socket\""));
        assert!(
            deeper
                .settings()
                .contains("\"run --quiet --manifest-path ../../Cargo.toml ")
        );
    }

    #[test]
    fn a_workbook_beside_the_steps_may_be_moved_together_with_them() {
        let here = Workbook::here();
        assert!(here.folder().ends_with("workbook") && !here.folder().ends_with("../workbook"));
        assert!(here.head().contains("path = \"../step01-socket\""));
        assert!(here.settings().contains(" ../Cargo.toml "));
        let folder = TempFolder::new().unwrap();
        let elsewhere = Workbook::at(folder.path());
        let step = home().join("../step01-socket").canonicalize().unwrap();
        assert!(elsewhere.head().contains(&format!("path = {step:?}")));
    }

    #[test]
    fn cargo_understands_the_settings_of_both_folders_together() {
        let folder = TempFolder::new().unwrap();
        let course = fs::read_to_string(home().join("../.cargo/config.toml")).unwrap();
        let inside = folder.path().join("workbook");
        let levels = [
            (folder.path(), course),
            (&inside, Workbook::here().settings()),
        ];
        for (level, settings) in levels {
            fs::create_dir_all(level.join(".cargo")).unwrap();
            fs::write(level.join(".cargo/config.toml"), settings).unwrap();
        }
        let mut cargo = std::process::Command::new(env!("CARGO"));
        let output = cargo.arg("--list").current_dir(&inside).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("../Cargo.toml"));
    }

    #[test]
    fn a_workbook_is_found_from_within() {
        let folder = TempFolder::new().unwrap();
        let workbook = Workbook::at(folder.path());
        assert!(!workbook.is_there());
        workbook.add(&[]).unwrap();
        assert!(workbook.is_there());
        let inside = folder.path().join("results");
        assert_eq!(Workbook::meant(&inside).folder(), folder.path());
    }
}
