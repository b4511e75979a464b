//! The same with notifications that reach nobody.

/// What the files below lock with.
mod sync {
    pub(crate) use super::stop::{Stop, Waker};
    pub(crate) use loom::sync::atomic::{AtomicBool, Ordering};
    pub(crate) use loom::sync::{Mutex, MutexGuard};
    use std::sync::LockResult;

    pub(crate) struct Condvar(loom::sync::Condvar);

    impl Condvar {
        pub(crate) fn new() -> Condvar {
            Condvar(loom::sync::Condvar::new())
        }

        pub(crate) fn wait<'a, T>(
            &self,
            guard: MutexGuard<'a, T>,
        ) -> LockResult<MutexGuard<'a, T>> {
            self.0.wait(guard)
        }

        pub(crate) fn notify_one(&self) {}

        pub(crate) fn notify_all(&self) {}
    }
}

#[path = "cases.rs"]
#[allow(dead_code, reason = "some models need no notification")]
pub(super) mod cases;

#[path = "../../step04-concurrency/src/places.rs"]
#[allow(dead_code, reason = "written for another crate")]
mod places;
#[path = "../../step04-concurrency/src/queue.rs"]
mod queue;
#[path = "../../step01-socket/src/stop.rs"]
#[allow(dead_code, unreachable_pub, reason = "written for another crate")]
mod stop;
