//! Responses' heads, onto the wire.
//!
//! Which fields of a response are the connection's own business, and what they say, follows from
//! the request and from the response's head. That is decided here, in one place, for all servers:
//!
//! ```text
//!   HEAD, 1xx, 204, 304             no body
//!   one valid Content-Length        that many octets
//!   else, client of HTTP/1.1        Transfer-Encoding: chunked
//!   else                            until the connection closes
//! ```
//!
//! Date, Server and everything that describes the content are the caller's.

use crate::fields::is_name;
use crate::framing::parse_length;
use crate::head::has_connection_option;
use crate::{Encoder, Fields, Framing, Method, RequestHead, ResponseHead, Status, Version};

/// What a request says about its response.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) content: Content,
    pub(crate) version: Version,
    pub(crate) persistence: Persistence,
    pub(crate) expectation: Expectation,
    /// How the request's own body ends.
    pub(crate) framing: Framing,
}

/// Whether the content of a response goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Sent,
    /// The request was HEAD.
    Withheld,
}

/// Whether the connection lives on after the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Persistence {
    Keep,
    /// The client has said that it sends no further request.
    LastRequest,
    /// The client may send some, and none will be read.
    Close,
}

/// Whether the client waits to hear that its body is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expectation {
    Waiting,
    /// It never did, it has been told, or it has lost patience.
    Settled,
}

/// What goes for a request of which nothing is known, when it must be answered all the same.
impl Default for Asked {
    fn default() -> Asked {
        Asked {
            content: Content::Sent,
            version: Version::Http11,
            persistence: Persistence::Keep,
            expectation: Expectation::Settled,
            framing: Framing::None,
        }
    }
}

impl Asked {
    /// What a request's head says about its response, its body left aside.
    pub(crate) fn by(head: &RequestHead) -> Asked {
        Asked {
            content: if head.method == Method::Head {
                Content::Withheld
            } else {
                Content::Sent
            },
            version: head.version,
            persistence: if head.keeps_alive() {
                Persistence::Keep
            } else {
                Persistence::LastRequest
            },
            ..Asked::default()
        }
    }

    /// Chooses how the body of a response goes out.
    ///
    /// Source: RFC 9112 §6.1 to §6.3
    // ANCHOR: encoder
    pub(crate) fn encoder(&self, status: Status, promised: Option<u64>) -> Encoder {
        if self.content == Content::Withheld || status.forbids_content() {
            return Encoder::Bodiless;
        }
        match (promised, self.version) {
            (Some(octets), _) => Encoder::Length(octets),
            (None, Version::Http11) => Encoder::Chunked,
            (None, Version::Http10) => Encoder::UntilClose,
        }
    }
    // ANCHOR_END: encoder
}

/// What the caller's fields say about the connection's business.
#[derive(Debug)]
pub(crate) struct Said {
    /// Whether there is a Content-Length.
    length: bool,
    /// The one valid Content-Length; anything else promises nothing.
    pub(crate) promised: Option<u64>,
    /// Whether there are lines that the connection alone writes.
    ours: bool,
    /// Whether this is to be the last response.
    pub(crate) close: bool,
}

impl Said {
    pub(crate) fn by(fields: &Fields) -> Said {
        let mut lengths = fields.all("Content-Length");
        let (first, second) = (lengths.next(), lengths.next());
        let only = first.filter(|_| second.is_none());
        Said {
            length: first.is_some(),
            promised: only.and_then(|octets| parse_length(octets).ok()),
            ours: OURS.iter().any(|name| fields.contains(name)),
            close: has_connection_option(fields, "close"),
        }
    }
}

/// Lines that the connection alone writes.
const OURS: [&str; 3] = ["Connection", "Keep-Alive", "Transfer-Encoding"];

/// Who decides whether a line goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writer {
    Caller,
    /// Content-Length: the caller promises it, and framing may leave it out.
    Framing,
    Connection,
}

fn writer(name: &[u8]) -> Writer {
    if is_name(name, "Content-Length") {
        Writer::Framing
    } else if OURS.iter().any(|own| is_name(name, own)) {
        Writer::Connection
    } else {
        Writer::Caller
    }
}

/// Appends a head: status line, the caller's fields, framing, and what becomes of the connection.
/// `said` is what these fields say.
pub(crate) fn write_head(
    head: &ResponseHead,
    said: &Said,
    encoder: Encoder,
    asked: &Asked,
    out: &mut Vec<u8>,
) {
    out.reserve(head.fields.wire().len() + HEAD_EXTRA);
    status_line(head.status, out);
    let length = !said.length || tells_length(head.status, said, encoder);
    if !said.ours && length {
        out.extend_from_slice(head.fields.wire());
    } else {
        for (name, line) in head.fields.wire_lines() {
            match writer(name) {
                Writer::Caller => out.extend_from_slice(line),
                Writer::Framing if length => out.extend_from_slice(line),
                Writer::Framing | Writer::Connection => {}
            }
        }
    }
    if encoder == Encoder::Chunked {
        out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
    }
    match (asked.persistence, asked.version) {
        // To HTTP/1.0 too, where it is the rule anyway: the last response of a connection says so
        // (RFC 9112 §9.6).
        (Persistence::LastRequest | Persistence::Close, _) => {
            out.extend_from_slice(b"Connection: close\r\n")
        }
        (Persistence::Keep, Version::Http10) => {
            out.extend_from_slice(b"Connection: keep-alive\r\n")
        }
        (Persistence::Keep, Version::Http11) => {}
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends the head of a `101`: the caller's fields, of which Upgrade says to what, and the
/// Connection that goes with it. It has no framing; what follows is no message any more.
///
/// Source: RFC 9110 §7.8, §15.2.2
pub(crate) fn write_switch(head: &ResponseHead, out: &mut Vec<u8>) {
    write_unframed(head, out);
    out.extend_from_slice(b"Connection: upgrade\r\n\r\n");
}

/// Appends an interim response: it has no framing either, and says nothing of the connection.
///
/// Source: RFC 9110 §15.2
pub(crate) fn write_interim(head: &ResponseHead, out: &mut Vec<u8>) {
    write_unframed(head, out);
    out.extend_from_slice(b"\r\n");
}

fn write_unframed(head: &ResponseHead, out: &mut Vec<u8>) {
    status_line(head.status, out);
    for (name, line) in head.fields.wire_lines() {
        if writer(name) == Writer::Caller {
            out.extend_from_slice(line);
        }
    }
}

/// Room for status line, framing and connection fields: one allocation for a whole head.
const HEAD_EXTRA: usize = 128;

/// `HTTP/1.1 200 OK`, whatever the client speaks: the version says what *we* understand
/// (RFC 9110 §2.5).
fn status_line(status: Status, out: &mut Vec<u8>) {
    let digit = |place| {
        let digit = u8::try_from(status.code() / place % 10).expect("a digit is below ten");
        b'0' + digit
    };
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(&[digit(100), digit(10), digit(1), b' ']);
    out.extend_from_slice(status.reason().as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Content-Length stands where it is the framing, and where no body goes out but a GET would have
/// had one of that length; never beside another framing, nor with 1xx and 204.
///
/// Source: RFC 9110 §8.6
fn tells_length(status: Status, said: &Said, encoder: Encoder) -> bool {
    let without = status.is_informational() || status == Status::NO_CONTENT;
    match encoder {
        Encoder::Length(_) => true,
        Encoder::Bodiless => !without && said.promised.is_some(),
        Encoder::Chunked | Encoder::UntilClose => false,
    }
}
