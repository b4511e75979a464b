//! The learner's folder: a workspace of its own, one file an exercise.
//!
//! ```text
//! workbook/Cargo.toml      the exercises there are, and where the course is
//! workbook/lib.rs          what several exercises share; empty to begin with
//! workbook/3f.rs           an exercise: `cargo test --test 3f`
//! workbook/results/3f      what was last said about it
//! ```
//!
//! A file that is there is never written to again, but for `Cargo.toml`, to which new exercises are
//! added. So neither an update of the course nor a second start can take anything away.

use crate::exercises::Exercise;
use crate::home;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

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
        Workbook::at(&home().join("../workbook"))
    }

    /// One in another place.
    pub fn at(folder: &Path) -> Workbook {
        let folder = folder.to_owned();
        Workbook { folder }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
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
        let manifest = self.folder.join("Cargo.toml");
        let mut text = match fs::read_to_string(&manifest) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.head(),
            Err(error) => return Err(error),
        };
        write_new(&self.folder.join("lib.rs"), SHARED)?;
        write_new(&self.folder.join(".gitignore"), "/target\n")?;
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
            "# Your workbook. `cargo course start` adds exercises that are new, and changes nothing else.\n\
         [workspace]\n\n\
         [package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n\
         [lib]\npath = \"lib.rs\"\ntest = false\ndoctest = false\n\n\
         # An exercise is built in a moment when nothing is kept for a debugger but line numbers.\n\
         [profile.dev]\ndebug = \"line-tables-only\"\n\n\
         [dependencies]\n",
        );
        let course = home().join("..");
        let course = course.canonicalize().unwrap_or(course);
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
}

/// Writes a file unless there is one; says whether there was none.
fn write_new(path: &Path, text: &str) -> io::Result<bool> {
    match fs::File::create_new(path) {
        Ok(mut file) => io::Write::write_all(&mut file, text.as_bytes()).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}
