//! What stands around the body of an exercise: the program that is judged, and the one that judges.
//!
//! An exercise is one file, and `main` in it is one call of [`main`]. The program it makes is two:
//!
//! ```text
//! 3f                                      judges itself: its own check, then all it has to keep
//! 3f serve 127.0.0.1:8080 root=FOLDER …   serves, as it is asked to while it is judged
//! ```
//!
//! Being a program of its own, it faces the same checks as a server in any language, and its memory,
//! its threads and its end are its alone.

mod given;
pub mod pages;

pub use given::Given;

use crate::grader::{Check, Problem, Subject, Tree, find};
use http_parse::Method;
use static_files::{Disk, Found, Request, SitePath};
use std::fs::DirEntry;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

/// The word that makes an exercise serve.
const SERVE: &str = "serve";

/// What an exercise may be told beside its address, each as `NAME=VALUE`.
const PLACES: [&str; 8] = [
    "root", "cgi", "wsgi", "upstream", "other", "fastcgi", "scgi", "uwsgi",
];

/// The folder, beside the exercises, of what was last said about each.
const RESULTS: &str = "results";

/// What is in the folder that a request asks to see: nothing is hidden but names that begin with a
/// dot, and of more than 10,000 names some are left out. `None` where the request does not read, or
/// not a folder, or one that has an index.
///
/// # Errors
/// What the file system reports.
pub fn folder_of(request: &Request, disk: &Disk) -> io::Result<Option<Vec<DirEntry>>> {
    const MOST: usize = 10_000;
    let reads = matches!(request.method(), Method::Get | Method::Head);
    let path = SitePath::parse(request.path()).ok();
    let Some(path) = path.filter(|path| reads && path.ends_in_slash()) else {
        return Ok(None);
    };
    let has_index = matches!(disk.find(&path.child("index.html")), Ok(Found::File(_)));
    if has_index || !matches!(disk.find(&path), Ok(Found::Folder)) {
        return Ok(None);
    }
    let entries = fs::read_dir(disk.root().join(path.relative()))?.take(MOST);
    let is_shown = |entry: &io::Result<DirEntry>| match entry {
        Ok(entry) => !entry.file_name().as_encoded_bytes().starts_with(b"."),
        Err(_) => true,
    };
    entries
        .filter(is_shown)
        .collect::<io::Result<_>>()
        .map(Some)
}

/// The program of an exercise: serves when it is told to, and otherwise judges itself.
pub fn main(id: &str, serve: fn(&Given) -> io::Result<()>) -> ExitCode {
    let mut words = env::args().skip(1);
    if words.next().as_deref() == Some(SERVE) {
        let served = Given::read(words).map(|given| serve(&given));
        return match served {
            Ok(Ok(())) => ExitCode::SUCCESS,
            Ok(Err(error)) => said(&error.to_string()),
            Err(why) => said(&why),
        };
    }
    let judged = env::current_exe()
        .and_then(|program| Tree::new().map(|tree| judge(id, &subject(&program), &tree)));
    match judged {
        Ok(code) => code,
        Err(error) => said(&error.to_string()),
    }
}

fn said(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::FAILURE
}

/// An exercise that was built, as something that can be judged.
pub fn subject(program: &Path) -> Subject {
    let mut words = vec![program.to_string_lossy().into_owned()];
    words.extend([SERVE, "{addr}"].map(str::to_owned));
    words.extend(PLACES.map(|name| format!("{name}={{{name}}}")));
    Subject::words(words)
}

/// Judges an exercise by its own check, and when it passes that, by those that it has to keep.
fn judge(id: &str, subject: &Subject, tree: &Tree) -> ExitCode {
    let Some(check) = find(id) else {
        return said(&format!("there is no check {id}"));
    };
    let own = passes(&check, subject, tree);
    let kept = own && check.earlier().all(|check| passes(&check, subject, tree));
    let folder = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    if let Some(Err(error)) = folder.map(|folder| record(&folder, id, own && kept)) {
        eprintln!("the result could not be written down: {error}");
    }
    match (own, kept) {
        (true, true) => {
            println!("solved: `cargo course next` goes on");
            ExitCode::SUCCESS
        }
        (true, false) => said("something that worked before does not work any more"),
        (false, _) => said(&format!(
            "not yet: edit {id}.rs and run this again; `cargo course hint {id}` helps"
        )),
    }
}

fn passes(check: &Check, subject: &Subject, tree: &Tree) -> bool {
    let Check { id, title, .. } = check;
    match (check.run)(subject, tree) {
        Ok(()) => println!("{id}  {title}: passed"),
        Err(Problem::Wrong(finding)) => {
            println!("{id}  {title}: failed\n\n{finding}");
            return false;
        }
        Err(Problem::NotServing(why) | Problem::NotJudged(why)) => {
            println!("{id}  {title}: {why}");
            return false;
        }
    }
    true
}

/// Writes down whether an exercise of the workbook `folder` is solved.
///
/// # Errors
/// What the file system reports.
pub fn record(folder: &Path, id: &str, solved: bool) -> io::Result<()> {
    let results = folder.join(RESULTS);
    fs::create_dir_all(&results)?;
    let word = if solved { "solved\n" } else { "tried\n" };
    fs::write(results.join(id), word)
}

/// How far a learner has come with an exercise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It was never judged.
    Untried,
    /// It was judged, and did not pass the last time.
    Tried,
    /// It passed the last time.
    Solved,
}

/// What was last written down about an exercise in the workbook `folder`.
pub fn progress(folder: &Path, id: &str) -> Progress {
    match fs::read_to_string(folder.join(RESULTS).join(id)) {
        Ok(word) if word.trim() == "solved" => Progress::Solved,
        Ok(_) => Progress::Tried,
        Err(_) => Progress::Untried,
    }
}

/// Forgets what was written down about an exercise.
///
/// # Errors
/// What the file system reports.
pub fn forget(folder: &Path, id: &str) -> io::Result<()> {
    match fs::remove_file(folder.join(RESULTS).join(id)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
