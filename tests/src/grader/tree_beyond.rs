//! What checks beyond the course find in the tree.
//!
//! ```text
//! root/sorted/   files that differ in name, size and age
//! root/errors/   a page each for some statuses, such as 404.html
//! ```

use crate::grader::tree::{date, page};
use std::path::Path;
use std::{fs, io};

/// The files of `sorted/`: name, octets, and when each was modified, in seconds since 1970.
///
/// The three orders differ, and so does that of numbers which are compared as text.
pub(crate) const SORTED: [(&str, usize, u64); 4] = [
    ("a.txt", 700, 1_638_316_800),
    ("b c.txt", 9, 999_999_999),
    ("d%.txt", 6_000, 1_000_000_001),
    ("e.txt", 80, 1_643_846_400),
];

/// Statuses that have a page in `errors/`, where some are a temptation.
const ERROR_PAGES: [u16; 4] = [404, 405, 410, 503];

/// Writes all of it.
pub(super) fn write(root: &Path) -> io::Result<()> {
    fs::create_dir_all(root.join("sorted"))?;
    for (name, len, modified) in SORTED {
        let path = root.join("sorted").join(name);
        fs::write(&path, sorted_content(name, len))?;
        date(&path, modified)?;
    }
    fs::create_dir_all(root.join("errors"))?;
    for status in ERROR_PAGES {
        let path = root.join(format!("errors/{status}.html"));
        fs::write(path, error_page(status))?;
    }
    Ok(())
}

/// The page in `errors/` for a status.
pub(crate) fn error_page(status: u16) -> Vec<u8> {
    page(&format!("the site's own page for {status}"))
}

/// What a file of `sorted/` holds.
pub(crate) fn sorted_content(name: &str, len: usize) -> Vec<u8> {
    name.bytes().cycle().take(len).collect()
}
