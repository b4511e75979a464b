//! 3i Sorted listing: a page of files in the order that its query asks for.
//!
//! Write the bodies of `order` and `heads`. Folders are read, sorted and written out for you;
//! `cargo test --test 3i` judges yours.

use check::exercise::{self, Given};
use http_parse::{HttpDate, Status};
use static_files::{Disk, Files, Handler, Reply, Request, Response};
use std::fmt::Write;
use std::fs::DirEntry;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::process::ExitCode;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Name,
    Size,
    Time,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

/// The order that a query asks for, such as `sort=size&order=desc`. It may ask for anything.
fn order(query: &[u8]) -> (Key, Direction) {
    // These are six queries. How many are there that mean the same as one of them?
    match query {
        b"sort=size" => (Key::Size, Direction::Up),
        b"sort=time" => (Key::Time, Direction::Up),
        b"sort=name&order=desc" => (Key::Name, Direction::Down),
        b"sort=size&order=desc" => (Key::Size, Direction::Down),
        b"sort=time&order=desc" => (Key::Time, Direction::Down),
        _ => (Key::Name, Direction::Up),
    }
}

/// The links above a page that is in that order: one to each order; that to its own turns it round.
fn heads((_key, _direction): (Key, Direction)) -> String {
    // What does a visitor want who presses the same head a second time?
    let links =
        ["name", "size", "time"].map(|word| format!("<a href=\"?sort={word}\">{word}</a>\n"));
    links.concat()
}

struct Entry {
    name: Vec<u8>,
    /// "/" for a folder.
    slash: &'static str,
    len: u64,
    modified: HttpDate,
}

fn sort(entries: &mut [Entry], (key, direction): (Key, Direction)) {
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    match key {
        Key::Name => {}
        // What is equal stays in the order of its names.
        Key::Size => entries.sort_by_key(|entry| entry.len),
        Key::Time => entries.sort_by_key(|entry| entry.modified),
    }
    match direction {
        Direction::Up => {}
        Direction::Down => entries.reverse(),
    }
}

fn page(mut entries: Vec<Entry>, order: (Key, Direction)) -> String {
    sort(&mut entries, order);
    let mut page =
        String::from("<!doctype html>\n<meta charset=\"utf-8\">\n<title>Files</title>\n");
    page += &heads(order);
    for entry in entries {
        let date = entry.modified.format();
        let date = String::from_utf8_lossy(&date);
        let Entry { slash, len, .. } = entry;
        let address: String = entry
            .name
            .iter()
            .map(|octet| format!("%{octet:02X}"))
            .collect();
        let name = String::from_utf8_lossy(&entry.name);
        let name = name.replace('&', "&amp;").replace('<', "&lt;");
        let row = format_args!("<p><a href=\"{address}{slash}\">{name}{slash}</a> {len} {date}");
        writeln!(page, "{row}").expect("a String takes everything");
    }
    page
}

/// The files of a folder without an index; `None` for everything else.
fn read(disk: &Disk, request: &Request) -> io::Result<Option<Vec<Entry>>> {
    let Some(entries) = exercise::folder_of(request, disk)? else {
        return Ok(None);
    };
    let read = |entry: DirEntry| {
        let metadata = entry.metadata()?;
        let seconds = u64::try_from(metadata.mtime()).unwrap_or(0);
        Ok(Entry {
            name: entry.file_name().as_bytes().to_vec(),
            slash: if metadata.is_dir() { "/" } else { "" },
            len: metadata.len(),
            modified: HttpDate { seconds },
        })
    };
    entries
        .into_iter()
        .map(read)
        .collect::<io::Result<_>>()
        .map(Some)
}

fn answer(disk: &Disk, files: &Files, request: &Request) -> Reply {
    let query = request.head.target.query().unwrap_or_default();
    match read(disk, request) {
        Ok(None) => files.handle(request),
        Ok(Some(entries)) => Response::new(Status::OK)
            .typed("text/html; charset=utf-8", page(entries, order(query)))
            .into(),
        Err(_) => Response::error(Status::FORBIDDEN, "This folder is not for reading.").into(),
    }
}

fn serve(given: &Given) -> io::Result<()> {
    let root = given.root()?;
    let (disk, files) = (Disk::new(&root)?, Files::new(&root)?);
    given.serve(&|request: &Request| answer(&disk, &files, request))
}

fn main() -> ExitCode {
    exercise::main("3i", serve)
}
