//! Who is to be graded: the files that a pattern finds, each with its command line.

use crate::Failure;
use check::grader;
use std::path::{Path, PathBuf};

/// One server, of one student or group.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Submission {
    /// What the `*` stands for.
    pub(super) name: String,
    /// The folder of the file that was found.
    pub(super) folder: PathBuf,
    /// Its command line, with the places that are to be filled.
    pub(super) words: Vec<String>,
}

impl Submission {
    /// Everybody whom a command line with a `*` in it finds, by name.
    pub(super) fn all(each: &str) -> Result<Vec<Submission>, Failure> {
        let advice = "Such as: --each 'submissions/*/run.sh {port} {root}'";
        let words = grader::words(each).map_err(|why| Failure::new(why, advice))?;
        let patterns = words.iter().filter(|word| word.contains('*')).count();
        let at = words.iter().position(|word| word.contains('*'));
        let (Some(at), 1) = (at, patterns) else {
            let what = format!("one word of `{each}` has to have a *, and {patterns} have");
            return Err(Failure::new(what, advice));
        };
        let pattern = &words[at];
        let found = glob::glob(pattern).map_err(|error| Failure::new(error.to_string(), advice))?;
        let one = |path: PathBuf| {
            let path = path.canonicalize().ok().filter(|path| path.is_file())?;
            let mut words = words.clone();
            words[at] = path.to_string_lossy().into_owned();
            Some(Submission {
                name: name(pattern, &path),
                folder: path.parent()?.to_owned(),
                words,
            })
        };
        // What cannot be looked into holds nobody's submission.
        let all: Vec<Submission> = found.flatten().filter_map(one).collect();
        match all.is_empty() {
            true => Err(Failure::new(format!("nothing is called {pattern}"), advice)),
            false => Ok(all),
        }
    }
}

/// The part of `path` in the place of the first `*`, counted from the end, where both are the same.
fn name(pattern: &str, path: &Path) -> String {
    let parts: Vec<&str> = pattern.split('/').filter(|part| *part != ".").collect();
    let star = parts.iter().position(|part| part.contains('*'));
    let from_the_end = star.map_or(1, |star| parts.len() - star);
    let part = path.iter().rev().nth(from_the_end - 1);
    part.unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use check::TempFolder;

    #[test]
    fn a_pattern_finds_everybody_by_name() {
        let folder = TempFolder::new().unwrap();
        for name in ["b c", "a"] {
            folder.write(&format!("{name}/run.sh"), "").unwrap();
        }
        folder.write("readme/none", "").unwrap();
        let each = format!("sh '{}/*/run.sh' {{port}}", folder.path().display());
        let all = Submission::all(&each).unwrap();
        let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["a", "b c"]);
        let path = folder.path().join("b c/run.sh");
        assert_eq!(all[1].words, ["sh", &path.to_string_lossy(), "{port}"]);
        assert_eq!(all[1].folder, folder.path().join("b c"));
    }

    #[test]
    fn a_pattern_that_finds_nobody_is_refused() {
        for each in [
            "run.sh {port}",
            "*/a */b {port}",
            "/no/such/*/x {port}",
            "x/*",
        ] {
            assert!(Submission::all(each).is_err(), "{each}");
        }
    }
}
