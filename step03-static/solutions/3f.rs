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
    match within(range, len) {
        // Of an empty file there are no parts, and it costs nothing to send.
        Some(_) if len == 0 => Selected::Whole,
        Some((first, end)) if first < end => Selected::Part(Span {
            first,
            len: end - first,
        }),
        Some(_) => Selected::Unsatisfiable,
        None => Selected::Whole,
    }
}

/// The first octet of a range and the end of it, which is not beyond the file's; `None` for what
/// cannot be understood, runs backwards, or is several ranges.
fn within(range: &[u8], len: u64) -> Option<(u64, u64)> {
    let (unit, numbers) = str::from_utf8(range).ok()?.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    match numbers.trim().split_once('-')? {
        ("", count) => Some((len.saturating_sub(number(count)?), len)),
        (first, "") => Some((number(first)?, len)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then(|| (first, last.saturating_add(1).min(len)))
        }
    }
}

/// A number of digits. One that is too large for us is past the end of every file, and so is the
/// largest that is not.
fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
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
