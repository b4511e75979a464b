//! What is said about a file that exists.
//!
//! ```text
//! variant ─► preconditions ─► range ─┬─► whole     200
//!                  │                 ├─► a part    206, Content-Range
//!                  │                 ├─► parts     206, multipart/byteranges
//!                  └─ 304, 412       └─► beyond    416
//! ```
//!
//! The order is the standard's: validators and ranges are those of the variant, and a range is looked at only when the preconditions hold (RFC 9110
//! §13.2.2). No octet of the file is read here; a response only says which ones it is made of.

use crate::byteranges;
use crate::encoding::{Coding, choose};
use crate::mime::media_type;
use crate::prepared;
use crate::range::Span;
use crate::respond::now;
use crate::{
    Body, OpenFile, Precondition, Request, Response, Selected, SitePath, Validators, precondition,
    select_range,
};
use http_parse::{HttpDate, Status};
use std::sync::Arc;

/// The response for a file. `path` names it, and so its media type; the request decides between
/// its variants.
pub(crate) fn answer(request: &Request, path: &SitePath, file: &OpenFile) -> Response {
    if file.siblings.is_empty() {
        return answer_with(request, path, None, file);
    }
    let (coding, variant) = choose(&request.head.fields, file);
    answer_with(request, path, coding, variant).with("Vary", "Accept-Encoding")
}

fn answer_with(
    request: &Request,
    path: &SitePath,
    coding: Option<Coding>,
    file: &OpenFile,
) -> Response {
    let (method, fields) = (request.method(), &request.head.fields);
    let validators = Validators {
        etag: &file.etag,
        modified: file.modified,
        date: HttpDate { seconds: now() },
    };
    let name = path.file_name().unwrap_or(b"");
    match precondition(method, fields, Some(validators)) {
        Precondition::Holds => {}
        Precondition::NotModified => {
            let mut response = Response::new(Status::NOT_MODIFIED);
            response.head.fields = prepared::unchanged(name, file);
            return response;
        }
        Precondition::Failed => return failed(),
    }
    let mut response = match select_range(method, fields, validators, file.len) {
        Selected::Part(span) => part(file, media_type(name), span),
        // Content-Encoding would be said of the multipart, which is not encoded: its parts are.
        Selected::Parts(spans) if coding.is_none() => {
            byteranges::response(file, media_type(name), &spans)
        }
        Selected::Whole | Selected::Parts(_) => return whole(name, coding, file),
        Selected::Unsatisfiable => return unsatisfiable(file),
    };
    prepared::push_of_representation(&mut response.head.fields, name, coding, file);
    response
}

/// The response for a page that is made anew for each request, and so has neither tag nor date.
pub(crate) fn answer_with_page(request: &Request, html: String) -> Response {
    match precondition(request.method(), &request.head.fields, None) {
        Precondition::Holds => Response::new(Status::OK).typed("text/html; charset=utf-8", html),
        Precondition::NotModified => Response::new(Status::NOT_MODIFIED),
        Precondition::Failed => failed(),
    }
}

fn whole(name: &[u8], coding: Option<Coding>, file: &OpenFile) -> Response {
    let mut response = Response::new(Status::OK);
    response.head.fields = prepared::whole(name, coding, file);
    let all = Span {
        first: 0,
        len: file.len,
    };
    response.body = content(file, all);
    response
}

fn part(file: &OpenFile, media_type: &str, span: Span) -> Response {
    let mut response = Response::new(Status::PARTIAL_CONTENT)
        .with("Content-Type", media_type)
        .with("Content-Range", &span.content_range(file.len));
    response.body = content(file, span);
    response
}

/// Part of a file: out of its cached octets where there are some, so that a response never mixes
/// them with newer ones from the disk.
pub(crate) fn content(file: &OpenFile, span: Span) -> Body {
    let Span { first, len } = span;
    let Some(cached) = &file.body else {
        return Body::File {
            file: Arc::clone(&file.file),
            offset: first,
            len,
        };
    };
    if len == file.len {
        return Body::Bytes(Arc::clone(cached));
    }
    let in_memory = |offset: u64| usize::try_from(offset).expect("a cached file fits in memory");
    Body::Bytes(Arc::from(&cached[in_memory(first)..in_memory(first + len)]))
}

