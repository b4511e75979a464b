//! 4j Token bucket: whoever asks too often is told when to come back, and nobody else is.
//!
//! The table of addresses is bounded, for it is the others who decide how many there are. A bucket
//! that has filled up again says nothing, and can be forgotten by anybody who needs its place.

use check::exercise::{self, Given};
use concurrency::event_loop;
use http_parse::Status;
use static_files::{Config, Files, Handler, Listing, Reply, Request, Response};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
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

/// Addresses that are remembered: some hundred KiB, whoever comes.
const ADDRESSES: usize = 4096;

/// Who may ask how often.
struct Limits {
    buckets: HashMap<IpAddr, Bucket>,
}

impl Limits {
    fn new() -> Limits {
        let buckets = HashMap::new();
        Limits { buckets }
    }

    /// Admits a request from that address, or says when to come back.
    fn admit(&mut self, from: IpAddr, now: Instant) -> Result<(), Duration> {
        let from = household(from);
        if self.buckets.len() >= ADDRESSES && !self.buckets.contains_key(&from) {
            self.make_room(now);
        }
        let bucket = self.buckets.entry(from);
        bucket.or_insert_with(|| Bucket::full(now)).take(now)
    }

    /// Forgets buckets that are full. Where none is, the fullest goes: whoever asks most is
    /// remembered longest, and a newcomer is never refused for want of a place.
    fn make_room(&mut self, now: Instant) {
        self.buckets.retain(|_, bucket| bucket.level(now) < BURST);
        if self.buckets.len() < ADDRESSES {
            return;
        }
        let by_level =
            |a: &(_, &Bucket), b: &(_, &Bucket)| a.1.level(now).total_cmp(&b.1.level(now));
        let fullest = self.buckets.iter().max_by(by_level);
        if let Some(from) = fullest.map(|(from, _)| *from) {
            self.buckets.remove(&from);
        }
    }
}

/// Whom an address stands for. In IPv6 everybody has 2^64 of them, which differ in the second half.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
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
