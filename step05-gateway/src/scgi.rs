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
