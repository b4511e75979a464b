//! Signals that ask the server to end, turned into a descriptor: the handler writes one octet into
//! a pipe, and everything else happens in ordinary code.
//!
//! Blocking the signals and waiting for them would need no handler. But a blocked signal stays
//! blocked across `exec`, so every program that the server starts would be deaf to SIGTERM; a
//! handler is reset there (signal(7)).

use super::ffi;
use std::ffi::c_int;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::AsRawFd;
use std::sync::OnceLock;

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

/// Where the handler writes. It lives as long as the process, because a signal can come at any time.
static ALARM: OnceLock<PipeWriter> = OnceLock::new();

/// Catches SIGINT and SIGTERM: each writes an octet into the pipe whose other end is returned.
///
/// # Errors
/// `AlreadyExists` the second time; what pipe(2) and signal(2) report.
pub fn catch_endings() -> io::Result<PipeReader> {
    let (reader, writer) = io::pipe()?;
    ALARM
        .set(writer)
        .map_err(|_| io::ErrorKind::AlreadyExists)?;
    for signal in [ffi::SIGINT, ffi::SIGTERM] {
        // SAFETY: `ring` may run at any moment: it only makes system calls that signal-safety(7)
        // allows, and reads a static that is set already.
        let before = unsafe { ffi::signal(signal, ring as *const () as usize) };
        if before == ffi::SIG_ERR {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(reader)
}

/// Gives SIGINT and SIGTERM their usual meaning again: the next one ends the process at once.
pub fn release_endings() {
    for signal in [ffi::SIGINT, ffi::SIGTERM] {
        // SAFETY: no code of ours runs for the default action. It cannot fail for these signals.
        unsafe { ffi::signal(signal, ffi::SIG_DFL) };
    }
}

// ANCHOR: ring
/// The handler. errno stays as it was, because writing a few octets to an empty pipe succeeds.
extern "C" fn ring(_signal: c_int) {
    if let Some(alarm) = ALARM.get() {
        // SAFETY: one octet of a constant is read, and the pipe is never closed.
        unsafe { ffi::write(alarm.as_raw_fd(), c"!".as_ptr().cast(), 1) };
    }
}
// ANCHOR_END: ring
