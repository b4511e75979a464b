//! 3e Not modified: what a client has already is not sent again.
//!
//! Write the body of `precondition`. What is done about its verdict is given;
//! `cargo test --test 3e` judges yours.

use check::exercise::{self, Given};
use http_parse::{Fields, HttpDate, Method, Status};
use static_files::{Body, Files, Handler, Listing, Precondition, Reply, Request, Response};
use std::io;
use std::process::ExitCode;

/// The version of a file that would be sent.
struct Version {
    /// Its entity tag, a strong one, with its quotes.
    tag: Vec<u8>,
    modified: HttpDate,
}

/// What the fields of a request say about that version.
fn precondition(_method: &Method, fields: &Fields, version: &Version) -> Precondition {
    // Two answers to one question: which of them is exact? And who says that a tag comes alone?
    let has_tag = fields.get("If-None-Match") == Some(&version.tag);
    let date = fields.get("If-Modified-Since").and_then(HttpDate::parse);
    match has_tag || date.is_some_and(|date| version.modified <= date) {
        true => Precondition::NotModified,
        false => Precondition::Holds,
    }
}

/// The fields by which a request asks for a version.
const CONDITIONS: [&str; 4] = [
    "If-Match",
    "If-Unmodified-Since",
    "If-None-Match",
    "If-Modified-Since",
];

/// The version that a response is of; `None` for a page that has neither tag nor date.
fn version(response: &Response) -> Option<Version> {
    let fields = &response.head.fields;
    let (tag, date) = (fields.get("ETag")?, fields.get("Last-Modified")?);
    Some(Version {
        tag: tag.to_vec(),
        modified: HttpDate::parse(date)?,
    })
}

fn answer(files: &Files, request: &Request) -> Reply {
    let mut unconditional = request.clone();
    for name in CONDITIONS {
        unconditional.head.fields.remove(name);
    }
    let Reply::Ready(mut response) = files.handle(&unconditional) else {
        unreachable!("a file needs no waiting");
    };
    // Of a failure there are no versions (RFC 9110 §13.2.1).
    let is_success = (200..300).contains(&response.head.status.code());
    let Some(version) = version(&response).filter(|_| is_success) else {
        return response.into();
    };
    match precondition(request.method(), &request.head.fields, &version) {
        Precondition::Holds => response.into(),
        Precondition::NotModified => {
            response.head.status = Status::NOT_MODIFIED;
            response.body = Body::Empty;
            response.into()
        }
        Precondition::Failed => {
            let sentence = "What is here is not the version that the request is about.";
            Response::error(Status::PRECONDITION_FAILED, sentence).into()
        }
    }
}

fn serve(given: &Given) -> io::Result<()> {
    let files = Files::new(&given.root()?)?.listing(Listing::Shown);
    given.serve(&|request: &Request| answer(&files, request))
}

fn main() -> ExitCode {
    exercise::main("3e", serve)
}
