//! 3d Listing: a page of names, of which each is only text, and each link fetches its file.
//!
//! A name is octets. It is written into two places, each with an alphabet of its own: an address, in
//! which the octets are spelled out, and a text for people, in which no sign means anything.

use check::exercise::{self, Given};
use http_parse::{Method, Status};
use static_files::{Disk, Files, Found, Handler, Reply, Request, Response, SitePath};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

/// Names on one page.
const MOST: usize = 10_000;

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
    let is_asked = matches!(request.method(), Method::Get | Method::Head);
    let path = SitePath::parse(request.path()).ok();
    let Some(path) = path.filter(|path| is_asked && path.ends_in_slash()) else {
        return Ok(None);
    };
    let has_index = matches!(disk.find(&path.child("index.html")), Ok(Found::File(_)));
    if has_index || !matches!(disk.find(&path), Ok(Found::Folder)) {
        return Ok(None);
    }
    let mut rows = Vec::new();
    for entry in fs::read_dir(disk.root().join(path.relative()))?.take(MOST) {
        let entry = entry?;
        let name = entry.file_name();
        let slash = if entry.file_type()?.is_dir() { "/" } else { "" };
        if !name.as_bytes().starts_with(b".") {
            rows.push(row(name.as_bytes(), slash));
        }
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
