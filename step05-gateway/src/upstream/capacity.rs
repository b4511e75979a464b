//! How much a group of servers is trusted with.

use std::time::Duration;

/// What a group of servers is trusted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Requests at once at each server, one a connection. A worker takes one; a server that waits
    /// for its database takes many.
    pub in_flight: usize,
    /// Requests that may wait at each server behind those, if it answers one after the other and
    /// they are short: without content, safe to be asked again, and behind quick ones. They share a
    /// connection, each under a number of its own, which FastCGI allows (§3.3) and few applications
    /// understand. Whatever else there is has such a server to itself. 0 for servers that answer all at
    /// once, or speak anything else.
    pub behind: usize,
    /// Requests that wait for a place; one more is answered 503.
    pub queue: usize,
    /// How long a server may take to accept a connection, before another one is tried.
    pub connect: Duration,
    /// When a connection is kept for the next request.
    pub keeping: Keeping,
}

// ANCHOR: keeping
/// When a connection is kept after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// Whenever the other server allows it.
    Always,
    /// Unless a request has waited for its first octet at that server for a while: it may wait for the
    /// very process that a kept connection holds. A php-fpm child serves one connection until that
    /// is closed, and nobody can be asked how many children there are.
    UnlessAwaited,
}
// ANCHOR_END: keeping

impl Default for Capacity {
    /// 64 at once, 1,024 waiting, and three seconds: as long as two lost packets take. Connections
    /// are kept unless somebody waits.
    fn default() -> Capacity {
        Capacity {
            in_flight: 64,
            behind: 0,
            queue: 1024,
            connect: Duration::from_secs(3),
            keeping: Keeping::UnlessAwaited,
        }
    }
}
