//! From a checked path to an open file.
//!
//! This is a seam: [`Files`](crate::Files) asks a [`Lookup`] and does not care who answers.
//! [`Disk`] asks the file system every time; a cache can stand before it.
//!
//! [`Disk`] resolves every symbolic link first, looks whether the result is still below the root,
//! and then opens it. Between the look and the opening there is a gap: whoever may write below the
//! root can put a link, or a FIFO, where a file was a moment ago. Portable calls cannot close it;
//! Linux's openat2(2) can, because it resolves and opens in one step.

use crate::SitePath;
use crate::encoding::Sibling;
use crate::prepared::Prepared;
use crate::respond::{now, text_of};
use http_parse::HttpDate;
use socket::{AcceptFate, accept_fate};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Finds what a path names. [`Disk::find`] is one; so is a cache before it.
pub type Lookup = dyn Fn(&SitePath) -> Result<Found, Denied> + Send + Sync;

/// What a path names.
#[derive(Clone, Debug)]
pub enum Found {
    /// A regular file, open.
    File(Arc<OpenFile>),
    /// A folder.
    Folder,
}

/// A regular file, with what is said about it in every response.
#[derive(Clone, Debug)]
pub struct OpenFile {
    /// Open for reading. Shared, so it is read at offsets only, never through its position.
    pub file: Arc<File>,
    /// Octets when it was opened.
    pub len: u64,
    /// Last modification, in whole seconds; never in the future (RFC 9110 §8.8.2.1).
    pub modified: HttpDate,
    /// A strong entity tag, with its quotes.
    pub etag: Box<str>,
    /// `modified`, written out.
    pub last_modified: Box<str>,
    /// All `len` octets, where a cache keeps them; `None` from [`Disk`].
    pub body: Option<Arc<[u8]>>,
    /// Its encoded forms, the preferred one first; none from [`Disk`], see
    /// [`with_siblings`](crate::with_siblings).
    pub siblings: Vec<Sibling>,
    /// The fields of its answers, where a cache keeps them, see [`prepare`](crate::prepare).
    pub prepared: Option<Arc<Prepared>>,
}

/// Why a path gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// There is nothing, or nothing that may be known of.
    NotFound,
    /// It exists and is not for reading: no permission, or neither file nor folder.
    Forbidden,
    /// The system failed; with `ResourceBusy` for lack of something that it has again in a moment,
    /// such as a free descriptor.
    Failed(io::ErrorKind),
}

impl OpenFile {
    /// The same file with its octets in memory, for a cache: all [`OpenFile::len`] of them.
    #[must_use]
    pub fn with_body(&self, body: Arc<[u8]>) -> OpenFile {
        OpenFile {
            body: Some(body),
            ..self.clone()
        }
    }
}

impl From<io::Error> for Denied {
    fn from(error: io::Error) -> Denied {
        match error.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::InvalidFilename => Denied::NotFound,
            io::ErrorKind::PermissionDenied => Denied::Forbidden,
            // Opening a file fails for the same lack as accepting a connection does.
            _ if matches!(accept_fate(&error), AcceptFate::Pause) => {
                Denied::Failed(io::ErrorKind::ResourceBusy)
            }
            kind => Denied::Failed(kind),
        }
    }
}

impl Found {
    /// Describes what has just been opened, by asking the open file itself: its name may mean
    /// something else by now.
    ///
    /// # Errors
    /// [`Denied::Forbidden`] when it is neither file nor folder, [`Denied::Failed`] when it cannot
    /// be asked.
    pub fn describe(file: File) -> Result<Found, Denied> {
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Ok(Found::Folder);
        }
        if !metadata.is_file() {
            return Err(Denied::Forbidden);
        }
        let seconds = u64::try_from(metadata.mtime()).unwrap_or(0).min(now());
        let modified = HttpDate { seconds };
        Ok(Found::File(Arc::new(OpenFile {
            file: Arc::new(file),
            len: metadata.len(),
            modified,
            etag: entity_tag(&metadata),
            last_modified: text_of(&modified.format()).into(),
            body: None,
            siblings: Vec::new(),
            prepared: None,
        })))
    }
}

