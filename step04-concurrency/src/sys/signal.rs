//! Signals that ask the server to end, received by waiting for them: no handler, so none of the
//! rules of signal-safety(7) to keep.

use super::ffi;
use std::ffi::c_int;
use std::io;
use std::ptr;

/// A signal that the server sends to a process group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM: please end.
    Terminate,
    /// SIGKILL: end.
    Kill,
}

impl Signal {
    pub(super) fn number(self) -> c_int {
        match self {
            Signal::Terminate => ffi::SIGTERM,
            Signal::Kill => ffi::SIGKILL,
        }
    }
}

/// Blocks SIGINT and SIGTERM in the calling thread and in every thread it starts from now on, so
/// that they wait for [`wait_for_ending`].
///
/// # Errors
/// What pthread_sigmask(3) reports.
pub fn block_endings() -> io::Result<()> {
    mask_endings(ffi::SIG_BLOCK)
}

/// Gives SIGINT and SIGTERM back their usual meaning in the calling thread: the next one ends the
/// process at once.
///
/// # Errors
/// What pthread_sigmask(3) reports.
pub fn unblock_endings() -> io::Result<()> {
    mask_endings(ffi::SIG_UNBLOCK)
}

/// Waits until SIGINT or SIGTERM arrives; they must be blocked in every thread.
///
/// # Errors
/// What sigwait(3) reports.
pub fn wait_for_ending() -> io::Result<()> {
    let set = endings()?;
    let mut signal = 0;
    // SAFETY: both pointers are to values of ours that live through the call.
    check_returned(unsafe { ffi::sigwait(&raw const set, &raw mut signal) })
}

fn mask_endings(how: c_int) -> io::Result<()> {
    let set = endings()?;
    // SAFETY: `set` is only read, and a null third argument means that the old mask is not wanted.
    check_returned(unsafe { ffi::pthread_sigmask(how, &raw const set, ptr::null_mut()) })
}

fn endings() -> io::Result<ffi::SigSet> {
    let mut set = ffi::SigSet { bits: [0; 16] };
    // SAFETY: `set` is as large as the C library's sigset_t and ours to be written to.
    super::check(unsafe { ffi::sigemptyset(&raw mut set) })?;
    for signal in [ffi::SIGINT, ffi::SIGTERM] {
        // SAFETY: `set` was initialised by sigemptyset.
        super::check(unsafe { ffi::sigaddset(&raw mut set, signal) })?;
    }
    Ok(set)
}

/// The pthread convention: the error is the result itself.
fn check_returned(error: c_int) -> io::Result<()> {
    if error == 0 {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(error))
    }
}