fn failed() -> Response {
    Response::error(
        Status::PRECONDITION_FAILED,
        "What is here is not the version that the request is about. \
         Fetch it again without If-Match and If-Unmodified-Since.",
    )
}

fn unsatisfiable(file: &OpenFile) -> Response {
    Response::error(
        Status::RANGE_NOT_SATISFIABLE,
        "The file ends before the range begins. Its length is in the field Content-Range.",
    )
    .with("Content-Range", &format!("bytes */{}", file.len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Found;
    use http_parse::{Limits, Parsed, parse_request_head};
    use std::fs::File;

    fn this_file() -> Arc<OpenFile> {
        let file = File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/src/answer.rs")).unwrap();
        match Found::describe(file).unwrap() {
            Found::File(file) => file,
            Found::Folder => panic!("a regular file"),
        }
    }

    fn ask(file: &OpenFile, method: &str, lines: &str) -> Response {
        let head = format!("{method} /answer.rs HTTP/1.1\r\nHost: x\r\n{lines}\r\n");
        let Ok(Parsed::Complete(head, _)) = parse_request_head(head.as_bytes(), &Limits::default())
        else {
            panic!("a whole head: {head}");
        };
        let nobody = "127.0.0.1:1".parse().unwrap();
        let request = Request {
            head,
            framing: http_parse::Framing::None,
            peer: nobody,
            local: nobody,
            front: None,
        };
        answer(&request, &SitePath::parse(b"/answer.rs").unwrap(), file)
    }

    /// Asks with fields in which `ETAG` stands for the file's own.
    #[track_caller]
    fn check(lines: &[&str], get: u16, head: u16) {
        let file = this_file();
        let lines: String = lines
            .iter()
            .map(|line| line.replace("ETAG", &file.etag) + "\r\n")
            .collect();
        for (method, expected) in [("GET", get), ("HEAD", head)] {
            let response = ask(&file, method, &lines);
            assert_eq!(response.head.status.code(), expected, "{method} {lines}");
        }
    }

    /// Whoever stands around this handler may send other content with these fields.
    #[test]
    fn the_length_is_left_to_whoever_sends_the_content() {
        let path = SitePath::parse(b"/answer.rs").unwrap();
        let Found::File(prepared) = crate::prepare(Found::File(this_file()), &path) else {
            panic!("a regular file");
        };
        for file in [this_file(), prepared] {
            assert!(!ask(&file, "GET", "").head.fields.contains("Content-Length"));
        }
    }

    const MATCHES: &str = "If-Match: ETAG";
    const DIFFERS: &str = "If-Match: \"other\"";
    const KNOWN: &str = "If-None-Match: ETAG";
    const UNKNOWN: &str = "If-None-Match: \"other\"";
    const PART: &str = "Range: bytes=0-9";
    const BEYOND: &str = "Range: bytes=99999999-";
    const SAME: &str = "If-Range: ETAG";
    const CHANGED: &str = "If-Range: \"other\"";

    #[test]
    fn preconditions_go_before_ranges() {
        check(&[], 200, 200);
        check(&[PART], 206, 200);
        check(&[BEYOND], 416, 200);
        check(&[KNOWN, PART], 304, 304);
        check(&[KNOWN, BEYOND], 304, 304);
        check(&[KNOWN, PART, CHANGED], 304, 304);
        check(&[DIFFERS, PART], 412, 412);
        check(&[DIFFERS, BEYOND], 412, 412);
        check(&[DIFFERS, KNOWN, PART, SAME], 412, 412);
        check(&[MATCHES, KNOWN, PART], 304, 304);
        check(&[MATCHES, UNKNOWN, PART], 206, 200);
        check(&[MATCHES, UNKNOWN, BEYOND], 416, 200);
    }

    #[test]
    fn if_range_goes_after_preconditions_and_before_the_range() {
        check(&[PART, SAME], 206, 200);
        check(&[PART, CHANGED], 200, 200);
        check(&[BEYOND, SAME], 416, 200);
        check(&[BEYOND, CHANGED], 200, 200);
        check(&[UNKNOWN, PART, SAME], 206, 200);
        check(&[MATCHES, BEYOND, CHANGED], 200, 200);
        check(&[DIFFERS, SAME], 412, 412);
        check(&[SAME], 200, 200);
    }
}
