//! epoll(7): one descriptor that knows which of many others are ready.

use super::{check, ffi, timeout_ms};
use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Instant;

/// What a registration waits for. Hang-up and error are always reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interest {
    /// Bytes, a connection, or the end of input.
    pub read: bool,
    /// Room for bytes.
    pub write: bool,
}

impl Interest {
    /// Only reading.
    pub const READ: Interest = Interest {
        read: true,
        write: false,
    };
    /// Nothing: such an end is not registered.
    pub const NONE: Interest = Interest {
        read: false,
        write: false,
    };

    fn bits(self) -> u32 {
        let read = if self.read { ffi::EPOLLIN } else { 0 };
        let write = if self.write { ffi::EPOLLOUT } else { 0 };
        read | write
    }
}

/// An epoll instance, level-triggered.
#[derive(Debug)]
pub struct Epoll {
    fd: OwnedFd,
}

impl Epoll {
    /// Creates an instance.
    ///
    /// # Errors
    /// When the system has no descriptor or memory left.
    pub fn new() -> io::Result<Epoll> {
        let fd = check(ffi::epoll_create1(ffi::EPOLL_CLOEXEC))?;
        // SAFETY: epoll_create1 has just returned this descriptor, and nobody else knows it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Epoll { fd })
    }

    /// Registers a descriptor.
    ///
    /// # Errors
    /// `AlreadyExists` when it is registered; what epoll_ctl(2) reports.
    pub fn add(&self, fd: BorrowedFd<'_>, token: u64, interest: Interest) -> io::Result<()> {
        self.control(ffi::EPOLL_CTL_ADD, fd, token, interest.bits())
    }

    /// Registers a listener that several loops share: one connection wakes one of them.
    ///
    /// # Errors
    /// As [`Epoll::add`].
    pub fn add_shared(&self, fd: BorrowedFd<'_>, token: u64) -> io::Result<()> {
        self.control(
            ffi::EPOLL_CTL_ADD,
            fd,
            token,
            ffi::EPOLLIN | ffi::EPOLLEXCLUSIVE,
        )
    }

    /// Changes what a registered descriptor waits for.
    ///
    /// # Errors
    /// `NotFound` when it is not registered; what epoll_ctl(2) reports.
    pub fn modify(&self, fd: BorrowedFd<'_>, token: u64, interest: Interest) -> io::Result<()> {
        self.control(ffi::EPOLL_CTL_MOD, fd, token, interest.bits())
    }

    /// Ends a registration. Closing a descriptor does so too.
    ///
    /// # Errors
    /// `NotFound` when it is not registered.
    pub fn delete(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        self.control(ffi::EPOLL_CTL_DEL, fd, 0, 0)
    }

    fn control(&self, op: i32, fd: BorrowedFd<'_>, token: u64, events: u32) -> io::Result<()> {
        let mut event = ffi::EpollEvent { events, token };
        // SAFETY: `event` lives through the call, which only reads it; both descriptors are open
        // because they are borrowed.
        let result =
            unsafe { ffi::epoll_ctl(self.fd.as_raw_fd(), op, fd.as_raw_fd(), &raw mut event) };
        check(result).map(drop)
    }

    /// Waits until something is ready or `deadline` has passed, and fills `events`.
    ///
    /// # Errors
    /// What epoll_wait(2) reports; an interrupted wait is an empty one.
    pub fn wait(
        &self,
        events: &mut Events,
        now: Instant,
        deadline: Option<Instant>,
    ) -> io::Result<()> {
        events.len = 0;
        let capacity = i32::try_from(events.list.len()).unwrap_or(i32::MAX);
        let timeout = timeout_ms(now, deadline);
        let list = events.list.as_mut_ptr();
        // SAFETY: `list` points to `capacity` events that stay borrowed through the call.
        let result = unsafe { ffi::epoll_wait(self.fd.as_raw_fd(), list, capacity, timeout) };
        match check(result) {
            Ok(count) => events.len = usize::try_from(count).unwrap_or(0),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Room for what one wait reports.
pub struct Events {
    list: Box<[ffi::EpollEvent]>,
    len: usize,
}

impl Events {
    /// Room for `capacity` events; what does not fit is reported by the next wait.
    pub fn with_capacity(capacity: usize) -> Events {
        let empty = ffi::EpollEvent {
            events: 0,
            token: 0,
        };
        Events {
            list: vec![empty; capacity].into_boxed_slice(),
            len: 0,
        }
    }

    /// What the last wait reported.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Event> + '_ {
        self.list[..self.len].iter().map(|event| {
            let gone = ffi::EPOLLERR | ffi::EPOLLHUP;
            Event {
                token: event.token,
                gone: event.events & gone != 0,
            }
        })
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// One ready descriptor.
///
/// It does not say ready for what: whoever is woken tries what its state wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// The token it was registered with.
    pub token: u64,
    /// Both directions are closed, or the connection is in error.
    pub gone: bool,
}
