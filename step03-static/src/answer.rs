//! What is said about a file that exists.
//!
//! ```text
//! preconditions ─► range ─┬─► whole     200
//!       │                 ├─► a part    206, Content-Range
//!       │                 ├─► parts     206, multipart/byteranges
//!       └─ 304, 412       └─► beyond    416
//! ```
//!
//! The order is the standard's: a range is looked at only when the preconditions hold (RFC 9110
//! §13.2.2). No octet of the file is read here; a response only says which ones it is made of.

use crate::byteranges;
use crate::mime::media_type;
use crate::range::Span;
use crate::{
    Body, OpenFile, Precondition, Request, Response, Selected, SitePath, Validators, precondition,
    select_range,
};
use http_parse::Status;
use std::sync::Arc;

/// The response for a file. `path` names it, and so its media type.
pub(crate) fn answer(request: &Request, path: &SitePath, file: &OpenFile) -> Response {
    let (method, fields) = (request.method(), &request.head.fields);
    let validators = Validators {
        etag: &file.etag,
        modified: file.modified,
    };
    match precondition(method, fields, validators) {
        Precondition::Holds => {}
        Precondition::NotModified => {
            // What else a 200 would say of the file, the client knows (RFC 9110 §15.4.5).
            return Response::new(Status::NOT_MODIFIED).with("ETag", &file.etag);
        }
        Precondition::Failed => {
            return Response::error(
                Status::PRECONDITION_FAILED,
                "The file is not the version that the request is about. \
                 Fetch it again without If-Match and If-Unmodified-Since.",
            );
        }
    }
    let media_type = media_type(path.file_name().unwrap_or(b""));
    let response = match select_range(method, fields, validators, file.len) {
        Selected::Whole => {
            let all = Span {
                first: 0,
                len: file.len,
            };
            let mut response = Response::new(Status::OK).with("Content-Type", media_type);
            response.body = content(file, all);
            response
        }
        Selected::Part(span) => {
            let mut response = Response::new(Status::PARTIAL_CONTENT)
                .with("Content-Type", media_type)
                .with("Content-Range", &span.content_range(file.len));
            response.body = content(file, span);
            response
        }
        Selected::Parts(spans) => byteranges::response(file, media_type, &spans),
        Selected::Unsatisfiable => return unsatisfiable(file),
    };
    response
        .with("Last-Modified", &file.last_modified)
        .with("ETag", &file.etag)
        .with("Accept-Ranges", "bytes")
        .with("X-Content-Type-Options", "nosniff")
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

fn unsatisfiable(file: &OpenFile) -> Response {
    Response::error(
        Status::RANGE_NOT_SATISFIABLE,
        "The file ends before the range begins. Its length is in the field Content-Range.",
    )
    .with("Content-Range", &format!("bytes */{}", file.len))
}
