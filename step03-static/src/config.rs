//! Every limit and every wait of a server, in one place.

use http_parse::Limits;
use std::time::Duration;

/// How long the server waits for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a whole request head, from its first octet: absolute, or a client that sends one
    /// octet now and then holds its place for ever.
    pub head: Duration,
    /// For the next [`Timeouts::PROGRESS`] octets of a request body.
    pub body: Duration,
    /// For the next [`Timeouts::PROGRESS`] octets of a response to leave.
    pub send: Duration,
    /// For the next request on a kept connection.
    pub idle: Duration,
    /// For a program behind the server to begin its answer, and then between two octets of it.
    pub gateway: Duration,
    /// For any octet either way after a connection has changed its protocol: people may say nothing
    /// for long, and many programs send something now and then to be heard of.
    pub tunnel: Duration,
    /// For a peer to close after we have half-closed.
    pub linger: Duration,
    /// For answers under way when the server has been asked to stop.
    pub grace: Duration,
    /// For new connections after that request, before the door closes: time for those who share
    /// out work to hear of it. None, unless somebody does.
    pub drain: Duration,
}

impl Timeouts {
    /// How many octets of a body count as progress, either way: one a second would be none.
    pub const PROGRESS: u64 = 1024;
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            head: Duration::from_secs(10),
            body: Duration::from_secs(10),
            send: Duration::from_secs(10),
            idle: Duration::from_secs(15),
            gateway: Duration::from_secs(30),
            tunnel: Duration::from_secs(600),
            linger: Duration::from_secs(2),
            grace: Duration::from_secs(30),
            drain: Duration::ZERO,
        }
    }
}

/// What a connection begins with. It is configured, never guessed: whoever may say for whom a
/// connection is could say anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// A request.
    Request,
    /// The PROXY protocol, by which a front says for whom it opened the connection. Step 4 reads it.
    Preface,
}

/// What a server may spend, on one connection and in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// What a client may send in one request's head and framing.
    pub limits: Limits,
    /// How long the server waits.
    pub timeouts: Timeouts,
    /// What a connection begins with.
    pub expected: Expected,
    /// Octets of one request body; more is 413. It is streamed, so this bounds time, not memory.
    pub body_bytes: u64,
    /// Octets of a request body that are collected in memory; more is 413.
    pub collect_bytes: usize,
    /// Octets of unread input that are dropped to close politely, or to reach the next request.
    pub linger_bytes: u64,
    /// Connections at once; more wait in the kernel's queue.
    pub connections: usize,
    /// Event loops of the server that has several: one for each core.
    pub workers: usize,
    /// Threads of the server that gives one to each connection: each costs a stack.
    pub threads: usize,
    /// Threads of the pool. A kept connection holds one while it lasts, so there are more of them
    /// than cores.
    pub pool: usize,
    /// Connections that wait for a thread of the pool; more are answered 503.
    pub queue: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            expected: Expected::Request,
            body_bytes: 1 << 30,
            collect_bytes: 1 << 20,
            linger_bytes: 1 << 20,
            connections: 16 * 1024,
            workers: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads: 1024,
            pool: 64,
            queue: 1024,
        }
    }
}
