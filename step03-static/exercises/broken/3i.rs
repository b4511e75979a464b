//! 3i Sorted listing: a page of files in the order that its query asks for.
//!
//! The misconception: what is shown is what is sorted. A size on a page is text, and as text 80 comes
//! after 6000.

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
    let said = |name: &[u8]| {
        let mut parameters = query.split(|octet| *octet == b'&');
        parameters.find_map(|parameter| parameter.strip_prefix(name)?.strip_prefix(b"="))
    };
    let key = KEYS
        .into_iter()
        .find(|key| said(b"sort") == Some(key.word().as_bytes()));
    let direction = match said(b"order") {
        Some(b"desc") => Direction::Down,
        Some(_) | None => Direction::Up,
    };
    (key.unwrap_or(Key::Name), direction)
}

const KEYS: [Key; 3] = [Key::Name, Key::Size, Key::Time];

impl Key {
    /// What it is called in a query, and for people.
    fn word(self) -> &'static str {
        match self {
            Key::Name => "name",
            Key::Size => "size",
            Key::Time => "time",
        }
    }
}

/// The links above a page that is in that order: one to each order; that to its own turns it round.
fn heads(order: (Key, Direction)) -> String {
    let head = |key: Key| {
        let turn = match order == (key, Direction::Up) {
            // In HTML, an ampersand begins a reference such as `&amp;`.
            true => "&amp;order=desc",
            false => "",
        };
        let word = key.word();
        format!("<a href=\"?sort={word}{turn}\">{word}</a>\n")
    };
    KEYS.map(head).concat()
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
        Key::Size => entries.sort_by_key(|entry| entry.len.to_string()),
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
