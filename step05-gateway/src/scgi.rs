//! SCGI: CGI's words in one string, the content behind it, and the end of the connection as the end.
//!
//! ```text
//!     70:CONTENT_LENGTH ␀ 27 ␀ SCGI ␀ 1 ␀ REQUEST_METHOD ␀ POST ␀ … ,  │ content     ──►
//!     ◄── Status: 200 … content, until it is closed
//! ```
//!
//! The simplest wire there is. What it gives up for that: a connection for each request, a length
//! that must be known, and no way to tell a short answer from a whole one without Content-Length.
//!
//! Source: SCGI: A Simple Common Gateway Interface alternative (2008).

use crate::cgi_answer::{CgiAnswer, Opening, hear_to_the_end};
use crate::cgi_head::BadGateway;
use crate::environ::Environ;
use crate::protocol::{Heard, Protocol};
use static_files::Request;

/// One request over SCGI.
#[derive(Debug)]
pub(crate) struct Scgi {
    environ: Environ,
    answer: CgiAnswer,
}

impl Scgi {
    /// A request that these variables describe.
    pub(crate) fn new(environ: Environ, request: &Request) -> Scgi {
        Scgi {
            environ,
            answer: CgiAnswer::new(request.method().clone(), Opening::Fields),
        }
    }
}

impl Protocol for Scgi {
    // ANCHOR: begin
    fn begin(&mut self, _: &Request, length: Option<u64>, out: &mut Vec<u8>) {
        let length = length.unwrap_or_default().to_string();
        let first: [(&[u8], &[u8]); 2] = [(b"CONTENT_LENGTH", length.as_bytes()), (b"SCGI", b"1")];
        let others = self.environ.iter();
        let others = others.filter(|(name, _)| *name != b"CONTENT_LENGTH");
        let mut pairs = Vec::new();
        for (name, value) in first.into_iter().chain(others) {
            for part in [name, value] {
                pairs.extend_from_slice(part);
                pairs.push(0);
            }
        }
        out.extend_from_slice(format!("{}:", pairs.len()).as_bytes());
        out.extend_from_slice(&pairs);
        out.push(b',');
    }
    // ANCHOR_END: begin

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

    fn asked(line: &str) -> Scgi {
        let request = request(&format!("{line} HTTP/1.1\nHost: a"));
        Scgi::new(environ(&request), &request)
    }

    #[test]
    fn a_request_is_one_string_with_its_length_first() {
        let request = request("POST /app HTTP/1.1\nHost: a\nContent-Length: 3");
        for (length, expected) in [(Some(3), "3"), (Some(0), "0")] {
            let mut out = Vec::new();
            let mut scgi = Scgi::new(environ(&request), &request);
            scgi.begin(&request, length, &mut out);
            scgi.body(b"abc", &mut out);
            scgi.end(&mut out);
            let text = String::from_utf8_lossy(&out);
            let (len, rest) = text.split_once(':').expect("a netstring");
            let (pairs, content) = rest.split_at(len.parse().expect("a length"));
            assert_eq!(content, ",abc");
            let parts: Vec<&str> = pairs.split_terminator('\0').collect();
            assert_eq!(parts[..4], ["CONTENT_LENGTH", expected, "SCGI", "1"]);
            let names: Vec<&str> = parts.iter().step_by(2).copied().collect();
            let once = |name| names.iter().filter(|each| **each == name).count() == 1;
            assert!(names.iter().all(|name| once(*name)), "{names:?}");
            assert!(names.contains(&"REQUEST_METHOD"));
        }
    }

    #[test]
    fn an_answer_lasts_as_long_as_its_connection() {
        let page = b"Status: 200\nX: y\n\nhello";
        check(|| asked("GET /"), page, "(200 X: y; )hello|Close");
        check(|| asked("GET /"), b"Status: 200\n\n", "(200 )|Close");
        let page = b"Status: 200\nContent-Length: 5\n\nhello, world";
        let told = "(200 Content-Length: 5; )";
        check(|| asked("GET /"), page, &format!("{told}hello|Close"));
        check(|| asked("HEAD /"), page, &format!("{told}|Close"));
    }

    #[test]
    fn an_answer_that_is_cut_short_is_noticed_where_it_can_be() {
        let page = b"Status: 200\nContent-Length: 5\n\nhell";
        let short = "(200 Content-Length: 5; )hell|ended 1 octets short of its Content-Length";
        check(|| asked("GET /"), page, short);
        check(|| asked("GET /"), b"Status: 2", "|ended without an answer");
        check(|| asked("GET /"), b"", "|ended without an answer");
    }
}
