//! Rules about the course's own files, as functions over text.
//!
//! Each takes what it judges and returns what is wrong with it, one sentence each; the suite
//! `tidy.rs` applies them to the tree. A rule that cannot fail is worth nothing, so each has a
//! broken example among the tests below it.

mod architecture;
mod code;
mod manifests;
mod sources;

pub use architecture::{Enforcer, enforcers};
pub use code::code_only;
pub use manifests::{Dependency, dependencies, step_number, wrong_dependencies};
pub use sources::{
    forbids_unsafe, has_module_doc, is_command, lines_before_tests, long_functions,
    misplaced_words, unjustified_unsafe, unsafe_words,
};

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Every file under `folder` whose name ends in one of `endings`, sorted; what a build or a student has
/// put there (`target`, `workbook`) and everything hidden is left out.
///
/// # Errors
/// What reading a folder reports.
pub fn files(folder: &Path, endings: &[&str]) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_left_out(&name) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The names directly in `folder`, sorted, without those that [`files`] leaves out.
///
/// # Errors
/// What reading the folder reports.
pub fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !is_left_out(&name) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn is_left_out(name: &str) -> bool {
    name.starts_with('.') || name == "target" || name == "workbook"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TempFolder;

    #[test]
    fn what_is_built_or_hidden_is_left_out() {
        let folder = TempFolder::new().unwrap();
        for name in ["a.rs", "b/c.rs", "b/d.txt", "target/e.rs", ".git/f.rs"] {
            folder.write(name, "").unwrap();
        }
        let found = files(folder.path(), &[".rs"]).unwrap();
        let relative: Vec<_> = found
            .iter()
            .map(|path| path.strip_prefix(folder.path()).unwrap())
            .collect();
        assert_eq!(relative, [Path::new("a.rs"), Path::new("b/c.rs")]);
        assert_eq!(names(folder.path()).unwrap(), ["a.rs", "b"]);
    }
}
