//! A load generator: connections that ask, and compare every answer with what it has to be.
//!
//! ```text
//! Pace::Closed     a connection asks again when it has its answer      how much can be served?
//! Pace::Open       a question each so many microseconds, come what may  how long does one wait?
//! ```
//!
//! A closed loop measures answers per second. It says little of delays: a server that stops for a
//! second stops its own clients too, and they do not ask what they would have waited for
//! (*coordinated omission*). An open loop asks by the clock, and counts each delay from the moment
//! at which the question was due, even when no connection was free to ask it.
//!
//! Every octet of an answer is compared, the date left aside, so that being wrong is never fast;
//! of contents beyond a mebibyte the beginning of each piece that arrives. A thread takes two system calls for an answer and a share of a wait: the
//! generator has to be leaner than what it measures.

mod delays;
mod generator;
mod model;

pub use delays::Delays;
use generator::Generator;
use model::Model;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

/// What to ask for, and how hard.
#[derive(Debug, Clone)]
pub struct Load {
    /// The requests, all of them different.
    pub requests: Vec<Vec<u8>>,
    /// Which of them comes next.
    pub order: Order,
    /// The status of every answer.
    pub status: u16,
    /// Connections in all.
    pub connections: usize,
    /// Threads that share them.
    pub threads: usize,
    /// Requests in one write; their answers come in order.
    pub depth: usize,
    /// What becomes of a connection after its answers.
    pub reuse: Reuse,
    /// When to ask.
    pub pace: Pace,
    /// What a thread does when no answer is there.
    pub idle: Idle,
}

/// Which of several requests comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// One after the other, and again from the first.
    Turns,
    /// Any, drawn from that seed.
    Random(u64),
}

/// What becomes of a connection after its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reuse {
    /// It asks again.
    Kept,
    /// The server ends it, as the request has to say, and the next request gets a new one.
    Never,
}

/// When to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Each connection when it has its answer.
    Closed,
    /// So often in a second over all connections of a thread, whether answers have come or not.
    Open(u32),
}

/// What a thread does when no answer is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idle {
    /// It looks again at once. With a core of its own it is as a client on another machine: the
    /// server does not pay for waking it.
    Looks,
    /// It sleeps until there is one, and leaves its core to others.
    Sleeps,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Answers, all of them right.
    pub answers: u64,
    /// Octets of these answers, heads included.
    pub octets: u64,
    /// How long they took, connecting not included unless each has a connection of its own.
    pub elapsed: Duration,
    /// How long each was waited for.
    pub delays: Delays,
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

    fn add(&mut self, other: &Outcome) {
        self.answers += other.answers;
        self.octets += other.octets;
        self.elapsed = self.elapsed.max(other.elapsed);
        self.delays.add(&other.delays);
    }
}

impl Load {
    /// A GET of `target` on 64 kept connections, from one thread.
    pub fn get(target: &str) -> Load {
        Load {
            requests: vec![
                format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes(),
            ],
            order: Order::Turns,
            status: 200,
            connections: 64,
            threads: 1,
            depth: 1,
            reuse: Reuse::Kept,
            pace: Pace::Closed,
            idle: Idle::Sleeps,
        }
    }

    /// Asks the server at `addr`.
    ///
    /// # Errors
    /// As [`Load::connect`] and [`Clients::run`].
    pub fn run(&self, addr: SocketAddr, until: Until) -> Result<Outcome, String> {
        self.connect(addr)?.run(until)
    }

    /// Asks each request once, to know what its answer looks like, and opens the connections.
    ///
    /// # Errors
    /// One sentence when an answer has not [`Load::status`], or a connection is refused.
    pub fn connect(&self, addr: SocketAddr) -> Result<Clients, String> {
        let models = Model::ask(addr, self).map_err(|trouble| trouble.to_string())?;
        let share = self.connections.div_ceil(self.threads.max(1));
        let generators = (0..self.connections)
            .step_by(share)
            .map(|first| Generator::new(self, addr, share.min(self.connections - first)));
        let generators = generators
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| format!("cannot connect: {error}"))?;
        Ok(Clients {
            load: self.clone(),
            models,
            generators,
        })
    }
}

