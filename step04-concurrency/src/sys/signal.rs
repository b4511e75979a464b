//! Signals that ask something of the server, turned into a descriptor: the handler writes one octet
//! into a pipe, and everything else happens in ordinary code.
//!
//! Blocking the signals and waiting for them would need no handler. But a blocked signal stays
//! blocked across `exec`, so every program that the server starts would be deaf to SIGTERM; a
//! handler is reset there (signal(7)).

use super::ffi;
use std::ffi::c_int;
use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
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

/// What somebody outside asks of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// SIGTERM or SIGINT: to end.
    End,
    /// SIGHUP: to make room for a successor.
    Succeed,
}

/// The signals that have been caught, in order.
#[derive(Debug)]
pub struct Alarm(PipeReader);

impl Alarm {
    /// Waits for the next one.
    ///
    /// # Errors
    /// What read(2) reports.
    pub fn next_wish(&mut self) -> io::Result<Wish> {
        let mut octet = [0];
        self.0.read_exact(&mut octet)?;
        Ok(match octet {
            SUCCEED => Wish::Succeed,
            _ => Wish::End,
        })
    }
}

impl AsFd for Alarm {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

const END: [u8; 1] = *b"!";
const SUCCEED: [u8; 1] = *b"+";

/// Where the handlers write. It lives as long as the process: a signal can come at any time.
static ALARM: OnceLock<PipeWriter> = OnceLock::new();

/// Catches SIGINT and SIGTERM from now on.
///
/// # Errors
/// `AlreadyExists` the second time; what pipe(2) and signal(2) report.
pub fn catch_endings() -> io::Result<Alarm> {
    let (reader, writer) = io::pipe()?;
    ALARM
        .set(writer)
        .map_err(|_| io::ErrorKind::AlreadyExists)?;
    catch(ffi::SIGINT, ring_to_end)?;
    catch(ffi::SIGTERM, ring_to_end)?;
    Ok(Alarm(reader))
}

impl Alarm {
    /// Catches SIGHUP, too.
    ///
    /// # Errors
    /// What signal(2) reports.
    pub fn catch_hang_up(&self) -> io::Result<()> {
        catch(ffi::SIGHUP, ring_to_succeed)
    }
}

fn catch(signal: c_int, handler: extern "C" fn(c_int)) -> io::Result<()> {
    // SAFETY: the handler may run at any moment: it only makes a system call that
    // signal-safety(7) allows, and reads a static that is set already.
    let before = unsafe { ffi::signal(signal, handler as *const () as usize) };
    if before == ffi::SIG_ERR {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Gives SIGINT and SIGTERM their usual meaning again: the next one ends the process at once.
pub fn release_endings() {
    for signal in [ffi::SIGINT, ffi::SIGTERM] {
        // SAFETY: no code of ours runs for the default action. It cannot fail for these signals.
        unsafe { ffi::signal(signal, ffi::SIG_DFL) };
    }
}

extern "C" fn ring_to_end(_signal: c_int) {
    ring(&END);
}

extern "C" fn ring_to_succeed(_signal: c_int) {
    ring(&SUCCEED);
}

// ANCHOR: ring
/// The handlers' work. errno stays as it was, because writing an octet to an empty pipe succeeds.
fn ring(octet: &'static [u8; 1]) {
    if let Some(alarm) = ALARM.get() {
        // SAFETY: one octet of a constant is read, and the pipe is never closed.
        unsafe { ffi::write(alarm.as_raw_fd(), octet.as_ptr().cast(), 1) };
    }
}
// ANCHOR_END: ring
