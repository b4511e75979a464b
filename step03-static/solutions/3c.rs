//! 3c Slash: a folder's address ends in one, and who leaves it out is sent there.
//!
//! The address is not copied from the request but written anew, from the segments that were checked.
//! One slash and a name that is not empty, again and again: two slashes in a row cannot come out.

use check::exercise::{self, Given};
use http_parse::{Method, Status};
use static_files::{Disk, Files, Found, Handler, Listing, Reply, Request, Response, SitePath};
use std::io;
use std::process::ExitCode;

/// What stands in `Location` for a folder: its own address, from `/` to `/`, and the query.
///
/// The path is the request's, checked: its segments are decoded, and none is empty, `.` or `..`.
fn location(path: &SitePath, request: &Request) -> String {
    let mut location = String::from("/");
    for segment in path.segments() {
        location.extend(segment.iter().map(|octet| escaped(*octet)));
        location.push('/');
    }
    // It belongs to what was asked for and goes along as it is: a question mark makes it one,
    // whatever is in it.
    let query = request.head.target.query().map(String::from_utf8_lossy);
    let query = query.map_or(String::new(), |query| format!("?{query}"));
    location + &query
}

/// An octet of a name as an address says it (RFC 3986 §2.3).
fn escaped(octet: u8) -> String {
    match octet {
        b'-' | b'.' | b'_' | b'~' => char::from(octet).to_string(),
        octet if octet.is_ascii_alphanumeric() => char::from(octet).to_string(),
        octet => format!("%{octet:02X}"),
    }
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
