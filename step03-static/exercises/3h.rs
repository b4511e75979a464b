//! 3h Methods: a file can be read, not posted to, and whoever tries is told what can be done.
//!
//! Write the body of `refusal`. Reading is given; `cargo test --test 3h` judges yours.

use check::exercise::{self, Given};
use http_parse::Method;
use static_files::{Files, Handler, Listing, Reply, Request, Response};
use std::io;
use std::process::ExitCode;

/// The answer to a method that is not for files; `None` for one that reads them.
fn refusal(_method: &Method) -> Option<Response> {
    // What does a client believe that has sent a DELETE and is answered 200?
    None
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
