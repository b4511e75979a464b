//! One thread of the generator: a loop over its connections.
//!
//! ```text
//! due? ─► write on a free connection ─► wait ─► read what has come ─► complete? ─► free again
//! ```

use super::model::Model;
use super::{Delays, Idle, Load, Order, Outcome, Pace, Reuse, Until};
use crate::client::PATIENCE;
use crate::rng::Rng;
use concurrency::sys::{Epoll, Events, Interest};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// Octets of one read.
const PIECE: usize = 256 * 1024;

/// Connections of one thread, its clock and its buffer.
#[derive(Debug)]
pub(super) struct Generator {
    addr: SocketAddr,
    epoll: Epoll,
    clients: Vec<Client>,
    buf: Vec<u8>,
    /// Which request is next.
    next: usize,
    rng: Rng,
}

/// A connection, and what it waits for.
#[derive(Debug)]
struct Client {
    /// `None` between two connections that are not kept.
    stream: Option<TcpStream>,
    /// The request it has asked, `depth` times.
    asked: usize,
    /// From when on its answer counts as waited for.
    since: Instant,
    /// Answers that have not come completely.
    awaited: usize,
    /// Octets of the first of them that have come.
    come: usize,
    /// Answers since the run began.
    answers: u64,
}

/// What a run has come to so far.
struct Tally {
    outcome: Outcome,
    started: Instant,
    /// Questions of an open loop that have been asked.
    asked: u64,
    /// Connections that wait for an answer.
    busy: usize,
    last_answer: Instant,
}

impl Generator {
    /// Opens the connections, where they are kept.
    pub(super) fn new(load: &Load, addr: SocketAddr, connections: usize) -> io::Result<Generator> {
        let mut generator = Generator {
            addr,
            epoll: Epoll::new()?,
            clients: Vec::with_capacity(connections),
            buf: vec![0; PIECE],
            next: 0,
            rng: Rng::from_seed(match load.order {
                Order::Turns => 1,
                Order::Random(seed) => seed,
            }),
        };
        for number in 0..connections {
            generator.clients.push(Client {
                stream: None,
                asked: 0,
                since: Instant::now(),
                awaited: 0,
                come: 0,
                answers: 0,
            });
            if load.reuse == Reuse::Kept {
                generator.connect(number)?;
            }
        }
        Ok(generator)
    }

