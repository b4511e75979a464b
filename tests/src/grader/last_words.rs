//! What is said of a server that did not start, or has ended.

use crate::grader::verdict::Problem;
use crate::subject::START_AND_STOP;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Octets of what a server said on standard error that are shown.
const LAST_WORDS_BYTES: usize = 600;

/// Why a server does not serve, from what starting it has reported.
pub(super) fn not_started(words: &[String], error: &io::Error, log: &Path) -> Problem {
    let program = words.first().map_or("", String::as_str);
    match error.kind() {
        ErrorKind::NotFound => Problem::NotServing(format!(
            "there is no program `{program}`: check the spelling, or give the path to it"
        )),
        ErrorKind::PermissionDenied => Problem::NotServing(format!(
            "`{program}` may not be run: try chmod +x {program}"
        )),
        ErrorKind::InvalidInput => Problem::NotServing(error.to_string()),
        ErrorKind::TimedOut => Problem::NotServing(format!(
            "the server does not accept connections on its address within {START_AND_STOP:?}: \
             does its command use {{port}} or {{addr}}?{}",
            last_words(log)
        )),
        _ => Problem::NotServing(format!("the server: {error}{}", last_words(log))),
    }
}

/// The end of what a server said on standard error, as the end of a sentence.
pub(super) fn last_words(log: &Path) -> String {
    let said = fs::read(log).unwrap_or_default();
    let from = said.len().saturating_sub(LAST_WORDS_BYTES);
    let text = String::from_utf8_lossy(&said[from..]);
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    match lines[..] {
        [] => String::new(),
        _ => format!("; its last words:\n    {}", lines.join("\n    ")),
    }
}
