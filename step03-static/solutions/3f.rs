//! 3f Ranges: a part of a file, where there is such a part.
//!
//! A stranger's numbers are cut to the file before anything is subtracted from anything; and a part
//! is sent only of the version that was asked for.

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
    let (first, end) = match spec(range) {
        // Of an empty file there are no parts, and it costs nothing to send.
        None => return Selected::Whole,
        Some(_) if len == 0 => return Selected::Whole,
        Some((None, None)) => return Selected::Whole,
        Some((Some(first), Some(last))) if last < first => return Selected::Whole,
        Some((Some(first), None)) => (first, len),
        Some((Some(first), Some(last))) => (first, last.saturating_add(1).min(len)),
        Some((None, Some(count))) => (len.saturating_sub(count), len),
    };
    match first < end {
        true => Selected::Part(Span {
            first,
            len: end - first,
        }),
        false => Selected::Unsatisfiable,
    }
}

/// The two numbers of a range, of which either may be missing; `None` for anything else, such as
/// several ranges or another unit.
fn spec(range: &[u8]) -> Option<(Option<u64>, Option<u64>)> {
    let (unit, numbers) = str::from_utf8(range).ok()?.split_once('=')?;
    let (first, last) = numbers.trim().split_once('-')?;
    let is_bytes = unit.eq_ignore_ascii_case("bytes");
    is_bytes.then_some((number(first)?, number(last)?))
}

/// A number of digits, or nothing. One that is too large for us is past the end of every file, and
/// so is the largest that is not.
fn number(digits: &str) -> Option<Option<u64>> {
    if digits.is_empty() {
        return Some(None);
    }
    let is_number = digits.bytes().all(|octet| octet.is_ascii_digit());
    is_number.then(|| Some(digits.parse().unwrap_or(u64::MAX)))
}

/// Whether the part is wanted of the version that `file` tells of: its ETag, its Last-Modified.
fn same_version(request: &Fields, file: &Fields) -> bool {
    // Octet for octet: a weak tag begins with `W/` and so equals no strong one, and a later date is
    // not the same date.
    request.all("If-Range").all(|wanted| {
        let is_wanted = |name| file.get(name) == Some(wanted);
        is_wanted("ETag") || is_wanted("Last-Modified")
    })
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
