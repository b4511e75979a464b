//! The client of a blocking server: its socket, the HTTP machine, and the deadlines.
//!
//! A blocking call has no deadline, only a longest wait, and a client that sends one octet before
//! each wait is over can stretch the whole for ever. So a deadline is fixed when something begins,
//! and each call waits for what is left of it.

use crate::content::Content;
use crate::end::End;
use crate::respond::{content_too_large, request_timeout};
use crate::{Config, Handler, Record, Request, Response, Timeouts, start_response};
use http_parse::{Connection, Encoder, Framing, Next, RequestHead, ResponseHead};
use socket::{Linger, close_politely};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Octets of a response that are gathered before they are sent, or read from a file at once.
pub(crate) const PIECE: usize = 64 * 1024;

/// What there is of a request's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// Some, in [`Connection::body`].
    Some,
    /// That was all.
    All,
}

/// How a request's content is coming on.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    octets: u64,
    /// There must be so many octets before `patience` is used up.
    wanted: u64,
    /// Time left to wait for the client. What a program takes to accept content is not its fault.
    patience: Duration,
}

/// One client, and the state of the talk with it.
#[derive(Debug)]
pub(crate) struct Client<'c> {
    pub(crate) connection: Connection,
    pub(crate) config: &'c Config,
    /// Of the response under way, where responses are recorded.
    pub(crate) record: Option<Record>,
    stream: TcpStream,
    peer: SocketAddr,
    local: SocketAddr,
    /// Ready to be sent; two pieces at most.
    out: Vec<u8>,
    progress: Progress,
}

impl<'c> Client<'c> {
    /// Takes a connection that has just been accepted.
    pub(crate) fn new(stream: TcpStream, config: &'c Config) -> io::Result<Client<'c>> {
        // Without this the last, short segment of a response would wait until the client has
        // acknowledged the one before, which the client delays in turn.
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(config.timeouts.send))?;
        Ok(Client {
            connection: Connection::new(&config.limits),
            config,
            record: None,
            peer: stream.peer_addr()?,
            local: stream.local_addr()?,
            stream,
            out: Vec::new(),
            progress: Progress::default(),
        })
    }

    /// Waits for the next request.
    pub(crate) fn request(&mut self) -> Result<Request, End> {
        let head = self.head()?;
        self.progress = Progress::default();
        let framing = self.connection.framing();
        if matches!(framing, Framing::Length(len) if len > self.config.body_bytes) {
            return Err(End::Refused(content_too_large()));
        }
        Ok(Request {
            head,
            framing,
            peer: self.peer,
            local: self.local,
            front: None,
        })
    }

    /// The wait for the first octet may be long and ends in silence: an idle client has done
    /// nothing wrong. From then on the whole head has one deadline.
    fn head(&mut self) -> Result<RequestHead, End> {
        let timeouts = &self.config.timeouts;
        let mut begun = false;
        let mut deadline = Instant::now() + timeouts.idle;
        loop {
            match self.connection.next()? {
                Next::Head(head) => return Ok(head),
                Next::Closed => return Err(End::Silent),
                Next::NeedBytes => {}
                Next::Body | Next::End(_) | Next::Paused => {
                    unreachable!("the request before has ended and been answered")
                }
            }
            if !begun && !self.connection.is_idle() {
                begun = true;
                deadline = Instant::now() + timeouts.head;
            }
            self.receive(deadline).map_err(|error| match error.kind() {
                io::ErrorKind::TimedOut if begun => End::Refused(request_timeout()),
                io::ErrorKind::TimedOut => End::Silent,
                _ => End::Cut(error),
            })?;
        }
    }

    /// Waits until content of the request is there, or until there is no more.
    pub(crate) fn content(&mut self) -> Result<Given, End> {
        loop {
            match self.connection.next()? {
                Next::Body => return Ok(Given::Some),
                Next::End(_) | Next::Paused => return Ok(Given::All),
                Next::NeedBytes => {}
                Next::Head(_) | Next::Closed => unreachable!("the request has not been answered"),
            }
            if self.progress.octets >= self.progress.wanted {
                self.progress.wanted = self.progress.octets + Timeouts::PROGRESS;
                self.progress.patience = self.config.timeouts.body;
            }
            let deadline = Instant::now() + self.progress.patience;
            self.receive(deadline).map_err(|error| match error.kind() {
                io::ErrorKind::TimedOut => End::Refused(request_timeout()),
                _ => End::Cut(error),
            })?;
            self.progress.patience = deadline.saturating_duration_since(Instant::now());
        }
    }

