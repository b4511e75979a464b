//! Being asked to end: from signals to a [`Stop`], and from a [`Stop`] to a descriptor.

use crate::sys;
use socket::{Stop, Waker};
use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;

/// Raises `stop` when SIGTERM or SIGINT arrives. A second one ends the process at once.
///
/// Call it before any other thread is started: a thread inherits its mask of signals, and one that
/// does not block these would be ended by them.
///
/// # Errors
/// The mask cannot be set, or no thread is to be had.
pub fn stop_on_signals(stop: Arc<Stop>) -> io::Result<()> {
    sys::block_endings()?;
    let watch = move || {
        if sys::wait_for_ending().is_ok() {
            stop.stop();
        }
        // Nobody waits for the second signal any more, so it has to have its usual meaning.
        // Should that fail, SIGKILL remains.
        let _ = sys::unblock_endings();
        loop {
            thread::park();
        }
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(watch)?;
    Ok(())
}

/// A descriptor that becomes readable when a [`Stop`] is raised, and stays so.
#[derive(Debug)]
pub struct StopSignal<'s> {
    stop: &'s Stop,
    readable: UnixStream,
    /// Held for its registration.
    _waker: Waker<'s>,
}

impl<'s> StopSignal<'s> {
    /// A signal for `stop`.
    ///
    /// # Errors
    /// The system has no descriptors left.
    pub fn new(stop: &'s Stop) -> io::Result<StopSignal<'s>> {
        let (readable, other) = UnixStream::pair()?;
        let waker = stop.on_stop(move || {
            // The end of input is readable for ever, for every thread that looks. Shutting down
            // an end twice fails, and changes nothing.
            let _ = other.shutdown(Shutdown::Both);
        });
        Ok(StopSignal {
            stop,
            readable,
            _waker: waker,
        })
    }

    /// What to wait on.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.readable.as_fd()
    }

    /// Whether it has been raised.
    pub fn is_raised(&self) -> bool {
        self.stop.is_stopped()
    }
}
