//! The folder a subject is given to serve, made anew for each run.
//!
//! ```text
//! canary                 outside the root: no octet of it may ever be served
//! root/index.html        root/sub/index.html
//! root/hello.txt         root/digits.txt  "0123456789"      root/empty.txt
//! root/odd/              no index; names with < & % space " and octets that are no UTF-8
//! root/made/             files of random sizes and octets, in folders
//! root/kept/letter.txt   for whom it is meant
//! root/sorted/           and root/errors/: see `tree_beyond.rs`
//! root/outward           a symbolic link to the canary
//! root/big.bin           8 MiB          root/sparse.bin     2 GiB, of which two pages exist
//! programs/              see [`PROGRAMS`]
//! wsgi/app.py            a Python application, and what it notes
//! ```

use crate::folder::TempFolder;
use crate::grader::tree_beyond;
use crate::rng::Rng;
use std::ffi::OsStr;
use std::fs::{self, File, FileTimes};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

/// What is outside of the root and must stay there; no file within holds any part of it.
pub(crate) const CANARY: &str = "canary-5f1d0c77-this-file-is-outside-the-root";

/// When `digits.txt` was last modified, as a date field says it.
pub(crate) const MODIFIED: &str = "Wed, 01 Jan 2020 00:00:00 GMT";

/// The same, in seconds since 1970.
const MODIFIED_SECONDS: u64 = 1_577_836_800;

/// The content of `digits.txt`.
pub(crate) const DIGITS: &[u8] = b"0123456789";

/// Octets of `sparse.bin`: more than an `i32` can count.
pub(crate) const SPARSE_BYTES: u64 = 2 << 30;

/// Octets of `big.bin`: more than the kernel's buffers of both ends hold.
pub(crate) const BIG_BYTES: usize = 8 << 20;

/// The content of `kept/letter.txt`.
pub(crate) const LETTER: &[u8] = b"letter-7d20-for-the-reader-alone\n";

/// What stands in `sparse.bin`, and where: elsewhere it is zeros.
pub(crate) const MARKS: [(u64, &[u8]); 2] = [
    (1_000_000_000, b"the first mark"),
    (SPARSE_BYTES - 15, b"the second mark"),
];

/// File names that need escaping in a page, in a target, or in both.
pub(crate) const ODD_NAMES: [&[u8]; 9] = [
    b"a b.txt",
    b"a&b.txt",
    b"<i>.txt",
    b"100%.txt",
    b"a\"b'.txt",
    b"a?b#c.txt",
    b"a:b.txt",
    b"\xc3\xa9.txt",
    b"\xff\xfe.txt",
];

/// Programs for `/cgi/`: what each is called, and what it does after `#!/bin/sh`.
pub(crate) const PROGRAMS: [(&str, &str); 7] = [
    // Says what it was told, once it has taken what else it was sent.
    (
        "dump",
        "printf 'Content-Type: text/plain\\n\\n'\nhead -c \"${CONTENT_LENGTH:-0}\" >/dev/null\nexec env\n",
    ),
    // Sends back what it gets.
    (
        "cat",
        "printf 'Content-Type: application/octet-stream\\n\\n'\nexec head -c \"$CONTENT_LENGTH\"\n",
    ),
    // Says its number at once, and then nothing for ten minutes.
    (
        "slow",
        "printf 'Content-Type: text/plain\\n\\nprocess %s\\n' $$\nexec sleep 600\n",
    ),
    // Names the file that the query names, and says something else itself.
    (
        "send",
        "printf 'Content-Type: text/x-sent\\nContent-Length: 8\\nX-Odd: kept\\n'\n\
         printf 'X-Sendfile: %s\\n\\nnot this' \"$QUERY_STRING\"\n",
    ),
    // Tells of what it was told, and what it was sent.
    (
        "one",
        "printf 'Status: 201 Made\nContent-Type: application/x-one\nX-App: one\nX-App: two\n\n'\n\
         for name in REQUEST_METHOD PATH_INFO QUERY_STRING CONTENT_TYPE SERVER_PROTOCOL HTTP_X_ODD\n\
         do eval \"printf '%s=%s\\n' $name \\\"\\${$name:-}\\\"\"\ndone\n\
         exec head -c \"${CONTENT_LENGTH:-0}\"\n",
    ),
    // Ends without a word.
    ("mute", "exit 0\n"),
    // Neither says a word nor ends, for ten minutes.
    ("hang", "exec sleep 600\n"),
];

/// Says that a folder was made by a grader, which may therefore make it anew.
const MARK: &str = ".made-by-check";

/// A folder with the files above.
#[derive(Debug)]
pub struct Tree {
    base: PathBuf,
    /// Removes the folder on drop, unless it is to be kept.
    temporary: Option<TempFolder>,
    made: Vec<(String, Vec<u8>)>,
}

impl Tree {
    /// Writes the files to a folder that is removed on drop.
    ///
    /// # Errors
    /// What the file system reports.
    pub fn new() -> io::Result<Tree> {
        let folder = TempFolder::new()?;
        let base = folder.path().to_owned();
        Tree::write(base, Some(folder))
    }

