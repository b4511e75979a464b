//! Requests as handlers see them, and responses as handlers make them.

use crate::front::{Front, Scheme};
use http_parse::{Framing, Method, Reject, RequestHead, ResponseHead, Status};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;

/// A request whose head is complete.
#[derive(Debug, Clone)]
pub struct Request {
    /// Method, target, version and fields.
    pub head: RequestHead,
    /// How the end of the content is found; [`Framing::None`] where there is none.
    pub framing: Framing,
    /// The client's end of the connection; behind a [front](Request::front), of that to the front.
    pub peer: SocketAddr,
    /// The server's end, or the front's.
    pub local: SocketAddr,
    /// The trusted server between the client and this one, if there is one.
    pub front: Option<Box<Front>>,
}

impl Request {
    /// How the client's own connection is, as far as can be known.
    pub fn scheme(&self) -> Scheme {
        self.front
            .as_deref()
            .map_or(Scheme::Http, |front| front.scheme)
    }

    /// What is to be done.
    pub fn method(&self) -> &Method {
        &self.head.method
    }

    /// The path of the target, as it came: still percent-encoded.
    pub fn path(&self) -> &[u8] {
        self.head.target.path()
    }
}

/// A response's content.
pub enum Body {
    /// None.
    Empty,
    /// Octets in memory, shared rather than copied.
    Bytes(Arc<[u8]>),
    /// A part of an open file.
    File {
        /// Shared: many responses may read one open file, each at its own offset.
        file: Arc<File>,
        /// First octet.
        offset: u64,
        /// Number of octets. A file that turns out shorter breaks the connection.
        len: u64,
    },
    /// Octets of unknown number, produced while they are sent. Reading must not wait: a source that
    /// can wait is an [`Exchange`](crate::Exchange).
    Stream(Box<dyn Read + Send>),
    /// One after the other.
    Parts(Vec<Body>),
}

impl Body {
    /// The number of octets, where it is known.
    pub fn len(&self) -> Option<u64> {
        match self {
            Body::Empty => Some(0),
            Body::Bytes(bytes) => Some(bytes.len() as u64),
            Body::File { len, .. } => Some(*len),
            Body::Stream(_) => None,
            Body::Parts(parts) => parts
                .iter()
                .try_fold(0, |sum: u64, part| sum.checked_add(part.len()?)),
        }
    }

    /// Whether it is known to have no octet.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Body::Empty => f.write_str("Empty"),
            Body::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Body::File { offset, len, .. } => write!(f, "File({offset}+{len})"),
            Body::Stream(_) => f.write_str("Stream"),
            Body::Parts(parts) => f.debug_tuple("Parts").field(parts).finish(),
        }
    }
}

/// A response that needs nothing more to be sent.
#[derive(Debug)]
pub struct Response {
    /// Status and fields. Date, Server, Connection, Content-Length and Transfer-Encoding are the
    /// server's to add.
    pub head: ResponseHead,
    /// Content.
    pub body: Body,
}

impl Response {
    /// A response without content or fields.
    pub fn new(status: Status) -> Response {
        Response {
            head: ResponseHead::new(status),
            body: Body::Empty,
        }
    }

    /// A plain text, status 200.
    pub fn text(text: impl Into<String>) -> Response {
        Response::new(Status::OK).typed("text/plain; charset=utf-8", text.into())
    }

    /// The same response with a field more; name and value are the program's own.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Response {
        self.head.fields.push(name, value);
        self
    }

    /// The same response with content of that media type.
    #[must_use]
    pub fn typed(mut self, media_type: &str, content: String) -> Response {
        self.head.fields.push("Content-Type", media_type);
        self.body = Body::Bytes(Arc::from(content.into_bytes()));
        self
    }

    /// A small page that a person can read: the status, one sentence, and what to try.
    pub fn error(status: Status, sentence: &str) -> Response {
        let (code, reason) = (status.code(), status.reason());
        let page = format!(
            "<!doctype html>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{code} {reason}</title>\n<h1>{code} {reason}</h1>\n<p>{}</p>\n",
            escape_html(sentence)
        );
        Response::new(status).typed("text/html; charset=utf-8", page)
    }
}

impl From<Reject> for Response {
    fn from(reject: Reject) -> Response {
        Response::error(reject.status, reject.fault.explain())
    }
}

/// Writes text so that HTML shows it as it is.
pub(crate) fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_text_as_it_is() {
        let response = Response::error(Status::NOT_FOUND, "<b>&\"'");
        let Body::Bytes(page) = response.body else {
            panic!("a page is in memory");
        };
        let page = String::from_utf8_lossy(&page);
        assert!(page.contains("<p>&lt;b&gt;&amp;&quot;&#39;</p>"), "{page}");
        assert!(page.contains("404 Not Found"), "{page}");
    }

    #[test]
    fn content_is_shown_by_its_kind_and_length() {
        let bytes = Body::Bytes(Arc::from(&b"abc"[..]));
        assert!(Body::Empty.is_empty() && !bytes.is_empty());
        let both = Body::Parts(vec![bytes, Body::Empty]);
        assert_eq!(format!("{both:?}"), "Parts([Bytes(3), Empty])");
    }

    #[test]
    fn parts_are_as_long_as_their_sum() {
        let three = || Body::Bytes(Arc::from(&b"abc"[..]));
        assert_eq!(Body::Parts(vec![]).len(), Some(0));
        assert_eq!(
            Body::Parts(vec![three(), Body::Empty, three()]).len(),
            Some(6)
        );
        let stream = Body::Stream(Box::new(std::io::empty()));
        assert_eq!(Body::Parts(vec![three(), stream]).len(), None);
    }

    #[test]
    fn only_a_stream_has_no_known_length() {
        assert_eq!(Body::Empty.len(), Some(0));
        assert_eq!(Body::Bytes(Arc::from(&b"abc"[..])).len(), Some(3));
        assert_eq!(Body::Stream(Box::new(std::io::empty())).len(), None);
        assert!(!Body::Stream(Box::new(std::io::empty())).is_empty());
    }
}
