//! 3a Serve the tree: every file of a folder, octet by octet as it is.
//!
//! Write the body of `content`. From the request to the name of a file the way is given;
//! `cargo test --test 3a` judges yours.

use check::exercise::{self, Given};
use http_parse::Status;
use static_files::{Body, Request, Response, SitePath};
use std::path::Path;
use std::process::ExitCode;
use std::{fs, io};

/// The content of the file with that name, or the status that says why there is none.
fn content(name: &Path) -> Result<Body, Status> {
    // What has to be known of a file before one can send it, and what has not?
    let text = fs::read_to_string(name).map_err(|_| Status::NOT_FOUND)?;
    Ok(Body::Bytes(text.into_bytes().into()))
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
