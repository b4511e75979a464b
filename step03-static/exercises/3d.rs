//! 3d Listing: a page of names, of which each is only text, and each link fetches its file.
//!
//! Write the body of `row`. The folder is read for you, and the page is put together;
//! `cargo test --test 3d` judges yours.

use check::exercise::{self, Given};
use http_parse::Status;
use static_files::{Disk, Files, Handler, Reply, Request, Response};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

/// The link to a file or folder with that name; `slash` is "/" for a folder and else nothing.
fn row(name: &[u8], slash: &str) -> String {
    // It stands here twice, for two readers. What does each of them take for more than text?
    let name = String::from_utf8_lossy(name);
    format!("<p><a href=\"{name}{slash}\">{name}{slash}</a>\n")
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
