//! The steps' code with loom's locks.

/// What the files below lock with.
mod sync {
    pub(crate) use super::stop::{Stop, Waker};
    pub(crate) use loom::sync::atomic::{AtomicBool, Ordering};
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
}

#[path = "cases.rs"]
pub(super) mod cases;

#[path = "../../step04-concurrency/src/places.rs"]
#[allow(dead_code, reason = "written for another crate")]
mod places;
#[path = "../../step04-concurrency/src/queue.rs"]
mod queue;
#[path = "../../step01-socket/src/stop.rs"]
#[allow(dead_code, unreachable_pub, reason = "written for another crate")]
mod stop;
