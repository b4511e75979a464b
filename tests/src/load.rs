//! A load generator: kept connections that always have exactly one request under way each.
//!
//! A thread writes the next request on each of its connections, then reads the answers in the same
//! order: a *closed* loop, whose clients wait for their answer before they ask again. It measures how many
//! answers a server gives, not how long one takes under a given rate; and every answer is compared,
//! octet by octet, with what it has to be, so that being wrong is never fast.
//!
//! It deliberately has no event loop of its own: the one under test is not to be measured with itself.

use crate::answer::Asked;
use crate::client::{Client, PATIENCE};
use crate::trouble::Trouble;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// What to ask for, and how hard.
#[derive(Debug, Clone)]
pub struct Load {
    /// The request, the same every time.
    pub request: Vec<u8>,
    /// Connections in all.
    pub connections: usize,
    /// Threads that share them.
    pub threads: usize,
}

/// When to stop asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// After so many answers on each connection.
    Answers(u64),
    /// After that time.
    Elapsed(Duration),
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Answers, all of them right.
    pub answers: u64,
    /// How long they took, connecting not included.
    pub elapsed: Duration,
}

impl Outcome {
    /// Answers in a second.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a rate is shown with three digits"
    )]
    pub fn rate(&self) -> f64 {
        self.answers as f64 / self.elapsed.as_secs_f64()
    }
}

/// The length of one answer, and what in it is always the same: everything but the date.
struct Model {
    octets: Vec<u8>,
    /// Where the value of `Date` stands.
    varying: std::ops::Range<usize>,
}

impl Load {
    /// A GET of `target` on 64 connections, from one thread.
    pub fn get(target: &str) -> Load {
        Load {
            request: format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes(),
            connections: 64,
            threads: 1,
        }
    }

    /// Asks the server at `addr`.
    ///
    /// # Errors
    /// One sentence when an answer is not 200, not like the first one, or does not come.
    pub fn run(&self, addr: SocketAddr, until: Until) -> Result<Outcome, String> {
        let model = self.model(addr).map_err(|trouble| trouble.to_string())?;
        let share = self.connections.div_ceil(self.threads.max(1));
        let counts: Vec<Result<Outcome, String>> = thread::scope(|scope| {
            let model = &model;
            let threads: Vec<_> = (0..self.connections)
                .step_by(share)
                .map(|first| share.min(self.connections - first))
                .map(|count| scope.spawn(move || self.share(addr, count, model, until)))
                .collect();
            let join = |thread: thread::ScopedJoinHandle<'_, _>| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err("a thread panicked".into()))
            };
            threads.into_iter().map(join).collect()
        });
        let mut total = Outcome {
            answers: 0,
            elapsed: Duration::ZERO,
        };
        for outcome in counts {
            let outcome = outcome?;
            total.answers += outcome.answers;
            total.elapsed = total.elapsed.max(outcome.elapsed);
        }
        Ok(total)
    }

    /// Asks once, to know what the answers look like.
    fn model(&self, addr: SocketAddr) -> Result<Model, Trouble> {
        let mut client = Client::connect(addr)?;
        client.send(&self.request)?;
        let answer = client.read_answer(Asked::Other)?;
        if answer.status != 200 {
            return Err(Trouble::Malformed {
                what: "the status is not 200",
                at: 9,
            });
        }
        let masked = answer.masked_head();
        let start = masked.windows(4).position(|window| window == b"****");
        let start = start.unwrap_or(masked.len());
        let len = masked[start..]
            .iter()
            .take_while(|&&octet| octet == b'*')
            .count();
        Ok(Model {
            octets: [answer.head, answer.content].concat(),
            varying: start..start + len,
        })
    }

    fn share(
        &self,
        addr: SocketAddr,
        connections: usize,
        model: &Model,
        until: Until,
    ) -> Result<Outcome, String> {
        let connect = |_| connect(addr);
        let mut streams = (0..connections)
            .map(connect)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| format!("cannot connect: {error}"))?;
        let mut buf = vec![0; model.octets.len()];
        let (started, mut rounds) = (Instant::now(), 0);
        while !until.is_reached(rounds, started) {
            for stream in &mut streams {
                stream
                    .write_all(&self.request)
                    .map_err(|error| format!("a request could not be sent: {error}"))?;
            }
            for stream in &mut streams {
                stream
                    .read_exact(&mut buf)
                    .map_err(|error| format!("an answer did not come: {error}"))?;
                if !model.is_like(&buf) {
                    return Err(format!("a wrong answer: {}", buf.escape_ascii()));
                }
            }
            rounds += 1;
        }
        Ok(Outcome {
            answers: rounds * connections as u64,
            elapsed: started.elapsed(),
        })
    }
}

impl Until {
    fn is_reached(self, rounds: u64, started: Instant) -> bool {
        match self {
            Until::Answers(answers) => rounds >= answers,
            Until::Elapsed(time) => started.elapsed() >= time,
        }
    }
}

impl Model {
    fn is_like(&self, octets: &[u8]) -> bool {
        let varying = &self.varying;
        self.octets[..varying.start] == octets[..varying.start]
            && self.octets[varying.end..] == octets[varying.end..]
    }
}

fn connect(addr: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&addr, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::Served;
    use concurrency::event_loop;
    use static_files::{Config, Request, Response};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Runs a small load against a server that answers the `number`th request with `text(number)`.
    fn run(text: impl Fn(u32) -> &'static str + Send + Sync + 'static) -> Result<Outcome, String> {
        let count = AtomicU32::new(0);
        let answer = move |_: &Request| Response::text(text(count.fetch_add(1, Ordering::Relaxed)));
        let served = Served::start(event_loop, Arc::new(answer), Config::default()).unwrap();
        let load = Load {
            connections: 4,
            threads: 2,
            ..Load::get("/")
        };
        load.run(served.addr(), Until::Answers(5))
    }

    #[test]
    fn every_answer_is_counted() {
        assert_eq!(run(|_| "right").unwrap().answers, 20);
    }

    #[test]
    fn one_wrong_answer_is_enough() {
        let sentence = run(|number| if number == 13 { "wrong" } else { "right" }).unwrap_err();
        assert!(sentence.starts_with("a wrong answer: "), "{sentence}");
    }
}
