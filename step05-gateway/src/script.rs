//! From the names in a path to the program that is meant by them.
//!
//! ```text
//!     /cgi   /sub   /tool.py   /a/b           folder: /srv/cgi
//!     mount  folder program    PATH_INFO      program: /srv/cgi/sub/tool.py
//! ```
//!
//! The first name that is no folder is the program, and everything behind it is the program's to
//! understand. That the file exists is looked up *here*, before anything is started: servers
//! that left it to the interpreter have run uploaded pictures as programs.
//!
//! Between the look and the start somebody may exchange the file. This server does not defend
//! the folder of programs against those who may write into it: they can run what they like anyway.

use http_parse::Status;
use static_files::Response;
use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A program that may be run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Script {
    /// Its file, with every link followed.
    pub(crate) file: PathBuf,
    /// How many names lead to it; the rest is PATH_INFO.
    pub(crate) depth: usize,
}

/// Why there is no program to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoScript {
    /// Nothing of that name, or nothing that is shown: a dotfile, a link that leads out.
    Missing,
    /// A file without permission to be executed.
    NotExecutable,
    /// A pipe, a socket, a device.
    NotAFile,
    /// A program that wants to speak HTTP itself.
    Unparsed,
    /// The system does not let us look.
    Forbidden,
}

impl From<NoScript> for Response {
    fn from(reason: NoScript) -> Response {
        let (status, sentence) = match reason {
            NoScript::Missing => (
                Status::NOT_FOUND,
                "There is no program at this address. Check its spelling, upper and lower case included.",
            ),
            NoScript::NotExecutable => (
                Status::FORBIDDEN,
                "This file may not be run as a program. If it is yours, allow it with chmod +x.",
            ),
            NoScript::NotAFile => (
                Status::FORBIDDEN,
                "What is at this address is not a program.",
            ),
            NoScript::Unparsed => (
                Status::FORBIDDEN,
                "Programs whose names begin with nph- write to the connection themselves, and this server \
                 does not allow it: one wrong length would garble every later answer. Rename the program, \
                 and have it send \"Status: 200 OK\" in place of the status line.",
            ),
            NoScript::Forbidden => (
                Status::FORBIDDEN,
                "The server may not look there. If the folder is yours, allow it with chmod +rx.",
            ),
        };
        Response::error(status, sentence)
    }
}

/// Finds the program that `names` lead to, below `folder`, which has been canonicalised.
pub(crate) fn find(folder: &Path, names: &[Cow<'_, [u8]>]) -> Result<Script, NoScript> {
    let script = find_file(folder, names)?;
    let metadata = fs::metadata(&script.file).map_err(|error| refusal(error.kind()))?;
    check(&metadata, &names[script.depth - 1])?;
    Ok(script)
}

/// Finds the file that the first names lead to, below `folder`, which has been canonicalised.
pub(crate) fn find_file(folder: &Path, names: &[Cow<'_, [u8]>]) -> Result<Script, NoScript> {
    let mut file = folder.to_path_buf();
    for (at, name) in names.iter().enumerate() {
        file.push(plain(name).ok_or(NoScript::Missing)?);
        let metadata = fs::metadata(&file).map_err(|error| refusal(error.kind()))?;
        if metadata.is_dir() {
            continue;
        }
        let file = fs::canonicalize(&file).map_err(|error| refusal(error.kind()))?;
        // Nothing is told about a file outside, not even that it may not be run.
        if !file.starts_with(folder) {
            return Err(NoScript::Missing);
        }
        if !metadata.is_file() {
            return Err(NoScript::NotAFile);
        }
        let depth = at + 1;
        return Ok(Script { file, depth });
    }
    Err(NoScript::Missing)
}

/// A name that may be looked up: not hidden, and not two in one.
pub(crate) fn plain(name: &[u8]) -> Option<&OsStr> {
    let is_plain = !name.starts_with(b".") && !name.contains(&b'/');
    is_plain.then(|| OsStr::from_bytes(name))
}

fn check(metadata: &Metadata, name: &[u8]) -> Result<(), NoScript> {
    const ANYBODY_EXECUTES: u32 = 0o111;
    if name.starts_with(b"nph-") {
        return Err(NoScript::Unparsed);
    }
    if metadata.permissions().mode() & ANYBODY_EXECUTES == 0 {
        return Err(NoScript::NotExecutable);
    }
    Ok(())
}

/// Loops, names that are too long and the like are all no program.
fn refusal(kind: ErrorKind) -> NoScript {
    match kind {
        ErrorKind::PermissionDenied => NoScript::Forbidden,
        _ => NoScript::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TempDir;
    use std::os::unix::fs::symlink;

    fn tree() -> TempDir {
        let dir = TempDir::new();
        dir.program("cgi/tool", "");
        dir.program("cgi/sub/deep", "");
        dir.program("cgi/.hidden", "");
        dir.program("cgi/nph-raw", "");
        dir.program("outside", "");
        dir.file("cgi/plain", "");
        let cgi = dir.path().join("cgi");
        symlink("tool", cgi.join("alias")).expect("links can be made");
        symlink("../outside", cgi.join("escape")).expect("links can be made");
        symlink("..", cgi.join("up")).expect("links can be made");
        symlink("loop", cgi.join("loop")).expect("links can be made");
        dir
    }

    #[track_caller]
    fn check(path: &str, expected: Result<(&str, usize), NoScript>) {
        let tree = tree();
        let folder = tree.path().join("cgi");
        let names: Vec<Cow<'_, [u8]>> = path
            .split(' ')
            .filter(|name| !name.is_empty())
            .map(|name| Cow::Borrowed(name.as_bytes()))
            .collect();
        let expected = expected.map(|(file, depth)| Script {
            file: folder.join(file),
            depth,
        });
        assert_eq!(find(&folder, &names), expected, "{path}");
    }

    #[test]
    fn the_first_name_that_is_no_folder_is_the_program() {
        check("tool", Ok(("tool", 1)));
        check("tool a b", Ok(("tool", 1)));
        check("sub deep x", Ok(("sub/deep", 2)));
        check("alias x", Ok(("tool", 1)));
    }

    #[test]
    fn what_is_not_there_or_not_shown_is_missing() {
        for path in [
            "", "none", "sub", "sub none", ".hidden", "..", "a/b", "loop",
        ] {
            check(path, Err(NoScript::Missing));
        }
        check(&"x".repeat(300), Err(NoScript::Missing));
    }

    #[test]
    fn links_that_lead_out_are_missing() {
        check("escape", Err(NoScript::Missing));
        check("up outside", Err(NoScript::Missing));
    }

    #[test]
    fn files_that_may_not_be_run_are_refused_with_the_reason() {
        check("plain", Err(NoScript::NotExecutable));
        check("nph-raw", Err(NoScript::Unparsed));
    }
}
