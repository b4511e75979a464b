//! An exchange under way: request content to the program, its response to the client, both at once.
//!
//! ```text
//! client ─► Connection ─feed─► Exchange::write      stops when the program takes no more
//! client ◄── Outbox ◄──pull─── Exchange::read       stops when the client takes no more
//! ```
//!
//! Either side stops by leaving bytes where they are, so that what stands before it fills up and
//! stops too: the buffers here are the only ones, and they are bounded.

mod tunnel;

use super::outbox::Outbox;
use super::patience::Progress;
use super::sending::broken_promise;
use http_parse::{Connection, Encoder, Next, Reject, Status};
use static_files::{Ends, Exchange, Record, start_response};
use std::io;
use std::time::Instant;

/// The request's content on its way to the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Upward {
    /// More may come.
    Open,
    /// All was handed over; the program has to be told.
    Closing,
    /// The program knows that there is no more, or wants no more.
    Done,
}

/// The program's response on its way to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Downward {
    Head,
    Content,
    /// After a `101`: octets as they come, until the program ends its side.
    Tunnel,
    /// It has, and the client has to be told once all has left.
    Closing,
    /// The client knows that there is no more.
    Done,
}

/// What feeding the program has come to.
#[derive(Debug)]
pub(super) enum Fed {
    Some,
    Blocked,
    /// The client has to send more first.
    NeedBytes,
    /// The client's content is malformed, or ended early.
    BadRequest(Reject),
    /// There is more of it than the server takes.
    TooLarge,
}

/// What pulling from the program has come to.
#[derive(Debug)]
pub(super) enum Pulled {
    Some,
    Blocked,
    Complete,
    /// After a `101`: the program has ended its side, then both have.
    HalfClosed,
    BothClosed,
    Failed(io::Error),
}

/// An exchange and how far it has got.
#[derive(Debug)]
pub(super) struct Exchanging {
    exchange: Box<dyn Exchange>,
    upward: Upward,
    downward: Downward,
    fed: u64,
}

impl Exchanging {
    pub(super) fn new(exchange: Box<dyn Exchange>) -> Exchanging {
        Exchanging {
            exchange,
            upward: Upward::Open,
            downward: Downward::Head,
            fed: 0,
        }
    }

