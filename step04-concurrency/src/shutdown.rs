//! Being asked to end: from signals to a [`Stop`], and from a [`Stop`] to a descriptor.

use crate::sys;
use socket::{Stop, Waker};
use std::io::{self, Read};
use std::net::{Shutdown, TcpListener};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;

// ANCHOR: stop_on_signals
/// Raises `stop` when SIGTERM or SIGINT arrives. A second one ends the process at once.
///
/// # Errors
/// `AlreadyExists` the second time; there is no descriptor or thread to be had.
pub fn stop_on_signals(stop: Arc<Stop>) -> io::Result<()> {
    let mut alarm = sys::catch_endings()?;
    let watch = move || {
        let rung = alarm.read_exact(&mut [0]);
        sys::release_endings();
        // The writing end is never closed, so an error is a reason to end as well.
        if let Err(error) = rung {
            eprintln!("signals cannot be waited for: {error}");
        }
        stop.stop();
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(watch)?;
    Ok(())
}
// ANCHOR_END: stop_on_signals

/// Closes the door while answers are still under way, so that newcomers are refused at once and can
/// go elsewhere, instead of waiting for a server that is leaving.
pub(crate) fn stop_accepting(listener: &TcpListener) {
    // It fails when another loop that shares the listener was quicker: then it is done.
    let _ = sys::stop_listening(listener);
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
