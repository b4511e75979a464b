//! 3c Slash: a folder's address ends in one, and who leaves it out is sent there.
//!
//! Write the body of `location`. When it is needed is given, and so is everything else;
//! `cargo test --test 3c` judges yours.

use check::exercise::{self, Given};
use http_parse::{Method, Status};
use static_files::{Disk, Files, Found, Handler, Listing, Reply, Request, Response, SitePath};
use std::io;
use std::process::ExitCode;

/// What stands in `Location` for a folder: its own address, from `/` to `/`, and the query.
///
/// The path is the request's, checked: its segments are decoded, and none is empty, `.` or `..`.
fn location(_path: &SitePath, request: &Request) -> String {
    // Who has written this path, and where does a browser go that reads it?
    let path = String::from_utf8_lossy(request.path());
    let query = request.head.target.query().map(String::from_utf8_lossy);
    let query = query.map_or(String::new(), |query| format!("?{query}"));
    format!("{path}/{query}")
}

fn answer(disk: &Disk, files: &Files, request: &Request) -> Reply {
    let is_asked = matches!(request.method(), Method::Get | Method::Head);
    match SitePath::parse(request.path()) {
        Ok(path) if is_asked && !path.ends_in_slash() => match disk.find(&path) {
            Ok(Found::Folder) => redirect(&location(&path, request)),
            Ok(Found::File(_)) | Err(_) => files.handle(request),
        },
        Ok(_) | Err(_) => files.handle(request),
    }
}

fn redirect(location: &str) -> Reply {
    let sentence = "This is a folder: its address ends in a slash.";
    let mut response = Response::error(Status::MOVED_PERMANENTLY, sentence);
    let fields = &mut response.head.fields;
    if fields.try_push(b"Location", location.as_bytes()).is_err() {
        let sentence = "The server has made an address that cannot be sent.";
        return Response::error(Status::INTERNAL_SERVER_ERROR, sentence).into();
    }
    response.into()
}

fn serve(given: &Given) -> io::Result<()> {
    let root = given.root()?;
    let (disk, files) = (Disk::new(&root)?, Files::new(&root)?);
    let files = files.listing(Listing::Shown);
    given.serve(&|request: &Request| answer(&disk, &files, request))
}

fn main() -> ExitCode {
    exercise::main("3c", serve)
}
