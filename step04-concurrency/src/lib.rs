//! Step 4: many clients at once. Threads, a pool, and one loop that waits for everybody.
//!
//! ```text
//! SERVERS   iterative · threads · pool      poll                    epoll · cores
//!                 │  each connection:         │  all connections:       │  all connections:
//!                 ▼  drive                    ▼  poll_loop              ▼  event_loop
//!                    Session + poll(2)           Sessions + poll(2)        Sessions + epoll(7)
//!                           └──────────────── Session ────────────────────────┘
//!                     one connection as a value: step, wants, deadline
//! ```
//!
//! All of them drive the same [`Handler`](static_files::Handler), and give the same answers.
//! Linux only: epoll, sendfile and pidfds have no portable names.
#![deny(unsafe_code)]

mod accept;
mod cache;
mod doorman;
mod drive;
mod event_loop;
mod health;
mod listeners;
mod lookup;
mod places;
mod poll_loop;
mod posts;
mod preface;
mod queue;
mod seat;
mod seats;
mod servers;
mod session;
mod shortage;
mod shutdown;
mod signals;
mod succession;
#[expect(
    unsafe_code,
    reason = "the one folder of the course that talks to the C library"
)]
pub mod sys;
mod threads;
mod timers;
mod trace;
mod workers;
mod xray;

/// Named in one place, so that a model checker can compile `queue.rs` and `places.rs` with its own
/// in their stead.
mod sync {
    pub(crate) use socket::{Stop, Waker};
    pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
}

pub use accept::Entrance;
pub use cache::Cache;
pub use drive::drive;
pub use event_loop::event_loop;
pub use health::Health;
pub use listeners::Listeners;
pub use lookup::Beneath;
pub use poll_loop::poll_loop;
pub use preface::{NoPreface, PREFACE_LIMIT, Preface, parse_preface};
pub use servers::{SERVERS, Serve, listen_for};
pub use session::{CLIENT, ENDS, HangUp, Session, Step, Want};
pub use shutdown::StopSignal;
pub use signals::{stop_on_signals, stop_or_succeed_on_signals};
pub use succession::{Predecessor, Succession};
pub use threads::{thread_per_connection, thread_pool};
pub use trace::trace_to;
pub use workers::loop_per_core;
pub use xray::Xray;
