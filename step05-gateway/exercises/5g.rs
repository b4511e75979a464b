//! 5g Proxy failures: what is asked again, and what is not.
//!
//! Write the body of `may_ask_the_other`. Asking, first one server and then perhaps the other, is
//! given; `cargo test --test 5g` judges it.

use check::exercise::{self, Given};
use gateway::{Address, Capacity, Complaints, Http, Upstream};
use http_parse::ResponseHead;
use static_files::{Ends, Exchange, Reply, Request};
use std::io::{self, ErrorKind};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

/// Whether a request goes to the other server, after the first has failed in this way before it said
/// anything: `ConnectionRefused`, if it could not be reached; any other kind, if it was sent the
/// request, or a part of it.
fn may_ask_the_other(_request: &Request, _failure: ErrorKind) -> bool {
    // There are two servers so that one may fail. Who orders a book, and how many arrive?
    true
}

/// Octets of content that are collected before anybody is asked.
const CONTENT: usize = 1 << 20;

/// A request, first at one server, then perhaps at the other.
#[derive(Debug)]
struct Asking {
    request: Request,
    content: Vec<u8>,
    is_complete: bool,
    /// How much of the content the current one has taken; `None` when it knows that it was all.
    fed: Option<usize>,
    current: Box<dyn Exchange>,
    other: Option<Arc<Upstream>>,
    generation: u32,
}

impl Asking {
    /// Gives the current server what it takes.
    fn feed(&mut self) {
        while let Some(fed) = self.fed {
            let fed = match &self.content[fed..] {
                [] => self.current.close_write().map(|()| None),
                rest => self.current.write(rest).map(|count| Some(fed + count)),
            };
            // Who takes nothing may still have something to say.
            let Ok(fed) = fed else { break };
            self.fed = fed;
        }
    }
}

impl Exchange for Asking {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let room = CONTENT - self.content.len();
        self.content.extend(&data[..data.len().min(room)]);
        match room {
            0 => Err(ErrorKind::FileTooLarge.into()),
            _ => Ok(data.len().min(room)),
        }
    }

    fn close_write(&mut self) -> io::Result<()> {
        self.is_complete = true;
        Ok(())
    }

    fn head(&mut self) -> io::Result<ResponseHead> {
        if !self.is_complete {
            return Err(ErrorKind::WouldBlock.into());
        }
        loop {
            self.feed();
            let failure = match self.current.head() {
                Err(error) if error.kind() != ErrorKind::WouldBlock => error,
                other => return other,
            };
            let other = self.other.take();
            let may = |_: &Arc<Upstream>| may_ask_the_other(&self.request, failure.kind());
            let Some(other) = other.filter(may) else {
                return Err(failure);
            };
            self.generation += 1;
            self.fed = Some(0);
            match other.ask(&self.request, Box::new(Http::default())) {
                Reply::Exchange(exchange) => self.current = exchange,
                Reply::Ready(_) => return Err(ErrorKind::ConnectionRefused.into()),
            }
        }
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.current.read(buf)
    }

    fn ends(&self) -> Ends<'_> {
        match self.is_complete {
            true => self.current.ends(),
            false => Ends::None,
        }
    }

    fn generation(&self) -> u32 {
        self.generation + self.current.generation()
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

fn serve(given: &Given) -> io::Result<()> {
    given.serve_below("/api", || {
        let complaints = Complaints::new()?;
        let upstream = |name| {
            let address: Address = given.place(name)?.parse().map_err(io::Error::other)?;
            let capacity = Capacity::default();
            Ok::<_, io::Error>(Upstream::new(vec![address], capacity, &complaints))
        };
        let servers = [upstream("upstream")?, upstream("other")?];
        let proxy = move |request: &Request| -> Reply {
            let [first, other] = &servers;
            let asked = first.ask(request, Box::new(Http::default()));
            let (current, other) = match asked {
                Reply::Exchange(current) => (current, Some(Arc::clone(other))),
                // It could not even be reached.
                Reply::Ready(_) => match other.ask(request, Box::new(Http::default())) {
                    Reply::Exchange(current) => (current, None),
                    Reply::Ready(response) => return Reply::Ready(response),
                },
            };
            Reply::Exchange(Box::new(Asking {
                request: request.clone(),
                content: Vec::new(),
                is_complete: false,
                fed: Some(0),
                current,
                other,
                generation: 0,
            }))
        };
        Ok(proxy)
    })
}

fn main() -> ExitCode {
    exercise::main("5g", serve)
}
