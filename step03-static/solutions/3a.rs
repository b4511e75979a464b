//! 3a Serve the tree: every file of a folder, octet by octet as it is.
//!
//! A file is lent, not read: the server takes from it what it can send. So it does not matter what
//! is in it, nor how much.

use check::exercise::{self, Given};
use http_parse::Status;
use static_files::{Body, Request, Response, SitePath};
use std::path::Path;
use std::process::ExitCode;
use std::{fs, io};

/// The content of the file with that name, or the status that says why there is none.
fn content(name: &Path) -> Result<Body, Status> {
    // To open a FIFO is to wait for somebody who writes to it, so the kind comes first.
    if !fs::metadata(name).map_err(why)?.is_file() {
        return Err(Status::NOT_FOUND);
    }
    let file = fs::File::open(name).map_err(why)?;
    // By now the name may mean another file. What is open is what will be sent.
    let len = file.metadata().map_err(why)?.len();
    Ok(Body::File {
        file: file.into(),
        offset: 0,
        len,
    })
}

/// A status that blames whoever has to do something about it.
fn why(error: io::Error) -> Status {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename => {
            Status::NOT_FOUND
        }
        io::ErrorKind::PermissionDenied => Status::FORBIDDEN,
        _ => Status::INTERNAL_SERVER_ERROR,
    }
}

/// The path of a request, checked, names a file below the root.
fn answer(root: &Path, request: &Request) -> Response {
    let path = match SitePath::parse(request.path()) {
        Ok(path) => path,
        Err(fault) => return Response::error(fault.status(), fault.explain()),
    };
    let mut name = root.join(path.relative());
    if path.ends_in_slash() {
        name.push("index.html");
    }
    match content(&name) {
        Ok(body) => {
            let mut response = Response::new(Status::OK);
            response.body = body;
            response
        }
        Err(status) => Response::error(status, "This file is not to be had."),
    }
}

fn serve(given: &Given) -> io::Result<()> {
    let root = given.root()?;
    given.serve(&|request: &Request| answer(&root, request))
}

fn main() -> ExitCode {
    exercise::main("3a", serve)
}