    /// Writes the files to `base`, and leaves them there.
    ///
    /// # Errors
    /// `AlreadyExists` for a folder that has anything else in it, which is not touched; what the
    /// file system reports.
    pub fn kept(base: &Path) -> io::Result<Tree> {
        let is_empty = match fs::read_dir(base) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) if error.kind() == ErrorKind::NotFound => true,
            Err(error) => return Err(error),
        };
        if !is_empty && !base.join(MARK).exists() {
            return Err(io::Error::new(
                ErrorKind::AlreadyExists,
                "it holds other files, which would be in danger; name a new folder",
            ));
        }
        if !is_empty {
            fs::remove_dir_all(base)?;
        }
        fs::create_dir_all(base)?;
        fs::write(base.join(MARK), "")?;
        Tree::write(base.canonicalize()?, None)
    }

    /// The folder to be served.
    pub fn root(&self) -> PathBuf {
        self.base.join("root")
    }

    /// The folder of the programs that are run for `/cgi/`.
    pub fn programs(&self) -> PathBuf {
        self.base.join("programs")
    }

    /// The folder of the Python application, and of what it notes.
    pub fn wsgi(&self) -> PathBuf {
        self.base.join("wsgi")
    }

    /// Removes the folder now, unless it is to be kept: for a process that is about to end
    /// without dropping anything.
    pub fn remove(&self) {
        if self.temporary.is_some() {
            // What cannot be removed is left to whoever cleans the temporary folder.
            let _ = fs::remove_dir_all(&self.base);
        }
    }

    /// Where a server's standard error goes.
    pub(crate) fn log(&self) -> PathBuf {
        static SERIAL: AtomicU32 = AtomicU32::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        self.base.join(format!("stderr-{serial}"))
    }

    /// Targets of ordinary files and what they hold.
    pub(crate) fn made(&self) -> &[(String, Vec<u8>)] {
        &self.made
    }

    fn write(base: PathBuf, temporary: Option<TempFolder>) -> io::Result<Tree> {
        let root = base.join("root");
        let mut made = vec![
            ("/hello.txt".into(), b"Hello, reader.\n".to_vec()),
            ("/digits.txt".into(), DIGITS.to_vec()),
            ("/empty.txt".into(), Vec::new()),
            ("/index.html".into(), page("front")),
            ("/sub/index.html".into(), page("sub")),
            ("/big.bin".into(), Rng::from_seed(8).octets(BIG_BYTES)),
        ];
        let mut rng = Rng::from_seed(3);
        for number in 0..40 {
            let len = rng.below(30_000);
            let target = format!("/made/{}/{number}.bin", number % 4);
            made.push((target, rng.octets(len)));
        }
        for (target, content) in &made {
            let path = root.join(&target[1..]);
            fs::create_dir_all(path.parent().unwrap_or(&root))?;
            fs::write(path, content)?;
        }
        fs::create_dir_all(root.join("odd"))?;
        for name in ODD_NAMES {
            fs::write(root.join("odd").join(OsStr::from_bytes(name)), name)?;
        }
        fs::create_dir_all(root.join("kept"))?;
        fs::write(root.join("kept/letter.txt"), LETTER)?;
        tree_beyond::write(&root)?;
        fs::write(base.join("canary"), CANARY)?;
        symlink("../canary", root.join("outward"))?;
        write_sparse(&root.join("sparse.bin"))?;
        date(&root.join("digits.txt"), MODIFIED_SECONDS)?;
        write_programs(&base.join("programs"))?;
        fs::create_dir(base.join("wsgi"))?;
        fs::write(base.join("wsgi/app.py"), include_str!("app.py"))?;
        Ok(Tree {
            base,
            temporary,
            made,
        })
    }
}

pub(super) fn page(title: &str) -> Vec<u8> {
    format!("<!doctype html><title>{title}</title>").into_bytes()
}

fn write_sparse(path: &Path) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.set_len(SPARSE_BYTES)?;
    for (at, text) in MARKS {
        file.seek(SeekFrom::Start(at))?;
        file.write_all(text)?;
    }
    Ok(())
}

/// Another process writes them: a program that this one still has open, were it only in a child just
/// forked by another thread, cannot be run.
fn write_programs(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, script) in PROGRAMS {
        let write = r#"printf '#!/bin/sh\n%s' "$1" >"$2" && chmod +x "$2""#;
        let status = Command::new("sh")
            .args(["-c", write, "sh", script])
            .arg(folder.join(name))
            .status()?;
        if !status.success() {
            return Err(io::Error::other("a program cannot be written"));
        }
    }
    Ok(())
}

pub(super) fn date(path: &Path, seconds: u64) -> io::Result<()> {
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let times = FileTimes::new().set_modified(modified);
    File::options().write(true).open(path)?.set_times(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_elses_folder_is_left_alone() {
        let folder = TempFolder::new().unwrap();
        let file = folder.write("mine.txt", "mine").unwrap();
        let error = Tree::kept(folder.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(file).unwrap(), b"mine");
    }

    #[test]
    fn a_kept_folder_is_made_anew() {
        let folder = TempFolder::new().unwrap();
        let base = folder.path().join("tree");
        drop(Tree::kept(&base).unwrap());
        fs::remove_file(base.join("root/hello.txt")).unwrap();
        let tree = Tree::kept(&base).unwrap();
        assert!(tree.root().join("hello.txt").exists());
    }
}