    /// Tells that `n` octets of the content have been dealt with.
    pub(crate) fn consume(&mut self, n: usize) -> Result<(), End> {
        self.connection.consume(n);
        self.progress.octets += n as u64;
        if self.progress.octets > self.config.body_bytes {
            return Err(End::Refused(content_too_large()));
        }
        Ok(())
    }

    /// Reads and drops what is left of a request that has been answered, so that the next one can
    /// be found behind it; false when the connection must end instead, which it also must when
    /// what is left is malformed, too much, or too slow to come.
    pub(crate) fn turns_to_next_request(&mut self) -> bool {
        let deadline = Instant::now() + self.config.timeouts.linger;
        let mut left = self.config.linger_bytes;
        while !self.connection.closes_after_response() {
            match self.connection.next() {
                Ok(Next::End(_) | Next::Paused) => return self.connection.next_request(),
                Ok(Next::Body) => {
                    let n = self.connection.body().len();
                    let Some(rest) = left.checked_sub(n as u64) else {
                        return false;
                    };
                    left = rest;
                    self.connection.consume(n);
                }
                Ok(Next::NeedBytes) => {
                    if self.receive(deadline).is_err() {
                        return false;
                    }
                }
                Ok(Next::Head(_) | Next::Closed) | Err(_) => return false,
            }
        }
        false
    }

    /// Tells a client that waits for it to send its content.
    pub(crate) fn invite_content(&mut self) -> Result<(), End> {
        if self.connection.expects_continue() {
            self.connection.send_continue(&mut self.out);
            self.flush()?;
        }
        Ok(())
    }

    /// Answers, and sends all of it.
    // ANCHOR: respond
    pub(crate) fn respond(&mut self, response: Response) -> Result<(), End> {
        let Response { head, body } = response;
        let length = body.len();
        self.start(head, length);
        if self.sends_content() {
            let fits = length.and_then(|length| usize::try_from(length).ok());
            let mut buf = vec![0; fits.map_or(PIECE, |length| length.min(PIECE))];
            let mut content = Content::new(body);
            while let n @ 1.. = content.read(&mut buf)? {
                self.send(&buf[..n])?;
            }
        }
        self.finish()
    }
    // ANCHOR_END: respond

    /// Begins a response; see [`start_response`].
    pub(crate) fn start(&mut self, head: ResponseHead, length: Option<u64>) {
        if let Some(record) = &mut self.record {
            record.begin(head.status);
        }
        start_response(&mut self.connection, head, length, &mut self.out);
    }

    /// Whether the response that has begun is one with content.
    pub(crate) fn sends_content(&self) -> bool {
        self.connection.encoder() != Some(Encoder::Bodiless)
    }

    /// Adds content to the response. What goes beyond its announced length is not sent, and breaks
    /// the connection after the last octet that was.
    pub(crate) fn send(&mut self, data: &[u8]) -> Result<(), End> {
        let outcome = self.connection.send(data, &mut self.out);
        if let Some(record) = &mut self.record {
            record.sent(data.len() as u64);
        }
        if self.out.len() >= PIECE || outcome.is_err() {
            self.flush()?;
        }
        Ok(outcome?)
    }

    /// Ends the response.
    pub(crate) fn finish(&mut self) -> Result<(), End> {
        self.connection.finish(&mut self.out)?;
        self.flush()?;
        self.record = None;
        Ok(())
    }

    /// Sends what is ready. Each `write` waits for the client to take *something*: slow is allowed,
    /// stuck is not.
    pub(crate) fn flush(&mut self) -> Result<(), End> {
        self.stream.write_all(&self.out)?;
        self.out.clear();
        Ok(())
    }

    /// Reads once, waiting until the deadline at most.
    ///
    /// # Errors
    /// `TimedOut`, or what the socket reports.
    fn receive(&mut self, deadline: Instant) -> io::Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        match self.stream.read(self.connection.space()) {
            Ok(n) => self.connection.received(n),
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted => {}
                // What Linux calls the end of a socket's patience.
                io::ErrorKind::WouldBlock => return Err(io::ErrorKind::TimedOut.into()),
                _ => return Err(error),
            },
        }
        Ok(())
    }

    /// Gives the last answer to a request that was refused.
    pub(crate) fn refuse(&mut self, response: Response, handler: &dyn Handler) -> Result<(), End> {
        self.connection.close_after_response();
        if self.record.is_none() {
            self.record = handler.record(self.peer, None);
        }
        self.respond(response)
    }

    /// Closes so that the last answer arrives.
    pub(crate) fn leave(&self) {
        let linger = Linger {
            bytes: self.config.linger_bytes,
            time: self.config.timeouts.linger,
        };
        // All has been said, and a client that is gone already has its answer or wants none.
        let _ = close_politely(&self.stream, linger);
    }
}
