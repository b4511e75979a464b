//! A page that shows what is in a folder.
//!
//! Every link on it fetches what it names: a name goes into the link percent-encoded octet by
//! octet, and into the text escaped for HTML. What would be refused is left out: dotfiles, links
//! that lead out of the root, FIFOs, sockets and devices.

use crate::message::escape_html;
use crate::path::{encode, is_hidden};
use crate::{Denied, Disk, SitePath};
use http_parse::HttpDate;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{self, DirEntry};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

/// Entries that are looked at for one page. Each costs a system call, for which everybody else
/// waits: so many take some hundredths of a second, and nobody would read more to the end.
const MAX_ENTRIES: usize = 10_000;

/// Everything between the title and the heading. `color-scheme` alone makes the page light or dark
/// as its reader likes it.
const STYLE: &str = "\
<meta name=\"viewport\" content=\"width=device-width\">
<meta name=\"color-scheme\" content=\"light dark\">
<style>
body { font: 1rem/1.6 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.25rem; overflow-wrap: anywhere }
table { width: 100%; border-collapse: collapse }
td { padding: .2rem 0; vertical-align: top;
  border-top: 1px solid color-mix(in srgb, currentColor 15%, transparent) }
td:first-child { overflow-wrap: anywhere }
td + td { padding-left: 1.5rem; text-align: right; white-space: nowrap; opacity: .75;
  font-variant-numeric: tabular-nums }
a { text-decoration: none } a:hover { text-decoration: underline }
</style>
";

struct Entry {
    name: OsString,
    /// Octets of a file; `None` for a folder.
    len: Option<u64>,
    modified: HttpDate,
}

impl Entry {
    fn is_file(&self) -> bool {
        self.len.is_some()
    }
}

struct Entries {
    list: Vec<Entry>,
    cut: bool,
}

/// Makes the page of a folder, of which `path` is known to name one.
///
/// # Errors
/// As [`Disk::find`].
pub(crate) fn page(disk: &Disk, path: &SitePath) -> Result<String, Denied> {
    let entries = read(disk, path)?;
    let title = match path.file_name() {
        Some(_) => escape_html(&format!("/{}/", path.relative().display())),
        None => "/".to_owned(),
    };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         {STYLE}<h1>{title}</h1>\n<table>\n"
    );
    if path.file_name().is_some() {
        page.push_str("<tr><td><a href=\"../\">../</a><td><td>\n");
    }
    for entry in &entries.list {
        push_row(entry, &mut page);
    }
    page.push_str("</table>\n");
    if entries.list.is_empty() {
        page.push_str("<p>Nothing is in this folder.</p>\n");
    }
    if entries.cut {
        writeln!(
            page,
            "<p>There is more: no page shows more than {MAX_ENTRIES} entries.</p>"
        )
        .expect("a String takes every text");
    }
    Ok(page)
}

// ANCHOR: push_row
fn push_row(entry: &Entry, page: &mut String) {
    let slash = if entry.is_file() { "" } else { "/" };
    let size = entry.len.map_or(String::new(), human);
    let mut link = String::new();
    encode(entry.name.as_bytes(), &mut link);
    let name = escape_html(&entry.name.to_string_lossy());
    let date = entry.modified.format();
    // `Sun, 06 Nov 1994 08:49:37 GMT` without weekday and seconds.
    let date = String::from_utf8_lossy(&date[5..22]);
    writeln!(
        page,
        "<tr><td><a href=\"{link}{slash}\">{name}{slash}</a><td>{size}<td>{date}"
    )
    .expect("a String takes every text");
}
// ANCHOR_END: push_row

fn read(disk: &Disk, path: &SitePath) -> Result<Entries, Denied> {
    let mut list = Vec::new();
    let mut cut = false;
    let depth = path.segments().count();
    for (number, found) in fs::read_dir(disk.resolve(path.relative())?)?.enumerate() {
        if number == MAX_ENTRIES {
            cut = true;
            break;
        }
        let found = found?;
        if !is_hidden((depth, found.file_name().as_bytes()))
            && let Some(entry) = look(disk, path, &found)
        {
            list.push(entry);
        }
    }
    list.sort_by(|a, b| (a.is_file(), &a.name).cmp(&(b.is_file(), &b.name)));
    Ok(Entries { list, cut })
}

/// What a name in a folder stands for; `None` for what is not shown, or is gone already.
fn look(disk: &Disk, folder: &SitePath, found: &DirEntry) -> Option<Entry> {
    let name = found.file_name();
    let metadata = if found.file_type().ok()?.is_symlink() {
        let target = disk.resolve(&folder.relative().join(&name)).ok()?;
        fs::metadata(target).ok()?
    } else {
        found.metadata().ok()?
    };
    let len = match (metadata.is_dir(), metadata.is_file()) {
        (true, _) => None,
        (false, true) => Some(metadata.len()),
        (false, false) => return None,
    };
    let seconds = u64::try_from(metadata.mtime()).unwrap_or(0);
    Some(Entry {
        name,
        len,
        modified: HttpDate { seconds },
    })
}

/// A number of octets as people say it: three digits or so, and a unit.
fn human(octets: u64) -> String {
    let mut unit = "B";
    let mut tenths = u128::from(octets) * 10;
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if tenths < 10_240 {
            break;
        }
        (unit, tenths) = (larger, tenths / 1024);
    }
    if unit == "B" || tenths >= 100 {
        format!("{} {unit}", tenths / 10)
    } else {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(octets: u64, expected: &str) {
        assert_eq!(human(octets), expected);
    }

    #[test]
    fn sizes_are_short() {
        check(0, "0 B");
        check(1023, "1023 B");
        check(1024, "1.0 KiB");
        check(10_240, "10 KiB");
        check(1_048_575, "1023 KiB");
        check(1_572_864, "1.5 MiB");
        check(u64::MAX, "16777215 TiB");
    }
}