/// Tells two contents apart as well as the file system can: another file, another length, or
/// another time of writing, in nanoseconds. What it misses is a file rewritten in place, at equal
/// length, within one tick of the kernel's clock.
///
/// Source: RFC 9110 §8.8.3
// ANCHOR: entity_tag
fn entity_tag(metadata: &fs::Metadata) -> Box<str> {
    let nanoseconds =
        i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
    format!(
        "\"{:x}-{:x}-{nanoseconds:x}\"",
        metadata.ino(),
        metadata.len()
    )
    .into()
}
// ANCHOR_END: entity_tag

/// A folder of the file system that is a site's root. Nothing outside of it is ever opened.
#[derive(Clone, Debug)]
pub struct Disk {
    /// Absolute, without symbolic links.
    root: PathBuf,
}

impl Disk {
    /// Takes a folder as the root.
    ///
    /// # Errors
    /// `NotFound`, `PermissionDenied`, or `NotADirectory`.
    pub fn new(root: &Path) -> io::Result<Disk> {
        let root = root.canonicalize()?;
        if !root.metadata()?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Disk { root })
    }

    /// The root, absolute and without symbolic links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Finds a file and opens it, or a folder.
    ///
    /// # Errors
    /// [`Denied::NotFound`] also for a symbolic link that leads out of the root, in circles, or
    /// nowhere, and for a name too long for the file system. [`Denied::Forbidden`] for what may not
    /// be read, and for FIFOs, sockets and devices: opening a FIFO waits for somebody who writes to
    /// it, and opening some devices does things.
    // ANCHOR: find
    pub fn find(&self, path: &SitePath) -> Result<Found, Denied> {
        let resolved = self.resolve(path.relative())?;
        let kind = fs::metadata(&resolved)?.file_type();
        if kind.is_dir() {
            return Ok(Found::Folder);
        }
        if !kind.is_file() {
            return Err(Denied::Forbidden);
        }
        Found::describe(File::open(&resolved)?)
    }
    // ANCHOR_END: find

    /// Follows every symbolic link and makes sure that the result is below the root.
    ///
    /// # Errors
    /// [`Denied::NotFound`] when it is not; else as [`Disk::find`].
    // ANCHOR: resolve
    pub(crate) fn resolve(&self, relative: &Path) -> Result<PathBuf, Denied> {
        // Nothing is opened here, so a kind without a name of its own is ELOOP, links in circles.
        let resolved = self.root.join(relative).canonicalize();
        let resolved = resolved.map_err(|error| match Denied::from(error) {
            Denied::NotFound | Denied::Failed(_) => Denied::NotFound,
            Denied::Forbidden => Denied::Forbidden,
        })?;
        if !resolved.starts_with(&self.root) {
            return Err(Denied::NotFound);
        }
        Ok(resolved)
    }
    // ANCHOR_END: resolve
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    #[track_caller]
    fn check(code: i32, expected: Denied) {
        let error = io::Error::from_raw_os_error(code);
        assert_eq!(Denied::from(error), expected, "{code}");
    }

    #[test]
    fn a_tag_is_made_of_inode_length_and_nanoseconds() {
        let path = std::env::temp_dir().join(format!("step03-tag-{}", std::process::id()));
        fs::write(&path, "seven!!").unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        let modified = SystemTime::UNIX_EPOCH + Duration::new(784_111_777, 5);
        file.set_modified(modified).unwrap();
        let inode = file.metadata().unwrap().ino();
        let found = Found::describe(File::open(&path).unwrap());
        fs::remove_file(path).unwrap();
        let Ok(Found::File(file)) = found else {
            panic!("a regular file");
        };
        let nanoseconds = 784_111_777_000_000_005_u64;
        assert_eq!(*file.etag, format!("\"{inode:x}-7-{nanoseconds:x}\""));
        let body = Arc::from(&b"seven!!"[..]);
        let cached = file.with_body(Arc::clone(&body));
        assert_eq!((cached.body, cached.etag), (Some(body), file.etag.clone()));
    }

    #[test]
    fn what_is_lacking_for_a_moment_is_told_from_what_has_failed() {
        let (eperm, enoent, eio, enomem, eacces, enotdir) = (1, 2, 5, 12, 13, 20);
        let (enfile, emfile) = (23, 24);
        for code in [enomem, enfile, emfile] {
            check(code, Denied::Failed(io::ErrorKind::ResourceBusy));
        }
        for code in [enoent, enotdir] {
            check(code, Denied::NotFound);
        }
        for code in [eperm, eacces] {
            check(code, Denied::Forbidden);
        }
        let error = io::Error::from_raw_os_error(eio);
        check(eio, Denied::Failed(error.kind()));
    }
}
