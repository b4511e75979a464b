//! Answers that need the whole of a small request body.
//!
//! The first [`Exchange`]: nothing runs behind it, it takes content until there is no more, and
//! then has its answer. A form or a small upload is handled so; a large one should be dealt with
//! while it comes.

use crate::content::Content;
use crate::respond::tells_length;
use crate::{Ends, Exchange, Request, Response};
use http_parse::{Framing, ResponseHead};
use std::fmt;
use std::io::{self, Read};
use std::mem;

/// Makes the response, from the request and its content.
type Answer = Box<dyn FnOnce(&Request, Vec<u8>) -> Response + Send>;

/// Collects a request's content, up to a limit, and then asks a function for the response.
///
/// ```
/// use static_files::{Collect, Reply, Request, Response};
///
/// fn count(request: &Request) -> Reply {
///     let answer = |_: &Request, content: Vec<u8>| {
///         Response::text(format!("{} octets\n", content.len()))
///     };
///     Reply::Exchange(Box::new(Collect::new(request.clone(), 1024, answer)))
/// }
/// # let _ = count;
/// ```
pub struct Collect {
    request: Request,
    limit: usize,
    state: State,
}

enum State {
    /// Content is on its way; never more than `limit`.
    Collecting(Vec<u8>, Answer),
    /// More came, or was announced, than the limit allows.
    TooLarge,
    /// The answer is there, and nobody has asked for its head.
    Answered(Response),
    /// Its content is being read.
    Reading(Content),
}

impl Collect {
    /// Collects up to `limit` octets and hands them to `answer`.
    pub fn new(
        request: Request,
        limit: usize,
        answer: impl FnOnce(&Request, Vec<u8>) -> Response + Send + 'static,
    ) -> Collect {
        // What is announced too large is refused at once, before the client sends it.
        let state = match request.framing {
            Framing::Length(len) if len > limit as u64 => State::TooLarge,
            Framing::None | Framing::Length(_) | Framing::Chunked | Framing::UntilClose => {
                State::Collecting(Vec::new(), Box::new(answer))
            }
        };
        Collect {
            request,
            limit,
            state,
        }
    }
}

impl fmt::Debug for Collect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Collecting(content, _) => format!("collected {}", content.len()),
            State::TooLarge => "too large".to_owned(),
            State::Answered(response) => format!("answered {:?}", response.head.status),
            State::Reading(content) => format!("reading {content:?}"),
        };
        f.debug_struct("Collect")
            .field("limit", &self.limit)
            .field("state", &state)
            .finish_non_exhaustive()
    }
}

impl Exchange for Collect {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let State::Collecting(content, _) = &mut self.state else {
            return Err(io::ErrorKind::FileTooLarge.into());
        };
        if data.len() > self.limit - content.len() {
            self.state = State::TooLarge;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        content.extend_from_slice(data);
        Ok(data.len())
    }

    fn close_write(&mut self) -> io::Result<()> {
        self.state = match mem::replace(&mut self.state, State::TooLarge) {
            State::Collecting(content, answer) => State::Answered(answer(&self.request, content)),
            state @ (State::TooLarge | State::Answered(_) | State::Reading(_)) => state,
        };
        Ok(())
    }

    fn head(&mut self) -> io::Result<ResponseHead> {
        match mem::replace(&mut self.state, State::TooLarge) {
            State::Answered(Response { mut head, body }) => {
                // The server sees content go by; only here is it known how much there will be.
                if let Some(len) = body.len()
                    && tells_length(head.status)
                {
                    head.fields.push("Content-Length", &len.to_string());
                }
                self.state = State::Reading(Content::new(body));
                Ok(head)
            }
            State::TooLarge => Err(io::ErrorKind::FileTooLarge.into()),
            state @ (State::Collecting(..) | State::Reading(_)) => {
                self.state = state;
                Err(io::ErrorKind::WouldBlock.into())
            }
        }
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.state {
            State::Reading(content) => content.read(buf),
            State::Collecting(..) | State::TooLarge | State::Answered(_) => {
                Err(io::ErrorKind::WouldBlock.into())
            }
        }
    }

    fn ends(&self) -> Ends<'_> {
        Ends::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Body;
    use http_parse::{Connection, Limits, Next, Status};
    use std::net::{Ipv4Addr, SocketAddr};

    /// A request whose head ends with these lines.
    fn request(lines: &str) -> Request {
        let text = format!("POST / HTTP/1.1\r\nHost: x\r\n{lines}\r\n");
        let mut connection = Connection::new(&Limits::default());
        connection.space()[..text.len()].copy_from_slice(text.as_bytes());
        connection.received(text.len());
        let Ok(Next::Head(head)) = connection.next() else {
            panic!("{text:?} is a head");
        };
        let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Request {
            head,
            framing: connection.framing(),
            peer: nobody,
            local: nobody,
            front: None,
        }
    }

    fn reversed(_: &Request, mut content: Vec<u8>) -> Response {
        content.reverse();
        let mut response = Response::new(Status::OK);
        response.body = Body::Bytes(content.into());
        response
    }

    #[track_caller]
    fn check<T: fmt::Debug>(outcome: io::Result<T>, kind: io::ErrorKind) {
        assert_eq!(outcome.map_err(|error| error.kind()).unwrap_err(), kind);
    }

    #[test]
    fn there_is_no_answer_before_all_content() {
        let mut collect = Collect::new(request("Content-Length: 3\r\n"), 3, reversed);
        check(collect.head(), io::ErrorKind::WouldBlock);
        assert_eq!(collect.write(b"ab").unwrap(), 2);
        check(collect.head(), io::ErrorKind::WouldBlock);
        check(collect.read(&mut [0; 9]), io::ErrorKind::WouldBlock);
        assert_eq!(collect.write(b"c").unwrap(), 1);
        collect.close_write().unwrap();
        let head = collect.head().unwrap();
        assert_eq!(head.fields.get("Content-Length"), Some(&b"3"[..]));
        let mut content = [0; 2];
        assert_eq!(collect.read(&mut content).unwrap(), 2);
        assert_eq!(&content, b"cb");
        assert_eq!(collect.read(&mut content).unwrap(), 1);
        assert_eq!(collect.read(&mut content).unwrap(), 0);
    }

    #[test]
    fn what_is_announced_too_large_is_refused_at_once() {
        let mut collect = Collect::new(request("Content-Length: 4\r\n"), 3, reversed);
        check(collect.head(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn what_turns_out_too_large_is_refused_and_dropped() {
        let chunked = request("Transfer-Encoding: chunked\r\n");
        let mut collect = Collect::new(chunked, 3, reversed);
        assert_eq!(collect.write(b"abc").unwrap(), 3);
        check(collect.write(b"d"), io::ErrorKind::FileTooLarge);
        check(collect.write(b"e"), io::ErrorKind::FileTooLarge);
        collect.close_write().unwrap();
        check(collect.head(), io::ErrorKind::FileTooLarge);
    }
}