    fn connect(&mut self, number: usize) -> io::Result<()> {
        let stream = TcpStream::connect_timeout(&self.addr, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        self.epoll
            .add(stream.as_fd(), number as u64, Interest::READ)?;
        self.clients[number].stream = Some(stream);
        Ok(())
    }

    /// Asks, compares and counts until it is time to stop and every answer has come.
    pub(super) fn run(
        &mut self,
        load: &Load,
        models: &[Model],
        until: Until,
    ) -> Result<Outcome, String> {
        let mut free: Vec<usize> = (0..self.clients.len()).collect();
        for client in &mut self.clients {
            client.answers = 0;
        }
        let mut events = Events::with_capacity(self.clients.len());
        let mut tally = Tally::new();
        loop {
            let now = Instant::now();
            free.retain(|number| until.allows(self.clients[*number].answers, &tally, now));
            while let Some(due) = tally.due(load.pace, now)
                && let Some(number) = free.pop()
            {
                self.ask(number, due, load)
                    .map_err(|error| format!("a request could not be sent: {error}"))?;
                tally.asked += 1;
                tally.busy += 1;
            }
            if tally.busy == 0 && !until.allows_somebody(&tally, now, free.len()) {
                return Ok(tally.finish());
            }
            if now > tally.last_answer + PATIENCE {
                return Err("an answer did not come".into());
            }
            let wake = match load.idle {
                Idle::Looks => now,
                Idle::Sleeps => tally.wake(load.pace, !free.is_empty()),
            };
            self.epoll
                .wait(&mut events, now, Some(wake))
                .map_err(|error| error.to_string())?;
            for event in events.iter() {
                let number = usize::try_from(event.token).expect("it is one of our numbers");
                if self.hear(number, load, models, &mut tally)? {
                    tally.busy -= 1;
                    free.push(number);
                }
            }
        }
    }

    /// Asks the next request on a free connection.
    fn ask(&mut self, number: usize, due: Instant, load: &Load) -> io::Result<()> {
        if load.reuse == Reuse::Never {
            self.connect(number)?;
        }
        let client = &mut self.clients[number];
        client.asked = self.next;
        self.next = match load.order {
            Order::Turns => (self.next + 1) % load.requests.len(),
            Order::Random(_) => self.rng.below(load.requests.len()),
        };
        (client.since, client.awaited, client.come) = (due, load.depth, 0);
        let Some(mut stream) = client.stream.as_ref() else {
            return Err(ErrorKind::NotConnected.into());
        };
        let request = &load.requests[client.asked];
        // A few kibibytes into an empty socket: they fit.
        match load.depth {
            1 => stream.write_all(request),
            depth => stream.write_all(&request.repeat(depth)),
        }
    }

    /// Reads once from a connection; true when it is free again.
    fn hear(
        &mut self,
        number: usize,
        load: &Load,
        models: &[Model],
        tally: &mut Tally,
    ) -> Result<bool, String> {
        let client = &mut self.clients[number];
        let Some(mut stream) = client.stream.as_ref() else {
            return Ok(false);
        };
        let n = match stream.read(&mut self.buf) {
            Ok(0) if load.reuse == Reuse::Never && client.awaited == 0 => {
                client.stream = None;
                return Ok(true);
            }
            Ok(0) => return Err("the connection ended within an answer".into()),
            Ok(n) => n,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(format!("an answer did not come: {error}")),
        };
        client.take(&self.buf[..n], &models[client.asked], tally)?;
        Ok(client.awaited == 0 && load.reuse == Reuse::Kept)
    }
}

impl Client {
    /// Compares what has come with what has to come.
    fn take(&mut self, octets: &[u8], model: &Model, tally: &mut Tally) -> Result<(), String> {
        let mut rest = octets;
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(rest.len().min(model.len() - self.come));
            if self.awaited == 0 || !model.has(self.come, piece) {
                let shown = &piece[..piece.len().min(1024)];
                return Err(format!("a wrong answer: {}", shown.escape_ascii()));
            }
            self.come += piece.len();
            if self.come == model.len() {
                (self.come, self.awaited) = (0, self.awaited - 1);
                self.answers += 1;
                tally.count(self.since, model.len());
            }
            rest = behind;
        }
        Ok(())
    }
}

impl Tally {
    fn new() -> Tally {
        let started = Instant::now();
        Tally {
            outcome: Outcome {
                answers: 0,
                octets: 0,
                elapsed: Duration::ZERO,
                delays: Delays::default(),
            },
            started,
            asked: 0,
            busy: 0,
            last_answer: started,
        }
    }

    /// When the next question has been due, if it is.
    fn due(&self, pace: Pace, now: Instant) -> Option<Instant> {
        let due = self.next_due(pace, now);
        (due <= now).then_some(due)
    }

    fn next_due(&self, pace: Pace, now: Instant) -> Instant {
        match pace {
            Pace::Closed => now,
            Pace::Open(per_second) => {
                let nanoseconds = self.asked * 1_000_000_000 / u64::from(per_second.max(1));
                self.started + Duration::from_nanos(nanoseconds)
            }
        }
    }

    /// Until when a thread may sleep if no answer comes.
    fn wake(&self, pace: Pace, is_free: bool) -> Instant {
        let patience = self.last_answer + PATIENCE;
        if is_free {
            patience.min(self.next_due(pace, patience))
        } else {
            patience
        }
    }

    fn count(&mut self, since: Instant, octets: usize) {
        self.last_answer = Instant::now();
        self.outcome.answers += 1;
        self.outcome.octets += octets as u64;
        self.outcome.delays.push(self.last_answer - since);
    }

    fn finish(mut self) -> Outcome {
        self.outcome.elapsed = self.last_answer - self.started;
        self.outcome
    }
}

impl Until {
    /// Whether a connection that has had so many answers may ask once more.
    fn allows(self, answers: u64, tally: &Tally, now: Instant) -> bool {
        match self {
            Until::Answers(wanted) => answers < wanted,
            Until::Elapsed(time) => now < tally.started + time,
        }
    }

    /// Whether anybody may; `free` connections have been allowed to.
    fn allows_somebody(self, tally: &Tally, now: Instant, free: usize) -> bool {
        match self {
            Until::Answers(_) => free > 0,
            Until::Elapsed(_) => self.allows(0, tally, now),
        }
    }
}
