//! What one thread's cache holds, and how that is bounded.
//!
//! Two generations: entries go into the young one; when that is full it becomes the old one, and
//! the old one is dropped. What is in use moves back to the young one in time.

use super::hash::NameHash;
use static_files::{Found, OpenFile};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long an entry is believed.
const FRESH: Duration = Duration::from_secs(1);
/// Entries of one generation.
const ENTRIES: usize = 2048;
/// Octets of content in one generation.
const BYTES: usize = 8 << 20;

/// Two generations of entries.
#[derive(Debug)]
pub(super) struct Shelves {
    young: HashMap<Box<[u8]>, Entry, NameHash>,
    old: HashMap<Box<[u8]>, Entry, NameHash>,
    /// Octets of content in `young`.
    bytes: usize,
    /// Open files in `young`, siblings included.
    files: usize,
    most_files: usize,
}

#[derive(Debug)]
struct Entry {
    found: Found,
    looked_up: Instant,
}

impl Shelves {
    /// Empty ones, which hold up to so many open files a generation.
    pub(super) fn new(most_files: usize) -> Shelves {
        Shelves {
            young: HashMap::default(),
            old: HashMap::default(),
            bytes: 0,
            files: 0,
            most_files,
        }
    }

    /// What is known of a file, if that is fresh.
    pub(super) fn get(&mut self, name: &[u8], now: Instant) -> Option<Found> {
        let is_fresh = |entry: &Entry| now.saturating_duration_since(entry.looked_up) < FRESH;
        if let Some(entry) = self.young.get(name) {
            return is_fresh(entry).then(|| entry.found.clone());
        }
        let (name, entry) = self.old.remove_entry(name)?;
        if !is_fresh(&entry) {
            return None;
        }
        let found = entry.found.clone();
        self.insert(name, entry);
        Some(found)
    }

    /// Keeps what was looked up.
    pub(super) fn put(&mut self, name: &[u8], found: &Found, now: Instant) {
        let entry = Entry {
            found: found.clone(),
            looked_up: now,
        };
        self.insert(name.into(), entry);
    }

    fn insert(&mut self, name: Box<[u8]>, entry: Entry) {
        let (files, bytes) = cost(&entry.found);
        let is_full = self.young.len() >= ENTRIES
            || self.files + files > self.most_files
            || self.bytes + bytes > BYTES;
        if is_full {
            self.old = std::mem::take(&mut self.young);
            (self.files, self.bytes) = (0, 0);
        }
        self.files += files;
        self.bytes += bytes;
        if let Some(replaced) = self.young.insert(name, entry) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::SMALL;
    use static_files::{Coding, Sibling};
    use std::fs;
    use std::path::PathBuf;
    use std::sync::Arc;

    const FILES: usize = 256;

    #[test]
    fn an_entry_is_believed_for_a_second_and_not_longer() {
        let start = Instant::now();
        let mut shelves = Shelves::new(FILES);
        shelves.put(b"a", &Found::Folder, start);
        assert!(shelves.get(b"a", start + FRESH / 2).is_some());
        assert!(shelves.get(b"a", start + FRESH).is_none());
        assert!(shelves.get(b"b", start).is_none());
    }

    #[test]
    fn a_flood_of_names_leaves_a_bounded_number_and_what_is_in_use() {
        let start = Instant::now();
        let mut shelves = Shelves::new(FILES);
        shelves.put(b"in use", &Found::Folder, start);
        for number in 0..10 * ENTRIES {
            shelves.put(number.to_string().as_bytes(), &Found::Folder, start);
            assert!(
                shelves.get(b"in use", start).is_some(),
                "after {number} others"
            );
        }
        assert!(shelves.young.len() <= ENTRIES);
        assert!(shelves.old.len() <= ENTRIES);
    }

    #[test]
    fn contents_are_bounded_in_octets() {
        let start = Instant::now();
        let mut shelves = Shelves::new(FILES);
        let body: Arc<[u8]> = Arc::from(vec![0; SMALL]);
        let path = temporary_file("bounded");
        for number in 0..3 * BYTES / body.len() {
            let Ok(Found::File(file)) = Found::describe(fs::File::open(&path).unwrap()) else {
                panic!("a regular file");
            };
            let found = Found::File(Arc::new(file.with_body(body.clone())));
            shelves.put(number.to_string().as_bytes(), &found, start);
            assert!(shelves.bytes <= BYTES);
        }
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn open_files_are_bounded_with_their_siblings() {
        let start = Instant::now();
        let mut shelves = Shelves::new(FILES);
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
            shelves.put(number.to_string().as_bytes(), &found, start);
            shelves.put(b"again", &found, start);
            assert!(shelves.files <= FILES);
            assert_eq!(shelves.files, 3 * shelves.young.len());
        }
        fs::remove_file(path).unwrap();
    }

    fn temporary_file(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("cache-{}-{name}", std::process::id()));
        fs::write(&path, "content").expect("the folder for temporary files is writable");
        path
    }
}
