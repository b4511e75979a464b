//! 3e Not modified: what a client has already is not sent again.
//!
//! Two questions, and each is asked of the tag or else of the date: is this still the version that
//! the client speaks of, and does the client have it already (RFC 9110 §13.2.2)?

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
fn precondition(method: &Method, fields: &Fields, version: &Version) -> Precondition {
    let safe = matches!(method, Method::Get | Method::Head);
    let Version { tag, modified } = version;
    if fields.contains("If-Match") {
        // Strongly: a weak tag promises an equal meaning, and that is not this version.
        if !names(fields, "If-Match", |weak, named| !weak && named == tag) {
            return Precondition::Failed;
        }
    } else if date(fields, "If-Unmodified-Since").is_some_and(|date| *modified > date) {
        return Precondition::Failed;
    }
    let known = match fields.contains("If-None-Match") {
        true => names(fields, "If-None-Match", |_, named| named == tag),
        false => safe && date(fields, "If-Modified-Since").is_some_and(|date| *modified <= date),
    };
    match (known, safe) {
        (false, _) => Precondition::Holds,
        (true, true) => Precondition::NotModified,
        // Whoever wants to create something is told that it is there.
        (true, false) => Precondition::Failed,
    }
}

/// Whether a field has a `*`, or a tag of which `is_it` holds: whether it is weak, and the tag.
///
/// A comma may stand inside the quotes, so the quotes are what is looked for. A list is read as far
/// as it can be read, and what comes after that matches nothing.
fn names(fields: &Fields, name: &str, is_it: impl Fn(bool, &[u8]) -> bool) -> bool {
    fields.all(name).any(|mut rest| {
        while let Some(start) = rest.iter().position(|octet| !b", \t".contains(octet)) {
            let member = &rest[start..];
            let (weak, tag) = match member.strip_prefix(b"W/") {
                Some(tag) => (true, tag),
                None => (false, member),
            };
            let Some(inner) = tag.strip_prefix(b"\"") else {
                return member == b"*";
            };
            let Some(len) = inner.iter().position(|octet| *octet == b'"') else {
                return false;
            };
            let (tag, after) = tag.split_at(len + 2);
            if is_it(weak, tag) {
                return true;
            }
            rest = after;
        }
        false
    })
}

/// The date in a field; `None` where there is none that can be read.
fn date(fields: &Fields, name: &str) -> Option<HttpDate> {
    fields.get(name).and_then(HttpDate::parse)
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
