//! Local redirects: a program may answer "do what you would for that path" (RFC 3875 §6.2.2).
//!
//! ```text
//!     client ──► /cgi/old ──► Location: /new/page ─┐
//!     client ◄── the answer of /new/page ◄─────────┘   it never hears of the detour
//! ```
//!
//! Only the whole site knows what it would do, so this is a handler around all others: the first
//! program's exchange is replaced by the second one's, in the client's place and without the
//! client's content. A program that answers through a file, behind a check of its own, is the
//! use of it.

use crate::cgi_head::BadGateway;
use crate::complaints::Complaints;
use http_parse::{
    Fields, Framing, Limits, Method, Parsed, ResponseHead, Version, parse_request_head,
};
use static_files::{Collect, Ends, Exchange, Front, Handler, Reply, Request};
use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

/// Redirects followed for one request; a program that wants more goes round in circles.
const ROUNDS: u32 = 5;

/// Fields of the first request that speak of its content, which the second does not have.
const OF_CONTENT: [&str; 4] = [
    "Content-Length",
    "Content-Type",
    "Transfer-Encoding",
    "Expect",
];

/// What a program's exchange fails with when the site is to answer in its place.
#[derive(Debug)]
pub(crate) struct LocalRedirect {
    pub(crate) path: Box<[u8]>,
    /// SCRIPT_NAME of the program, for complaints.
    pub(crate) from: Box<[u8]>,
    pub(crate) complaints: Arc<Complaints>,
}

impl fmt::Display for LocalRedirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.escape_ascii();
        write!(
            f,
            "wants the site to answer with {path}, and nobody follows redirects here"
        )
    }
}

impl Error for LocalRedirect {}

impl LocalRedirect {
    fn refuse(&self, reason: &str) -> io::Error {
        let path = self.path.escape_ascii();
        let reason = format!("asked for a local redirect to {path}: {reason}");
        self.complaints.note(&self.from, &reason);
        BadGateway { reason }.into()
    }
}

/// A [`Handler`] around a whole site that follows the local redirects of its programs.
pub struct Redirects {
    site: Site,
}

type Site = Arc<dyn Handler + Send>;

impl Redirects {
    /// Answers as `site` does, and asks it again where a program says so.
    pub fn new(site: impl Handler + Send + 'static) -> Redirects {
        let site = Arc::new(site);
        Redirects { site }
    }
}

impl fmt::Debug for Redirects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redirects").finish_non_exhaustive()
    }
}

impl Handler for Redirects {
    fn handle(&self, request: &Request) -> Reply {
        match self.site.handle(request) {
            Reply::Exchange(current) if current.may_redirect() => {
                Reply::Exchange(Box::new(Following {
                    site: Arc::clone(&self.site),
                    asked: Asked::by(request),
                    current,
                    rounds: 0,
                    generation: 0,
                    input: Input::Clients,
                }))
            }
            reply @ (Reply::Ready(_) | Reply::Exchange(_)) => reply,
        }
    }
}

/// Whose content the current exchange takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    /// The client's: no redirect so far.
    Clients,
    /// Nobody's, and it has not been told yet.
    Closing,
    /// Nobody's.
    Closed,
}

/// An exchange that may be replaced before its head.
struct Following {
    site: Site,
    asked: Asked,
    current: Box<dyn Exchange>,
    rounds: u32,
    /// More than any number of an earlier exchange.
    generation: u32,
    input: Input,
}

impl fmt::Debug for Following {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Following")
            .field("current", &self.current)
            .field("rounds", &self.rounds)
            .finish_non_exhaustive()
    }
}

impl Following {
    fn follow(&mut self, redirect: &LocalRedirect) -> io::Result<()> {
        if self.rounds == ROUNDS {
            return Err(redirect.refuse("one too many"));
        }
        let request = self.asked.redirected(&redirect.path);
        let request = request.ok_or_else(|| redirect.refuse("this is no path"))?;
        // This is not the server's call of a handler, which has a net of its own.
        let reply = catch_unwind(AssertUnwindSafe(|| self.site.handle(&request)));
        let next: Box<dyn Exchange> = match reply {
            Ok(Reply::Exchange(exchange)) => exchange,
            // An answer that waits for no content is an exchange, too.
            Ok(Reply::Ready(response)) => Box::new(Collect::new(request, 0, |_, _| response)),
            Err(_) => return Err(redirect.refuse("its handler panicked")),
        };
        self.rounds += 1;
        self.generation = self.generation().wrapping_add(1);
        self.current = next;
        self.input = Input::Closing;
        Ok(())
    }
}

/// What is kept of a request, to be asked again for another path.
struct Asked {
    /// As GET, or as HEAD.
    method: &'static [u8],
    version: Version,
    /// The field section as it stands on the wire.
    fields: Box<[u8]>,
    peer: SocketAddr,
    local: SocketAddr,
    front: Option<Box<Front>>,
}

impl Asked {
    fn by(request: &Request) -> Asked {
        Asked {
            method: match request.method() {
                Method::Head => b"HEAD ",
                _any_other => b"GET ",
            },
            version: request.head.version,
            fields: request.head.fields.wire().into(),
            peer: request.peer,
            local: request.local,
            front: request.front.clone(),
        }
    }

    /// The same request for another path, without content.
    fn redirected(&self, path: &[u8]) -> Option<Request> {
        let version: &[u8] = match self.version {
            Version::Http10 => b" HTTP/1.0\r\n",
            Version::Http11 => b" HTTP/1.1\r\n",
        };
        let octets = [self.method, path, version, &self.fields, b"\r\n"].concat();
        // Only the parser makes targets, so that none is unchecked.
        let Ok(Parsed::Complete(mut head, _)) = parse_request_head(&octets, &Limits::default())
        else {
            return None;
        };
        OF_CONTENT
            .into_iter()
            .for_each(|name| head.fields.remove(name));
        Some(Request {
            head,
            framing: Framing::None,
            peer: self.peer,
            local: self.local,
            front: self.front.clone(),
        })
    }
}

impl Exchange for Following {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self.input {
            Input::Clients => self.current.write(data),
            Input::Closing | Input::Closed => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn close_write(&mut self) -> io::Result<()> {
        match self.input {
            Input::Clients => self.current.close_write(),
            Input::Closing | Input::Closed => Ok(()),
        }
    }

    fn write_trailers(&mut self, trailers: &Fields) {
        match self.input {
            Input::Clients => self.current.write_trailers(trailers),
            Input::Closing | Input::Closed => {}
        }
    }

    fn interim(&mut self) -> Option<ResponseHead> {
        self.current.interim()
    }

    fn trailers(&mut self) -> Fields {
        self.current.trailers()
    }

    fn head(&mut self) -> io::Result<ResponseHead> {
        loop {
            if self.input == Input::Closing {
                self.current.close_write()?;
                self.input = Input::Closed;
            }
            let error = match self.current.head() {
                Ok(head) => return Ok(head),
                Err(error) => error,
            };
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
            let Some(redirect) = inner else {
                return Err(error);
            };
            self.follow(redirect)?;
        }
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.current.read(buf)
    }

    fn ends(&self) -> Ends<'_> {
        self.current.ends()
    }

    fn generation(&self) -> u32 {
        self.generation.wrapping_add(self.current.generation())
    }

    fn has_pending(&self) -> bool {
        self.current.has_pending()
    }

    fn deadline(&self) -> Option<Instant> {
        self.current.deadline()
    }

    fn timed_out(&mut self) {
        self.current.timed_out();
    }
}
