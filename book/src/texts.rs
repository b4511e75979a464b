//! Folders of texts, one file a thing: the exercises, the predictions.
//!
//! Whatever is wrong with a file is told together with its path, for whoever has to mend it.

use std::fmt;
use std::fs;
use std::path::Path;

/// Makes something of a file's name, without its ending, and of its text; or says what is wrong.
pub(crate) type Reader<T> = fn(&str, &str) -> Result<T, &'static str>;

/// What one file is about.
///
/// # Errors
/// One sentence: it cannot be read, or does not say what it should.
pub(crate) fn one<T>(path: &Path, read: Reader<T>) -> Result<T, String> {
    let text = fs::read_to_string(path).map_err(|error| failed(path, &error))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    read(&name, &text).map_err(|why| failed(path, &why))
}

/// What all files of a folder are about, in no order.
///
/// # Errors
/// As [`one`], for the first file of which it is true; or the folder cannot be read.
pub(crate) fn all<T>(folder: &Path, read: Reader<T>) -> Result<Vec<T>, String> {
    let entries = fs::read_dir(folder).map_err(|error| failed(folder, &error))?;
    entries
        .map(|entry| {
            let entry = entry.map_err(|error| failed(folder, &error))?;
            one(&entry.path(), read)
        })
        .collect()
}

fn failed(path: &Path, why: &dyn fmt::Display) -> String {
    format!("{}: {why}", path.display())
}
