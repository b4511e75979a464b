//! 4j Token bucket: whoever asks too often is told when to come back, and nobody else is.
//!
//! Write what `Limits` keeps, and the body of `admit`. The bucket is given, and so is the server,
//! which asks `admit` about each request for `/limited`; `cargo test --test 4j` judges it.

use check::exercise::{self, Given};
use concurrency::event_loop;
use http_parse::Status;
use static_files::{Config, Files, Handler, Listing, Reply, Request, Response};
use std::io;
use std::net::IpAddr;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Requests that may come at once, and how many more in a second after that.
const BURST: f64 = 10.0;
const RATE: f64 = 5.0;

/// Holds as many tokens as requests may come now. Nobody has to fill it: what has flowed in
/// meanwhile is computed when somebody looks.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    seen: Instant,
}

impl Bucket {
    fn full(now: Instant) -> Bucket {
        let tokens = BURST;
        Bucket { tokens, seen: now }
    }

    /// How many tokens are in it now.
    fn level(&self, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.seen);
        BURST.min(self.tokens + passed.as_secs_f64() * RATE)
    }

    /// Takes a token, or says when there will be one.
    fn take(&mut self, now: Instant) -> Result<(), Duration> {
        (self.tokens, self.seen) = (self.level(now), now);
        if self.tokens < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - self.tokens) / RATE));
        }
        self.tokens -= 1.0;
        Ok(())
    }
}

/// Who may ask how often.
struct Limits {
    all: Bucket,
}

impl Limits {
    fn new() -> Limits {
        let all = Bucket::full(Instant::now());
        Limits { all }
    }

    /// Admits a request from that address, or says when to come back.
    fn admit(&mut self, _from: IpAddr, now: Instant) -> Result<(), Duration> {
        // One bucket for everybody: who suffers when one of them is greedy?
        self.all.take(now)
    }
}

/// The answer of `site`, as long as `limits` allow it (RFC 6585 §4).
fn answer(site: &Files, limits: &Mutex<Limits>, request: &Request) -> Reply {
    if request.path() != b"/limited" {
        return site.handle(request);
    }
    let mut limits = limits.lock().unwrap_or_else(PoisonError::into_inner);
    match limits.admit(request.peer.ip(), Instant::now()) {
        Ok(()) => Response::text("welcome\n").into(),
        Err(wait) => {
            // In whole seconds, and rounded up: whoever comes back too early is refused again.
            let seconds = wait.as_secs() + 1;
            let page = "You are asking too often.";
            Response::error(Status::TOO_MANY_REQUESTS, page)
                .with("Retry-After", &seconds.to_string())
                .into()
        }
    }
}

fn serve(given: &Given) -> io::Result<()> {
    let stop = given.stop()?;
    let site = Files::new(&given.root()?)?.listing(Listing::Shown);
    let limits = Mutex::new(Limits::new());
    let handler = |request: &Request| answer(&site, &limits, request);
    event_loop(&given.listener()?, &handler, &Config::default(), &stop)
}

fn main() -> ExitCode {
    exercise::main("4j", serve)
}
