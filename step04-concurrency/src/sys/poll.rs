//! poll(2): wait for a few descriptors, named anew at each call.

use super::{Interest, check, ffi, timeout_ms};
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Instant;

/// One descriptor for [`poll`] to watch. The layout is the kernel's.
#[repr(transparent)]
#[expect(
    missing_debug_implementations,
    reason = "a kernel structure; its parts have accessors"
)]
pub struct Pollable<'fd> {
    entry: ffi::PollFd,
    borrowed: PhantomData<BorrowedFd<'fd>>,
}

impl<'fd> Pollable<'fd> {
    /// Watches `fd` for `interest`; hang-up and error are always watched.
    pub fn new(fd: BorrowedFd<'fd>, interest: Interest) -> Pollable<'fd> {
        let read = if interest.read { ffi::POLLIN } else { 0 };
        let write = if interest.write { ffi::POLLOUT } else { 0 };
        let entry = ffi::PollFd {
            fd: fd.as_raw_fd(),
            events: read | write,
            revents: 0,
        };
        Pollable {
            entry,
            borrowed: PhantomData,
        }
    }

    /// Whether the last wait found anything here.
    pub fn is_ready(&self) -> bool {
        self.entry.revents != 0
    }

    /// Whether both directions are closed, or the connection is in error.
    pub fn is_gone(&self) -> bool {
        self.entry.revents & (ffi::POLLERR | ffi::POLLHUP) != 0
    }
}

/// Waits until one of `fds` is ready or `deadline` has passed.
///
/// # Errors
/// What poll(2) reports; an interrupted wait is one in which nothing was ready.
pub fn poll(fds: &mut [Pollable<'_>], now: Instant, deadline: Option<Instant>) -> io::Result<()> {
    let count = fds.len() as u64;
    let entries = fds.as_mut_ptr().cast::<ffi::PollFd>();
    // SAFETY: `Pollable` is transparent over `PollFd`, and the slice of `count` of them stays
    // borrowed through the call; each descriptor is open because it is borrowed.
    let result = unsafe { ffi::poll(entries, count, timeout_ms(now, deadline)) };
    match check(result) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {
            // After an error the kernel leaves `revents` undefined.
            fds.iter_mut()
                .for_each(|pollable| pollable.entry.revents = 0);
            Ok(())
        }
        other => other.map(drop),
    }
}
