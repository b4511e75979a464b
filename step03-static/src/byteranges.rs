//! Several parts of a file in one response.
//!
//! ```text
//! --BOUNDARY
//! Content-Type: text/plain; charset=utf-8
//! Content-Range: bytes 0-1/10
//!
//! 01
//! --BOUNDARY
//! …
//! --BOUNDARY--
//! ```
//!
//! Only the lines between the parts are made here. The parts stay in their file until they are
//! sent, so sixteen of them cost no more memory than one.

use crate::answer::content;
use crate::range::Span;
use crate::{Body, OpenFile, Response};
use http_parse::Status;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

/// Makes the 206 for several parts of a file of that media type. Each part has its own
/// `Content-Range`, and so the whole must not have one.
///
/// Source: RFC 9110 §14.6, §15.3.7.2
pub(crate) fn response(file: &OpenFile, media_type: &str, spans: &[Span]) -> Response {
    let boundary = boundary();
    let mut parts = Vec::with_capacity(2 * spans.len() + 1);
    let mut before = "";
    for span in spans {
        let range = span.content_range(file.len);
        parts.push(text(format!(
            "{before}--{boundary}\r\nContent-Type: {media_type}\r\n\
             Content-Range: {range}\r\n\r\n"
        )));
        parts.push(content(file, *span));
        // The line end before a boundary belongs to it, not to the part (RFC 2046 §5.1.1).
        before = "\r\n";
    }
    parts.push(text(format!("{before}--{boundary}--\r\n")));
    let multipart = format!("multipart/byteranges; boundary={boundary}");
    let mut response = Response::new(Status::PARTIAL_CONTENT).with("Content-Type", &multipart);
    response.body = Body::Parts(parts);
    response
}

fn text(text: String) -> Body {
    Body::Bytes(Arc::from(text.into_bytes()))
}

/// 128 bits in hexadecimal that nobody knew when the file was written, so it can hold them neither
/// by chance nor on purpose. `std` draws such numbers from the system to key its hash maps.
fn boundary() -> String {
    let draw = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", draw(), draw())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_boundary_comes_twice() {
        let mut drawn: Vec<String> = (0..1000).map(|_| boundary()).collect();
        assert!(drawn.iter().all(|boundary| boundary.len() == 32));
        drawn.sort();
        drawn.dedup();
        assert_eq!(drawn.len(), 1000);
    }
}