    pub(super) fn ends(&self) -> Ends<'_> {
        self.exchange.ends()
    }

    pub(super) fn generation(&self) -> u32 {
        self.exchange.generation()
    }

    pub(super) fn has_pending(&self) -> bool {
        self.exchange.has_pending()
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.exchange.deadline()
    }

    pub(super) fn timed_out(&mut self) {
        self.exchange.timed_out();
    }

    /// Whether the program has to make room before anything more can be fed to it.
    pub(super) fn wants_to_write(&self, connection: &Connection) -> bool {
        match self.upward {
            Upward::Open => !connection.body().is_empty(),
            Upward::Closing => true,
            Upward::Done => false,
        }
    }

    /// Whether the client has to send before anything more can be fed.
    pub(super) fn wants_content(&self, connection: &Connection) -> bool {
        self.upward == Upward::Open && connection.body().is_empty()
    }

    /// Moves one piece of request content.
    pub(super) fn feed(
        &mut self,
        connection: &mut Connection,
        progress: &mut Progress,
        limit: u64,
    ) -> Fed {
        match connection.next() {
            Ok(Next::Body) => {
                let offered = connection.body().len();
                if self.fed + offered as u64 > limit && !self.is_tunnel() {
                    return Fed::TooLarge;
                }
                let Some(taken) = self.offer(connection.body(), progress) else {
                    return Fed::Blocked;
                };
                connection.consume(taken);
                self.fed += taken as u64;
                progress.received += taken as u64;
                Fed::Some
            }
            Ok(Next::End(trailers)) => {
                if self.upward == Upward::Open && !trailers.is_empty() {
                    self.exchange.write_trailers(&trailers);
                }
                self.close(progress)
            }
            Ok(Next::Paused) => self.close(progress),
            Ok(Next::NeedBytes) => Fed::NeedBytes,
            Ok(Next::Head(_) | Next::Closed) => unreachable!("a request ends before the next"),
            // What nobody reads cannot spoil an answer; the connection ends after it.
            Err(_) if self.upward == Upward::Done => Fed::Blocked,
            Err(reject) => Fed::BadRequest(reject),
        }
    }

    /// Offers content to the program; `None` when it has no room now.
    fn offer(&mut self, content: &[u8], progress: &mut Progress) -> Option<usize> {
        if self.upward != Upward::Open {
            return Some(content.len());
        }
        match self.exchange.write(content) {
            Ok(taken) => {
                progress.relayed += taken as u64;
                Some(taken)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(_) => {
                // A program need not read its input: its answer is still to be had, and the
                // client has to get rid of its content to read it.
                self.upward = Upward::Done;
                Some(content.len())
            }
        }
    }

    fn close(&mut self, progress: &mut Progress) -> Fed {
        if self.upward == Upward::Done {
            return Fed::Blocked;
        }
        self.upward = Upward::Closing;
        match self.exchange.close_write() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Fed::Blocked,
            // As in `offer`: no more is wanted, and that is the end of it either way.
            Ok(()) | Err(_) => {
                self.upward = Upward::Done;
                progress.relayed += 1;
                Fed::Blocked
            }
        }
    }

    /// Moves the head, or one piece of content, of the response.
    pub(super) fn pull(
        &mut self,
        connection: &mut Connection,
        outbox: &mut Outbox,
        progress: &mut Progress,
        record: Option<&mut Record>,
    ) -> Pulled {
        if outbox.room() == 0 {
            return Pulled::Blocked;
        }
        let pulled = match self.downward {
            Downward::Head => self.pull_head(connection, outbox, record),
            Downward::Content => self.pull_content(connection, outbox, record),
            Downward::Tunnel => self.pull_octets(connection, outbox, record),
            Downward::Closing => return Pulled::HalfClosed,
            Downward::Done if self.upward == Upward::Done => return Pulled::BothClosed,
            Downward::Done => return Pulled::Blocked,
        };
        match pulled {
            Ok(Some(octets)) => {
                progress.relayed += octets;
                Pulled::Some
            }
            Ok(None) => Pulled::Complete,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Pulled::Blocked,
            Err(error) => Pulled::Failed(error),
        }
    }

    fn pull_head(
        &mut self,
        connection: &mut Connection,
        outbox: &mut Outbox,
        record: Option<&mut Record>,
    ) -> io::Result<Option<u64>> {
        let head = match self.exchange.head() {
            Ok(head) => head,
            Err(error) => {
                let interim = self.exchange.interim().ok_or(error)?;
                connection.send_interim(&interim, outbox.end());
                return Ok(Some(1));
            }
        };
        if let Some(record) = record {
            record.begin(head.status);
        }
        if head.status == Status::SWITCHING_PROTOCOLS {
            connection.switch(&head, outbox.end());
            self.upward = Upward::Open;
            self.downward = Downward::Tunnel;
            return Ok(Some(1));
        }
        start_response(connection, head, None, outbox.end());
        self.downward = Downward::Content;
        Ok(Some(1))
    }

    /// `None` is the end.
    fn pull_content(
        &mut self,
        connection: &mut Connection,
        outbox: &mut Outbox,
        record: Option<&mut Record>,
    ) -> io::Result<Option<u64>> {
        match self.pull_piece(connection, outbox, record)? {
            0 => {
                let trailers = self.exchange.trailers();
                let finished = connection.finish_with(&trailers, outbox.end());
                finished.map_err(broken_promise)?;
                Ok(None)
            }
            octets => Ok(Some(octets)),
        }
    }

    /// Passes a piece of content on to the client; 0 is the end.
    fn pull_piece(
        &mut self,
        connection: &mut Connection,
        outbox: &mut Outbox,
        record: Option<&mut Record>,
    ) -> io::Result<u64> {
        let mut scratch = outbox.scratch();
        let read = self.exchange.read(&mut scratch);
        let piece = &scratch[..read.as_ref().map_or(0, |n| *n)];
        let sent = connection.send(piece, outbox.end());
        let octets = piece.len() as u64;
        outbox.put_back(scratch);
        read?;
        sent.map_err(broken_promise)?;
        if let Some(record) = record
            && connection.encoder() != Some(Encoder::Bodiless)
        {
            record.sent(octets);
        }
        Ok(octets)
    }
}
