//! Applications in the server's own process: CGI turned into a function call.
//!
//! ```text
//!     fn call(&self, request, input, respond) -> io::Result<()>
//!                    environ  stdin  stdout      exit status
//! ```
//!
//! An application may wait: for its input, for its output to be taken, for a database. So it must
//! run on a thread that has nothing else to do, which is what [`Offload`](crate::Offload) gives it.
//!
//! The order of an answer is in the types. A [`Responder`] can start one response, and only what
//! it gives back can write content. An application that wraps another (a log, a password) hands the
//! responder on, or answers in its place.

use http_parse::ResponseHead;
use static_files::Request;
use std::fmt;
use std::io::{self, Read, Write};

/// An application: answers requests, one call each, on several threads at once.
///
/// ```
/// use gateway::{App, Responder};
/// use http_parse::{ResponseHead, Status};
/// use static_files::Request;
/// use std::io::{self, Read, Write};
///
/// struct Hello;
///
/// impl App for Hello {
///     fn call(&self, request: &Request, _: &mut dyn Read, respond: Responder<'_>) -> io::Result<()> {
///         let mut head = ResponseHead::new(Status::OK);
///         head.fields.push("Content-Type", "text/plain; charset=utf-8");
///         let mut body = respond.start(&head)?;
///         writeln!(body, "you asked for {}", request.path().escape_ascii())
///     }
/// }
/// ```
pub trait App: Send + Sync + 'static {
    // ANCHOR: call
    /// Answers one request.
    ///
    /// `input` is the request's content: `Ok(0)` is its honest end, and a client that leaves in
    /// the middle of an upload is an error. Content that is not read is dropped.
    ///
    /// # Errors
    /// What keeps the application from a whole answer; usually an error of `input` or `respond`
    /// handed on. Before [`Responder::start`] the client gets 502, and afterwards a response that
    /// is visibly broken off. A panic counts as an error; so does `Ok` without any answer.
    fn call(
        &self,
        request: &Request,
        input: &mut dyn Read,
        respond: Responder<'_>,
    ) -> io::Result<()>;
    // ANCHOR_END: call
}

/// The right to answer, once.
pub struct Responder<'a> {
    to: &'a mut (dyn Write + 'a),
}

impl<'a> Responder<'a> {
    /// A responder that writes to `to`: head as a CGI program would, then content as it is.
    pub fn new(to: &'a mut (dyn Write + 'a)) -> Responder<'a> {
        Responder { to }
    }

    /// Begins the response. It leaves at once, so that the client of a slow answer sees its start.
    ///
    /// A Content-Length in `head` is a promise: more is cut off, less breaks the response.
    ///
    /// # Errors
    /// When nobody is there any more to be answered.
    ///
    /// Source: RFC 3875 §6.2.
    pub fn start(self, head: &ResponseHead) -> io::Result<BodyWriter<'a>> {
        let mut octets = format!("Status: {}\r\n", head.status.code()).into_bytes();
        octets.extend_from_slice(head.fields.wire());
        octets.extend_from_slice(b"\r\n");
        self.to.write_all(&octets)?;
        Ok(BodyWriter { to: self.to })
    }
}

impl fmt::Debug for Responder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responder").finish_non_exhaustive()
    }
}

/// Takes the content of a response, and waits while the client is slow.
///
/// Every write is sent as it is: an application that writes crumbs puts a `BufWriter` around it,
/// and flushes that at the end.
pub struct BodyWriter<'a> {
    to: &'a mut (dyn Write + 'a),
}

impl Write for BodyWriter<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.to.write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl fmt::Debug for BodyWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyWriter").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_parse::Status;

    #[test]
    fn a_response_is_written_as_a_cgi_program_would() {
        let mut head = ResponseHead::new(Status::NOT_FOUND);
        head.fields.push("Content-Type", "text/plain");
        let mut out = Vec::new();
        let mut body = Responder::new(&mut out)
            .start(&head)
            .expect("a Vec takes all");
        body.write_all(b"no").expect("a Vec takes all");
        assert_eq!(
            out.escape_ascii().to_string(),
            r"Status: 404\r\nContent-Type: text/plain\r\n\r\nno"
        );
    }
}
