//! Content that is collected before anybody is asked.
//!
//! For two reasons. Some wires must say its length first, and content in chunks has none; that is
//! collected up to [`SPOOL`], and beyond answered 411. And a worker that is asked before the
//! content is there waits for it, as long as a slow client likes: so what is small is collected
//! whatever the wire, which covers nearly every form.

use super::Upstream;
use super::asking::Asking;
use crate::protocol::Protocol;
use http_parse::{Fields, Framing, ResponseHead, Status};
use static_files::{Collect, Ends, Exchange, Request, Response};
use std::fmt;
use std::io;
use std::mem;
use std::sync::Arc;
use std::time::Instant;

/// Most octets collected because their number has to be known.
const SPOOL: usize = 1 << 20;

/// Content up to this is collected so that nobody waits for it with a worker in hand.
const SMALL: u64 = 64 * 1024;

/// A request whose content is collected first.
pub(super) struct Spooled {
    state: State,
    generation: u32,
}

enum State {
    Collecting(Box<Collecting>),
    /// Somebody is asked, or it was too much and the answer is ready.
    Answering(Box<dyn Exchange>),
    /// Nobody could be asked, and nobody has asked why.
    Failed(io::Error),
    Over,
}

struct Collecting {
    upstream: Arc<Upstream>,
    request: Request,
    protocol: Box<dyn Protocol>,
    /// At most [`SPOOL`] octets.
    content: Vec<u8>,
}

/// Whether a request's content is to be collected.
pub(super) fn is_collected(request: &Request, protocol: &dyn Protocol) -> bool {
    match request.framing {
        Framing::None => false,
        Framing::Length(octets) => octets <= SMALL,
        Framing::Chunked | Framing::UntilClose => protocol.needs_length(),
    }
}

impl Spooled {
    pub(super) fn new(
        upstream: &Arc<Upstream>,
        request: &Request,
        protocol: Box<dyn Protocol>,
    ) -> Spooled {
        let collecting = Collecting {
            upstream: Arc::clone(upstream),
            request: request.clone(),
            protocol,
            content: Vec::new(),
        };
        Spooled {
            state: State::Collecting(Box::new(collecting)),
            generation: 0,
        }
    }

    fn answer(&mut self, exchange: impl Exchange + 'static) {
        self.generation = 1;
        self.state = State::Answering(Box::new(exchange));
    }
}

/// The answer to content without end that has to be counted first.
fn length_required(request: Request) -> io::Result<Collect> {
    let sentence = "The application behind this address has to be told how long the content is, and \
                    this one came in chunks and is too long to be counted first. Send it with \
                    Content-Length.";
    let respond = |_: &Request, _| Response::error(Status::LENGTH_REQUIRED, sentence);
    let request = Request {
        framing: Framing::None,
        ..request
    };
    let mut page = Collect::new(request, 0, respond);
    page.close_write()?;
    Ok(page)
}

impl Exchange for Spooled {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let collecting = match &mut self.state {
            State::Collecting(collecting) => collecting,
            State::Answering(exchange) => return exchange.write(data),
            State::Failed(_) | State::Over => return Err(io::ErrorKind::BrokenPipe.into()),
        };
        if data.len() > SPOOL - collecting.content.len() {
            let page = length_required(collecting.request.clone())?;
            self.answer(page);
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        collecting.content.extend_from_slice(data);
        Ok(data.len())
    }

    fn close_write(&mut self) -> io::Result<()> {
        if let State::Answering(exchange) = &mut self.state {
            return exchange.close_write();
        }
        let State::Collecting(collecting) = mem::replace(&mut self.state, State::Over) else {
            return Ok(());
        };
        let Collecting {
            upstream,
            mut request,
            protocol,
            content,
        } = *collecting;
        request.framing = Framing::Length(content.len() as u64);
        match Asking::begin(&upstream, &request, protocol, Some(&content)) {
            Ok(asking) => {
                self.answer(asking);
                self.close_write()
            }
            Err(error) => {
                self.state = State::Failed(error);
                Ok(())
            }
        }
    }

    fn head(&mut self) -> io::Result<ResponseHead> {
        match &mut self.state {
            State::Collecting(_) => Err(io::ErrorKind::WouldBlock.into()),
            State::Answering(exchange) => exchange.head(),
            State::Failed(_) | State::Over => match mem::replace(&mut self.state, State::Over) {
                State::Failed(error) => Err(error),
                State::Collecting(_) | State::Answering(_) | State::Over => {
                    Err(io::ErrorKind::NotConnected.into())
                }
            },
        }
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.state {
            State::Answering(exchange) => exchange.read(buf),
            State::Collecting(_) | State::Failed(_) | State::Over => {
                Err(io::ErrorKind::NotConnected.into())
            }
        }
    }

    fn interim(&mut self) -> Option<ResponseHead> {
        match &mut self.state {
            State::Answering(exchange) => exchange.interim(),
            State::Collecting(_) | State::Failed(_) | State::Over => None,
        }
    }

    fn trailers(&mut self) -> Fields {
        match &mut self.state {
            State::Answering(exchange) => exchange.trailers(),
            State::Collecting(_) | State::Failed(_) | State::Over => Fields::new(),
        }
    }

    fn ends(&self) -> Ends<'_> {
        match &self.state {
            State::Answering(exchange) => exchange.ends(),
            State::Collecting(_) | State::Failed(_) | State::Over => Ends::None,
        }
    }

    fn generation(&self) -> u32 {
        match &self.state {
            State::Answering(exchange) => self.generation + exchange.generation(),
            State::Collecting(_) | State::Failed(_) | State::Over => self.generation,
        }
    }

    fn has_pending(&self) -> bool {
        matches!(&self.state, State::Answering(exchange) if exchange.has_pending())
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Answering(exchange) => exchange.deadline(),
            State::Collecting(_) | State::Failed(_) | State::Over => None,
        }
    }

    fn timed_out(&mut self) {
        if let State::Answering(exchange) = &mut self.state {
            exchange.timed_out();
        }
    }
}

impl fmt::Debug for Spooled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Collecting(collecting) => format!("collected {}", collecting.content.len()),
            State::Answering(exchange) => format!("{exchange:?}"),
            State::Failed(error) => format!("failed: {error}"),
            State::Over => "over".to_owned(),
        };
        f.debug_tuple("Spooled").field(&state).finish()
    }
}
