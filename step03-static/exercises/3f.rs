//! 3f Ranges: a part of a file, where there is such a part.
//!
//! Write the bodies of `select` and `same_version`. The part is cut out for you;
//! `cargo test --test 3f` judges yours.

use check::exercise::{self, Given};
use http_parse::{Fields, Method, Status};
use static_files::{Body, Files, Handler, Listing, Reply, Request, Response, Span};
use std::io;
use std::process::ExitCode;

/// What a range comes to.
enum Selected {
    /// It cannot be understood, or is not worth it: everything is sent.
    Whole,
    /// A part, of one octet or more.
    Part(Span),
    /// There is nothing there.
    Unsatisfiable,
}

/// Finds what the value of a `Range` field, such as `bytes=2-4`, names of a file of `len` octets.
fn select(range: &[u8], len: u64) -> Selected {
    // Whose numbers are these? And `-5`, `8-` and `5-2` come as well.
    let numbers = || {
        let (first, last) = str::from_utf8(range).ok()?.split_once('-')?;
        let first = first.strip_prefix("bytes=")?.parse::<u64>().ok()?;
        Some((first, last.parse::<u64>().ok()?))
    };
    match numbers() {
        Some((first, _)) if first >= len => Selected::Unsatisfiable,
        Some((first, last)) => Selected::Part(Span {
            first,
            len: last + 1 - first,
        }),
        None => Selected::Whole,
    }
}

/// Whether the part is wanted of the version that `file` tells of: its ETag, its Last-Modified.
fn same_version(_request: &Fields, _file: &Fields) -> bool {
    // The client has the first half of something. What is the second half of this file to it?
    true
}

fn answer(files: &Files, request: &Request) -> Reply {
    let mut whole = request.clone();
    whole.head.fields.remove("Range");
    let range = request.head.fields.get("Range");
    let range = range.filter(|_| *request.method() == Method::Get);
    match (range, files.handle(&whole)) {
        (Some(range), Reply::Ready(response)) if response.head.status == Status::OK => {
            part(range, request, response).into()
        }
        (_, reply) => reply,
    }
}

fn part(range: &[u8], request: &Request, mut whole: Response) -> Response {
    let fields = &mut whole.head.fields;
    let Body::File { file, len, .. } = &whole.body else {
        return whole;
    };
    if !same_version(&request.head.fields, fields) {
        return whole;
    }
    match select(range, *len) {
        Selected::Whole => {}
        Selected::Part(span) => {
            fields.push("Content-Range", &span.content_range(*len));
            whole.head.status = Status::PARTIAL_CONTENT;
            whole.body = Body::File {
                file: file.clone(),
                offset: span.first,
                len: span.len,
            };
        }
        Selected::Unsatisfiable => {
            let sentence = "The file ends before the range begins.";
            return Response::error(Status::RANGE_NOT_SATISFIABLE, sentence)
                .with("Content-Range", &format!("bytes */{len}"));
        }
    }
    whole
}

fn serve(given: &Given) -> io::Result<()> {
    let files = Files::new(&given.root()?)?.listing(Listing::Shown);
    given.serve(&|request: &Request| answer(&files, request))
}

fn main() -> ExitCode {
    exercise::main("3f", serve)
}
