//! uwsgi, the protocol of uWSGI: CGI's words behind binary lengths, and an answer with a status line.
//!
//! ```text
//!     0  size ×2  0  │ length ×2  name  length ×2  value … │ content     ──►
//!     ◄── HTTP/1.1 200 OK … content, until it is closed
//! ```
//!
//! Numbers are little-endian, so all variables together are at most 65,535 octets, and uWSGI itself
//! takes 4,096 unless it is told otherwise (`buffer-size`). In all else it is as SCGI is.
//!
//! Source: The uwsgi Protocol (uWSGI documentation).

use crate::cgi_answer::{CgiAnswer, Opening, hear_to_the_end};
use crate::cgi_head::BadGateway;
use crate::environ::Environ;
use crate::protocol::{Heard, Protocol};
use static_files::Request;

/// The application is asked for a request's answer (modifier 1, "WSGI (Python) request").
const MODIFIER: u8 = 0;

/// One request over uwsgi.
#[derive(Debug)]
pub(crate) struct Uwsgi {
    pairs: Vec<u8>,
    answer: CgiAnswer,
}

/// More variables than the protocol has numbers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMuch;

impl Uwsgi {
    /// A request that these variables describe.
    ///
    /// # Errors
    /// [`TooMuch`] when they are more than 65,535 octets with their lengths.
    pub(crate) fn new(environ: &Environ, request: &Request) -> Result<Uwsgi, TooMuch> {
        // ANCHOR: pairs
        let mut pairs = Vec::new();
        for (name, value) in environ.iter() {
            for part in [name, value] {
                let len = u16::try_from(part.len()).map_err(|_| TooMuch)?;
                pairs.extend_from_slice(&len.to_le_bytes());
                pairs.extend_from_slice(part);
            }
        }
        if pairs.len() > LIMIT {
            return Err(TooMuch);
        }
        // ANCHOR_END: pairs
        let answer = CgiAnswer::new(request.method().clone(), Opening::StatusLine);
        Ok(Uwsgi { pairs, answer })
    }
}

/// Room for one more variable is left: a length that becomes known later.
const LIMIT: usize = u16::MAX as usize - 64;

impl Protocol for Uwsgi {
    fn begin(&mut self, request: &Request, length: Option<u64>, out: &mut Vec<u8>) {
        // Content that came in chunks has been counted since the variables were made.
        if request.head.fields.get("Content-Length").is_none()
            && let Some(length @ 1..) = length
        {
            for part in ["CONTENT_LENGTH", &length.to_string()] {
                let len = u16::try_from(part.len()).expect("both are short");
                self.pairs.extend_from_slice(&len.to_le_bytes());
                self.pairs.extend_from_slice(part.as_bytes());
            }
        }
        let size = u16::try_from(self.pairs.len()).expect("it was looked at before");
        let [low, high] = size.to_le_bytes();
        out.extend_from_slice(&[MODIFIER, low, high, 0]);
        out.append(&mut self.pairs);
    }

    fn body(&mut self, data: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(data);
    }

    fn end(&mut self, _: &mut Vec<u8>) {}

    fn hear(&mut self, front: &[u8], eof: bool) -> Result<Heard, BadGateway> {
        hear_to_the_end(&mut self.answer, front, eof)
    }

    fn took(&mut self, n: usize) {
        self.answer.took(n);
    }

    fn needs_length(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speaking::{check, environ, request};

    fn asked(line: &str) -> Uwsgi {
        let request = request(&format!("{line} HTTP/1.1\nHost: a"));
        Uwsgi::new(&environ(&request), &request).expect("it is short")
    }

    /// Variables as they stand in a packet.
    fn variables(packet: &[u8]) -> Vec<(String, String)> {
        let size = usize::from(u16::from_le_bytes([packet[1], packet[2]]));
        assert_eq!((packet[0], packet[3], packet.len()), (0, 0, 4 + size));
        let mut rest = &packet[4..];
        let mut parts = Vec::new();
        while let Some((len, tail)) = rest.split_first_chunk() {
            let (part, tail) = tail.split_at(usize::from(u16::from_le_bytes(*len)));
            parts.push(String::from_utf8_lossy(part).into_owned());
            rest = tail;
        }
        let pairs = parts
            .chunks(2)
            .map(|pair| (pair[0].clone(), pair[1].clone()));
        pairs.collect()
    }

    #[test]
    fn a_packet_holds_each_variable_once_and_the_length_that_was_counted() {
        for (framing, length, expected) in [
            ("Content-Length: 3", Some(3), Some("3")),
            ("Transfer-Encoding: chunked", Some(5), Some("5")),
            ("X: y", Some(0), None),
        ] {
            let request = request(&format!("POST /app HTTP/1.1\nHost: a\n{framing}"));
            let mut uwsgi = Uwsgi::new(&environ(&request), &request).expect("it is short");
            let mut out = Vec::new();
            uwsgi.begin(&request, length, &mut out);
            let pairs = variables(&out);
            let lengths: Vec<&str> = pairs
                .iter()
                .filter(|(name, _)| name == "CONTENT_LENGTH")
                .map(|(_, value)| value.as_str())
                .collect();
            assert_eq!(lengths, Vec::from_iter(expected));
            assert!(pairs.contains(&("REQUEST_METHOD".to_owned(), "POST".to_owned())));
        }
    }

    #[test]
    fn more_than_sixteen_bits_can_count_is_refused() {
        let value = "x".repeat(7000);
        let fields: String = (0..4).map(|n| format!("\nX-{n}: {value}")).collect();
        let request = request(&format!(
            "GET /?{} HTTP/1.1\nHost: a{fields}",
            "q".repeat(3000)
        ));
        let mut environ = environ(&request);
        assert!(Uwsgi::new(&environ, &request).is_ok());
        environ = environ.twice();
        assert_eq!(
            Uwsgi::new(&environ, &request).expect_err("too much"),
            TooMuch
        );
    }

    #[test]
    fn an_answer_has_a_status_line() {
        let page = b"HTTP/1.1 404 Not Found\r\nX: y\r\nConnection: close\r\n\r\ngone";
        check(|| asked("GET /"), page, "(404 X: y; )gone|Close");
        // No local redirect: the client is sent there.
        let page = b"HTTP/1.0 302 x\nLocation: /a\n\n";
        check(|| asked("GET /"), page, "(302 Location: /a; )|Close");
        for (page, expected) in [
            (
                "Status: 200\n\n",
                "|began with no status line: \"Status: 200\"",
            ),
            ("HTTP/1.1\n\n", "|began with no status line: \"HTTP/1.1\""),
            ("HTTP/1.1 99 x\n\n", "|sent the status \"99 x\""),
            (
                "HTTP/1.1 100 Continue\n\n",
                "|sent the status \"100 Continue\"",
            ),
            ("HTTP/1.1 200 OK\nX", "|ended without an answer"),
        ] {
            check(|| asked("GET /"), page.as_bytes(), expected);
        }
    }
}
