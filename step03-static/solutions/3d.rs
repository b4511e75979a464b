//! 3d Listing: a page of names, of which each is only text, and each link fetches its file.
//!
//! A name is octets. It is written into two places, each with an alphabet of its own: an address, in
//! which the octets are spelled out, and a text for people, in which no sign means anything.

use check::exercise::{self, Given};
use http_parse::Status;
use static_files::{Disk, Files, Handler, Reply, Request, Response};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

/// The link to a file or folder with that name; `slash` is "/" for a folder and else nothing.
fn row(name: &[u8], slash: &str) -> String {
    let (address, text) = (address(name), text(name));
    format!("<p><a href=\"{address}{slash}\">{text}{slash}</a>\n")
}

/// A name in an address, octet by octet (RFC 3986 §2.3). A colon is among what is escaped: before the
/// first slash it would end the name of a scheme.
fn address(name: &[u8]) -> String {
    let escaped = |octet: &u8| match octet {
        b'-' | b'.' | b'_' | b'~' => char::from(*octet).to_string(),
        octet if octet.is_ascii_alphanumeric() => char::from(*octet).to_string(),
        octet => format!("%{octet:02X}"),
    };
    name.iter().map(escaped).collect()
}

/// A name in the text of a page. What is no UTF-8 cannot be shown; its link works all the same.
fn text(name: &[u8]) -> String {
    let escaped = |sign: char| match sign {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        sign => sign.to_string(),
    };
    String::from_utf8_lossy(name).chars().map(escaped).collect()
}

/// The page of a folder without an index; `None` for everything else.
fn page(disk: &Disk, request: &Request) -> io::Result<Option<String>> {
    let Some(entries) = exercise::folder_of(request, disk)? else {
        return Ok(None);
    };
    let mut rows = Vec::new();
    for entry in entries {
        let slash = if entry.file_type()?.is_dir() { "/" } else { "" };
        rows.push(row(entry.file_name().as_bytes(), slash));
    }
    rows.sort();
    let head = "<!doctype html>\n<meta charset=\"utf-8\">\n<title>What is here</title>\n";
    Ok(Some(head.to_owned() + &rows.concat()))
}

fn answer(disk: &Disk, files: &Files, request: &Request) -> Reply {
    match page(disk, request) {
        Ok(None) => files.handle(request),
        Ok(Some(page)) => Response::new(Status::OK)
            .typed("text/html; charset=utf-8", page)
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
    exercise::main("3d", serve)
}
