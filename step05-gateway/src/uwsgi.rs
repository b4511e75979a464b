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