/// Clients that are connected and ask nothing at the moment.
#[derive(Debug)]
pub struct Clients {
    load: Load,
    models: Vec<Model>,
    generators: Vec<Generator>,
}

impl Clients {
    /// Lets them ask, and waits for the last answer.
    ///
    /// # Errors
    /// One sentence when an answer is not like the first one to that request, or does not come.
    pub fn run(&mut self, until: Until) -> Result<Outcome, String> {
        let (load, models) = (&self.load, &self.models);
        let outcomes: Vec<Result<Outcome, String>> = thread::scope(|scope| {
            let threads: Vec<_> = self
                .generators
                .iter_mut()
                .map(|generator| scope.spawn(move || generator.run(load, models, until)))
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
            octets: 0,
            elapsed: Duration::ZERO,
            delays: Delays::default(),
        };
        for outcome in outcomes {
            total.add(&outcome?);
        }
        Ok(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::Served;
    use concurrency::event_loop;
    use static_files::{Config, Request, Response};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn small() -> Load {
        Load {
            connections: 4,
            threads: 2,
            ..Load::get("/")
        }
    }

    /// Runs a load against a server that answers the `number`th request with `text(number)`.
    fn run(
        load: &Load,
        until: Until,
        text: impl Fn(u32) -> &'static str + Send + Sync + 'static,
    ) -> Result<Outcome, String> {
        let count = AtomicU32::new(0);
        let answer = move |_: &Request| Response::text(text(count.fetch_add(1, Ordering::Relaxed)));
        let served = Served::start(event_loop, Arc::new(answer), Config::default()).unwrap();
        load.run(served.addr(), until)
    }

    #[test]
    fn every_answer_is_counted() {
        let outcome = run(&small(), Until::Answers(5), |_| "right").unwrap();
        assert_eq!(outcome.answers, 20);
        assert_eq!(outcome.delays.count(), 20);
        assert_eq!(outcome.octets % 20, 0);
    }

    #[test]
    fn answers_to_one_write_are_told_apart() {
        let load = Load {
            depth: 3,
            ..small()
        };
        let outcome = run(&load, Until::Answers(6), |_| "right").unwrap();
        assert_eq!(outcome.answers, 24);
    }

    #[test]
    fn connections_that_are_not_kept_are_made_anew() {
        let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let load = Load {
            requests: vec![request.to_vec()],
            reuse: Reuse::Never,
            ..small()
        };
        let outcome = run(&load, Until::Answers(5), |_| "right").unwrap();
        assert_eq!(outcome.answers, 20);
    }

    #[test]
    fn one_wrong_answer_is_enough() {
        let text = |number| if number == 13 { "wrong" } else { "right" };
        let sentence = run(&small(), Until::Answers(5), text).unwrap_err();
        assert!(sentence.starts_with("a wrong answer: "), "{sentence}");
    }

    #[test]
    fn an_open_loop_asks_by_the_clock_and_counts_from_when_it_was_due() {
        const STALL: Duration = Duration::from_millis(200);
        let load = Load {
            pace: Pace::Open(100),
            threads: 1,
            ..small()
        };
        let text = |number| {
            if number == 20 {
                // A server that does nothing for a while: all its clients have to wait.
                std::sync::mpsc::channel::<()>().1.recv_timeout(STALL).ok();
            }
            "right"
        };
        let outcome = run(&load, Until::Elapsed(Duration::from_secs(1)), text).unwrap();
        assert!((95..=101).contains(&outcome.answers), "{outcome:?}");
        // Twenty questions fell due while it stood, and the average of them waited half of that.
        assert!(outcome.delays.quantile(0.85) > STALL / 8, "{outcome:?}");
        assert!(
            outcome.delays.quantile(1.0) >= STALL * 9 / 10,
            "{outcome:?}"
        );
    }
}
