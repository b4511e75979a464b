//! Step 1: a door, a queue, and leaving politely. Blocking sockets, `std` alone.
//!
//! Everything a server does with a connection before it knows a protocol:
//!
//! ```text
//!  bind, listen        accept                  read, write            half-close, drain, close
//! ┌────────────┐   ┌─────────────┐          ┌───────────────┐          ┌────────────────┐
//! │TcpListener │──▶│accept_until │─stream──▶│ echo, or what │─stream──▶│ close_politely │
//! └────────────┘   └──────▲──────┘          │ you write     │          └────────────────┘
//!                         │ wakes           └───────────────┘
//!                       Stop
//! ```
//!
//! Rules of use: one thread runs [`accept_until`]; the closure it is given owns each connection
//! and decides how long to wait for it; [`Stop::stop`], called from anywhere, ends the loop.
//! `cargo run -p step01-socket` is all four files in use.
//!
//! What it deliberately does not do: it sets no deadline on a connection (who knows the protocol
//! knows how long to wait), it starts no thread (step 4), it knows no message (step 2).
#![forbid(unsafe_code)]

mod accept;
mod close;
mod echo;
mod stop;

/// Named in one place, so that a model checker can compile `stop.rs` with its own in their stead.
mod sync {
    pub(crate) use std::sync::atomic::{AtomicBool, Ordering};
    pub(crate) use std::sync::{Mutex, MutexGuard};
}

pub use accept::{AcceptFate, accept_fate, accept_until, reachable};
pub use close::{Linger, close_politely};
pub use echo::echo;
pub use stop::{Stop, Waker};
