//! 3h Methods: a file can be read, not posted to, and whoever tries is told what can be done.
//!
//! What nobody has heard of is 501, a fault of the server; what is known and not for files is 405, a
//! fault of the request. A match without a wildcard decides about every method there is.

use check::exercise::{self, Given};
use http_parse::{Method, Status};
use static_files::{Files, Handler, Listing, Reply, Request, Response};
use std::io;
use std::process::ExitCode;

/// What a file can do for a client.
const ALLOW: &str = "GET, HEAD, OPTIONS";

/// The answer to a method that is not for files; `None` for one that reads them.
fn refusal(method: &Method) -> Option<Response> {
    match method {
        // To a HEAD the server sends the same, without the content (RFC 9110 §9.3.2).
        Method::Get | Method::Head => None,
        Method::Options => Some(Response::new(Status::NO_CONTENT).with("Allow", ALLOW)),
        Method::Post
        | Method::Put
        | Method::Patch
        | Method::Delete
        | Method::Connect
        | Method::Trace => {
            let sentence = "This is a file. It can be read, and that is all.";
            Some(Response::error(Status::METHOD_NOT_ALLOWED, sentence).with("Allow", ALLOW))
        }
        Method::Extension(_) => {
            let sentence = "This server does not know that method. Methods are in capitals.";
            Some(Response::error(Status::NOT_IMPLEMENTED, sentence))
        }
    }
}

fn answer(files: &Files, request: &Request) -> Reply {
    if let Some(refusal) = refusal(request.method()) {
        return refusal.into();
    }
    let mut reading = request.clone();
    reading.head.method = Method::Get;
    files.handle(&reading)
}

fn serve(given: &Given) -> io::Result<()> {
    let files = Files::new(&given.root()?)?.listing(Listing::Shown);
    given.serve(&|request: &Request| answer(&files, request))
}

fn main() -> ExitCode {
    exercise::main("3h", serve)
}
