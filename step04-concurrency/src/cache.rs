//! Open files and small bodies, kept for a moment.
//!
//! Opening, asking and closing a file costs more system calls than the rest of a request. What was
//! looked up is used again for up to a second; then the disk is asked anew. So a change is noticed
//! within a second, and a response is made from one look-up: head and content always belong
//! together.
//!
//! Two generations bound it: entries go into the young one; when that is full it becomes the old
//! one, and the old one is dropped. What is in use moves back to the young one in time.

use static_files::{Denied, Found, OpenFile, Sibling, SitePath, with_siblings};
use std::collections::HashMap;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long an entry is believed.
const FRESH: Duration = Duration::from_secs(1);
/// Entries of one generation.
const ENTRIES: usize = 256;
/// Open files of one generation, siblings included: half of the descriptors a cache may hold.
const FILES: usize = 256;
/// Octets of content in one generation.
const BYTES: usize = 8 << 20;
/// The largest content that is kept in memory.
const SMALL: u64 = 64 * 1024;

/// A cache before a look-up.
pub struct Cache<L> {
    lookup: L,
    shelves: Mutex<Shelves>,
}

#[derive(Default)]
struct Shelves {
    young: HashMap<PathBuf, Entry>,
    old: HashMap<PathBuf, Entry>,
    /// Octets of content in `young`.
    bytes: usize,
    /// Open files in `young`.
    files: usize,
}

struct Entry {
    found: Found,
    looked_up: Instant,
}

impl<L: Fn(&SitePath) -> Result<Found, Denied>> Cache<L> {
    /// A cache that asks `lookup` for what it does not know.
    pub fn new(lookup: L) -> Cache<L> {
        Cache {
            lookup,
            shelves: Mutex::new(Shelves::default()),
        }
    }

    /// What `path` names, or named up to a second ago. Refusals are not kept: anybody can ask for
    /// any number of names that do not exist.
    ///
    /// # Errors
    /// Those of the look-up.
    pub fn find(&self, path: &SitePath) -> Result<Found, Denied> {
        let now = Instant::now();
        if let Some(found) = self.shelves().get(path.relative(), now) {
            return Ok(found);
        }
        // Two threads may look up the same path at once: each gets a right answer.
        let found = with_siblings((self.lookup)(path)?, path, &self.lookup);
        let found = with_bodies(found);
        self.shelves().put(path.relative(), &found, now);
        Ok(found)
    }

    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        // A panic under this lock could only lose entries, and they can be had again.
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L> std::fmt::Debug for Cache<L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}

impl Shelves {
    fn get(&mut self, path: &Path, now: Instant) -> Option<Found> {
        let is_fresh = |entry: &Entry| now.saturating_duration_since(entry.looked_up) < FRESH;
        if let Some(entry) = self.young.get(path) {
            return is_fresh(entry).then(|| entry.found.clone());
        }
        let (path, entry) = self.old.remove_entry(path)?;
        if !is_fresh(&entry) {
            return None;
        }
        let found = entry.found.clone();
        self.insert(path, entry);
        Some(found)
    }

    fn put(&mut self, path: &Path, found: &Found, now: Instant) {
        let entry = Entry {
            found: found.clone(),
            looked_up: now,
        };
        self.insert(path.to_path_buf(), entry);
    }

    fn insert(&mut self, path: PathBuf, entry: Entry) {
        let (files, bytes) = cost(&entry.found);
        let is_full =
            self.young.len() >= ENTRIES || self.files + files > FILES || self.bytes + bytes > BYTES;
        if is_full {
            self.old = std::mem::take(&mut self.young);
            (self.files, self.bytes) = (0, 0);
        }
        self.files += files;
        self.bytes += bytes;
        if let Some(replaced) = self.young.insert(path, entry) {
            let (files, bytes) = cost(&replaced.found);
            self.files -= files;
            self.bytes -= bytes;
        }
    }
}

/// Open files of an entry, and octets of their contents.
fn cost(found: &Found) -> (usize, usize) {
    let body_len = |file: &OpenFile| file.body.as_ref().map_or(0, |body| body.len());
    match found {
        Found::File(file) => file
            .siblings
            .iter()
            .fold((1, body_len(file)), |(files, bytes), sibling| {
                (files + 1, bytes + body_len(&sibling.file))
            }),
        Found::Folder => (0, 0),
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
    if file.len > SMALL || file.body.is_some() {
        return file;
    }
    let mut body = vec![0; usize::try_from(file.len).expect("a small file")];
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
    use static_files::Coding;
    use std::cell::Cell;
    use std::fs;

    #[test]
    fn an_entry_is_believed_for_a_second_and_not_longer() {
        let start = Instant::now();
        let mut shelves = Shelves::default();
        shelves.put(Path::new("a"), &Found::Folder, start);
        assert!(shelves.get(Path::new("a"), start + FRESH / 2).is_some());
        assert!(shelves.get(Path::new("a"), start + FRESH).is_none());
        assert!(shelves.get(Path::new("b"), start).is_none());
    }

    #[test]
    fn a_flood_of_names_leaves_a_bounded_number_and_what_is_in_use() {
        let start = Instant::now();
        let mut shelves = Shelves::default();
        shelves.put(Path::new("in use"), &Found::Folder, start);
        for number in 0..10 * ENTRIES {
            shelves.put(Path::new(&number.to_string()), &Found::Folder, start);
            assert!(
                shelves.get(Path::new("in use"), start).is_some(),
                "after {number} others"
            );
        }
        assert!(shelves.young.len() <= ENTRIES);
        assert!(shelves.old.len() <= ENTRIES);
    }

    #[test]
    fn contents_are_bounded_in_octets() {
        let start = Instant::now();
        let mut shelves = Shelves::default();
        let body: Arc<[u8]> = Arc::from(vec![0; usize::try_from(SMALL).expect("small")]);
        let path = temporary_file("bounded");
        for number in 0..3 * BYTES / body.len() {
            let Ok(Found::File(file)) = Found::describe(fs::File::open(&path).unwrap()) else {
                panic!("a regular file");
            };
            let found = Found::File(Arc::new(file.with_body(body.clone())));
            shelves.put(Path::new(&number.to_string()), &found, start);
            assert!(shelves.bytes <= BYTES);
        }
        fs::remove_file(path).unwrap();
    }

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
    fn open_files_are_bounded_with_their_siblings() {
        let start = Instant::now();
        let mut shelves = Shelves::default();
        let path = temporary_file("siblings");
        let Ok(Found::File(file)) = Found::describe(fs::File::open(&path).unwrap()) else {
            panic!("a regular file");
        };
        let sibling = |coding| Sibling {
            coding,
            file: Arc::clone(&file),
        };
        let found = Found::File(Arc::new(OpenFile {
            siblings: Coding::ALL.map(sibling).to_vec(),
            ..OpenFile::clone(&file)
        }));
        for number in 0..ENTRIES {
            shelves.put(Path::new(&number.to_string()), &found, start);
            shelves.put(Path::new("again"), &found, start);
            assert!(shelves.files <= FILES);
            assert_eq!(shelves.files, 3 * shelves.young.len());
        }
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
