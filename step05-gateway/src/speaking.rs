//! Requests, and the engine's part, for the tests of protocols.

use crate::environ::{Authorization, Environ, Mount};
use crate::protocol::{Heard, Protocol};
use http_parse::{Limits, Parsed, parse_request_head, request_framing};
use static_files::Request;
use std::path::Path;

/// A request with this head, whose lines end with LF here.
pub(crate) fn request(head: &str) -> Request {
    request_between("127.0.0.1:1", "127.0.0.1:1", head)
}

/// The same from one address to another.
pub(crate) fn request_between(peer: &str, local: &str, head: &str) -> Request {
    let head = head.replace('\n', "\r\n") + "\r\n\r\n";
    let parsed = parse_request_head(head.as_bytes(), &Limits::default());
    let Ok(Parsed::Complete(head, _)) = parsed else {
        panic!("{parsed:?}")
    };
    Request {
        framing: request_framing(&head).expect("framing is clear"),
        head,
        peer: peer.parse().expect("an address"),
        local: local.parse().expect("an address"),
        front: None,
    }
}

/// What an application at `/app` is told of a request.
pub(crate) fn environ(request: &Request) -> Environ {
    let mount = Mount {
        script_name: b"/app",
        path_info: b"",
        document_root: Path::new("/srv"),
        script_filename: Path::new("/srv/app"),
    };
    Environ::new(request, &mount, Authorization::Passed)
}

/// What is heard of an answer that comes in pieces of `cut` octets and is taken in bits of `bit`: in
/// round brackets the head, in square ones complaints, then content, and after a bar how it ended.
pub(crate) fn story(mut protocol: impl Protocol, answer: &[u8], cut: usize, bit: usize) -> String {
    let mut story = String::new();
    let (mut at, mut end) = (0, 0);
    loop {
        let front = &answer[at..end];
        let used = match protocol.hear(front, end == answer.len()) {
            Ok(Heard::Skip(n)) => n,
            Ok(Heard::Head(n, head)) => {
                let fields = String::from_utf8_lossy(head.fields.wire()).replace("\r\n", "; ");
                story += &format!("({} {fields})", head.status.code());
                n
            }
            Ok(Heard::Data { skip, len }) => {
                let n = (skip + len).min(bit);
                story += &front[..n][skip.min(n)..].escape_ascii().to_string();
                n
            }
            Ok(Heard::Complaint { skip, len }) => {
                let n = (skip + len).min(bit);
                story += &format!("[{}]", front[..n][skip.min(n)..].escape_ascii());
                n
            }
            Ok(Heard::NeedBytes | Heard::Whole) if end < answer.len() => {
                end = answer.len().min(end + cut);
                continue;
            }
            Ok(Heard::End(after)) => return format!("{story}|{after:?}"),
            Ok(other) => return format!("{story}|{other:?}"),
            Err(bad) => return format!("{story}|{bad}"),
        };
        protocol.took(used);
        at += used;
    }
}

/// Checks the story of an answer however it is cut and taken.
#[track_caller]
pub(crate) fn check<P: Protocol>(new: impl Fn() -> P, answer: &[u8], expected: &str) {
    // Complaints are told as they come; in how many parts is nobody's business.
    let joined = |story: String| story.replace("][", "");
    for cut in 1..=answer.len().max(1) {
        for bit in [1, 3, usize::MAX] {
            let story = joined(story(new(), answer, cut, bit));
            let shown = answer.escape_ascii();
            assert_eq!(story, expected, "cut at {cut}, in bits of {bit}: {shown}");
        }
    }
}
