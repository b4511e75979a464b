//! Open files and small bodies, kept for a moment.
//!
//! Opening, asking and closing a file costs more system calls than the rest of a request. What was
//! looked up is used again for up to a second; then the disk is asked anew. So a change is noticed
//! within a second, and a response is made from one look-up: head and content always belong
//! together.
//!
//! There is a set of shelves for each core, and a thread always goes to the same one: loops that
//! serve at the same time do not wait for each other, and find what they know in their own core's
//! memory. Where there are more threads than shelves, they share.

mod hash;
mod shelves;

use crate::sys;
use shelves::Shelves;
use static_files::{Denied, Found, OpenFile, Sibling, SitePath, prepare, with_siblings};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;
use std::time::Instant;

/// The largest content that is kept in memory. What is larger leaves by sendfile, which does not
/// copy it.
pub(crate) const SMALL: usize = 8 * 1024;

/// Which part of all descriptors the cache may hold: the others are for clients.
const SHARE: usize = 4;
/// Open files of one generation at most, however many descriptors there are.
const FILES: usize = 1024;

/// A cache before a look-up.
pub struct Cache<L> {
    lookup: L,
    /// One for each core.
    shelves: Box<[Mutex<Shelves>]>,
}

impl<L: Fn(&SitePath) -> Result<Found, Denied>> Cache<L> {
    /// A cache that asks `lookup` for what it does not know.
    pub fn new(lookup: L) -> Cache<L> {
        let cores = available_parallelism().map_or(1, usize::from);
        // Without a known limit it is the one that nearly every system has.
        let descriptors = sys::descriptor_limit().unwrap_or(1024);
        let generations = 2 * cores;
        let files = (descriptors / SHARE / generations).clamp(1, FILES);
        Cache {
            lookup,
            shelves: (0..cores)
                .map(|_| Mutex::new(Shelves::new(files)))
                .collect(),
        }
    }

    /// What `path` names, or named up to a second ago. Refusals are not kept: anybody can ask for
    /// any number of names that do not exist.
    ///
    /// # Errors
    /// Those of the look-up.
    pub fn find(&self, path: &SitePath) -> Result<Found, Denied> {
        let now = Instant::now();
        let name = path.relative().as_os_str().as_bytes();
        if let Some(found) = self.shelves().get(name, now) {
            return Ok(found);
        }
        // Two threads may look up the same path at once: each gets a right answer.
        let found = with_siblings((self.lookup)(path)?, path, &self.lookup);
        let found = prepare(with_bodies(found), path);
        self.shelves().put(name, &found, now);
        Ok(found)
    }

    /// This thread's, which as a rule nobody else is at.
    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed);
        }
        let shelves = &self.shelves[NUMBER.with(|number| number % self.shelves.len())];
        // A panic under this lock could only lose entries, and they can be had again.
        shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L> std::fmt::Debug for Cache<L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}

/// Reads small contents: the file's, and those of its siblings.
fn with_bodies(found: Found) -> Found {
    let Found::File(file) = found else {
        return found;
    };
    let file = with_body(file);
    if file.siblings.is_empty() {
        return Found::File(file);
    }
    let with_body = |sibling: &Sibling| Sibling {
        coding: sibling.coding,
        file: with_body(Arc::clone(&sibling.file)),
    };
    Found::File(Arc::new(OpenFile {
        siblings: file.siblings.iter().map(with_body).collect(),
        ..OpenFile::clone(&file)
    }))
}

/// Reads a small file's content, if it is still what its description says.
fn with_body(file: Arc<OpenFile>) -> Arc<OpenFile> {
    let small = usize::try_from(file.len).ok().filter(|len| *len <= SMALL);
    let Some(len) = small.filter(|_| file.body.is_none()) else {
        return file;
    };
    let mut body = vec![0; len];
    let read = file.file.read_exact_at(&mut body, 0);
    // Written to while it was read, it is sent from the file: a short read will be noticed there.
    if read.is_err() || !is_unchanged(&file) {
        return file;
    }
    Arc::new(file.with_body(Arc::from(body)))
}

fn is_unchanged(file: &OpenFile) -> bool {
    let again = file
        .file
        .try_clone()
        .map_err(Denied::from)
        .and_then(Found::describe);
    matches!(again, Ok(Found::File(again)) if again.etag == file.etag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::fs;
    use std::path::PathBuf;

    #[test]
    fn the_disk_is_asked_once_and_the_content_comes_with_the_answer() {
        let path = temporary_file("asked");
        let asked = Cell::new(0);
        let name = SitePath::parse(b"/asked").expect("a path");
        let cache = Cache::new(|asked_for: &SitePath| {
            if *asked_for != name {
                return Err(Denied::NotFound);
            }
            asked.set(asked.get() + 1);
            Found::describe(fs::File::open(&path).unwrap())
        });
        for _ in 0..3 {
            let Ok(Found::File(file)) = cache.find(&name) else {
                panic!("it is there")
            };
            assert_eq!(file.body.as_deref(), Some(&b"content"[..]));
        }
        assert_eq!(asked.get(), 1);
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn refusals_are_not_kept() {
        let asked = Cell::new(0);
        let cache = Cache::new(|_: &SitePath| {
            asked.set(asked.get() + 1);
            Err(Denied::NotFound)
        });
        let name = SitePath::parse(b"/nothing").expect("a path");
        for _ in 0..3 {
            assert_eq!(cache.find(&name).err(), Some(Denied::NotFound));
        }
        assert_eq!(asked.get(), 3);
    }

    fn temporary_file(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("cache-{}-{name}", std::process::id()));
        fs::write(&path, "content").expect("the folder for temporary files is writable");
        path
    }
}
