//! Declarations of the C library's functions that `std` does not wrap, each with its manual page.
//!
//! The layouts and numbers are those of Linux on x86_64 and aarch64. Nothing outside `sys` sees
//! them. A project that may use packages would take `rustix` or `libc` instead of this file.

use std::ffi::{c_int, c_long, c_short, c_uint, c_ulong, c_void};

pub(super) const EPOLL_CLOEXEC: c_int = 0o2_000_000;
pub(super) const EPOLL_CTL_ADD: c_int = 1;
pub(super) const EPOLL_CTL_DEL: c_int = 2;
pub(super) const EPOLL_CTL_MOD: c_int = 3;
pub(super) const EPOLLIN: u32 = 0x001;
pub(super) const EPOLLOUT: u32 = 0x004;
pub(super) const EPOLLERR: u32 = 0x008;
pub(super) const EPOLLHUP: u32 = 0x010;
/// One event wakes one of the loops that share a listener, not all of them.
pub(super) const EPOLLEXCLUSIVE: u32 = 1 << 28;

pub(super) const POLLIN: c_short = 0x001;
pub(super) const POLLOUT: c_short = 0x004;
pub(super) const POLLERR: c_short = 0x008;
pub(super) const POLLHUP: c_short = 0x010;

pub(super) const F_GETFD: c_int = 1;
pub(super) const F_SETFD: c_int = 2;
pub(super) const FD_CLOEXEC: c_int = 1;
pub(super) const F_GETFL: c_int = 3;
pub(super) const F_SETFL: c_int = 4;
pub(super) const O_NONBLOCK: c_int = 0o4000;

pub(super) const SHUT_RD: c_int = 0;
/// open(2), as openat2(2) takes them.
pub(super) const O_CLOEXEC: u64 = 0o2_000_000;
pub(super) const O_PATH: u64 = 0o10_000_000;
pub(super) const RESOLVE_NO_MAGICLINKS: u64 = 0x02;
pub(super) const RESOLVE_BENEATH: u64 = 0x08;

/// errno(3)
pub(super) const EPERM: c_int = 1;
pub(super) const EINTR: c_int = 4;
pub(super) const EAGAIN: c_int = 11;
pub(super) const EMFILE: c_int = 24;
pub(super) const ENOSYS: c_int = 38;
pub(super) const ELOOP: c_int = 40;
pub(super) const EINPROGRESS: c_int = 115;

pub(super) const SOL_SOCKET: c_int = 1;
pub(super) const SO_REUSEADDR: c_int = 2;
pub(super) const SO_LINGER: c_int = 13;
pub(super) const SO_REUSEPORT: c_int = 15;
pub(super) const AF_UNIX: c_int = 1;
pub(super) const AF_INET: c_int = 2;
pub(super) const AF_INET6: c_int = 10;
pub(super) const SOCK_STREAM: c_int = 1;
pub(super) const SOCK_CLOEXEC: c_int = 0o2_000_000;
pub(super) const SOCK_NONBLOCK: c_int = 0o4000;
pub(super) const MSG_NOSIGNAL: c_int = 0x4000;
pub(super) const MSG_MORE: c_int = 0x8000;
pub(super) const IPPROTO_TCP: c_int = 6;
pub(super) const TCP_NODELAY: c_int = 1;
pub(super) const TCP_NOTSENT_LOWAT: c_int = 25;

pub(super) const RLIMIT_NOFILE: c_int = 7;

/// sched(7)
pub(super) const SCHED_BATCH: c_int = 3;

pub(super) const SIGHUP: c_int = 1;
pub(super) const SIGINT: c_int = 2;
pub(super) const SIGKILL: c_int = 9;
pub(super) const SIGTERM: c_int = 15;
pub(super) const SIG_DFL: usize = 0;
pub(super) const SIG_ERR: usize = usize::MAX;

/// The number of close_range(2), the same on every architecture.
pub(super) const SYS_CLOSE_RANGE: c_long = 436;
pub(super) const CLOSE_RANGE_CLOEXEC: c_uint = 4;
/// The number of openat2(2), the same on every architecture.
pub(super) const SYS_OPENAT2: c_long = 437;
/// The number of pidfd_open(2), the same on every architecture.
pub(super) const SYS_PIDFD_OPEN: c_long = 434;

/// epoll_event(3type). The kernel packs it on x86_64 and on no other architecture.
#[repr(C)]
#[cfg_attr(target_arch = "x86_64", repr(packed))]
#[derive(Clone, Copy)]
pub(super) struct EpollEvent {
    pub(super) events: u32,
    pub(super) token: u64,
}

/// poll(2)
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct PollFd {
    pub(super) fd: c_int,
    pub(super) events: c_short,
    pub(super) revents: c_short,
}

/// sockaddr_in(3type); port and address in network byte order.
#[repr(C)]
pub(super) struct SockAddrV4 {
    pub(super) family: u16,
    pub(super) port: u16,
    pub(super) address: [u8; 4],
    pub(super) zero: [u8; 8],
}

/// sockaddr_in6(3type)
#[repr(C)]
pub(super) struct SockAddrV6 {
    pub(super) family: u16,
    pub(super) port: u16,
    pub(super) flow: u32,
    pub(super) address: [u8; 16],
    pub(super) scope: u32,
}

/// Room for either of the two.
#[repr(C, align(4))]
pub(super) struct SockAddrStorage {
    pub(super) octets: [u8; 28],
}

/// sockaddr_un, unix(7); the path ends with a NUL octet.
#[repr(C)]
pub(super) struct SockAddrUnix {
    pub(super) family: u16,
    pub(super) path: [u8; 108],
}

/// The argument of `SO_LINGER`, socket(7).
#[repr(C)]
pub(super) struct LingerOption {
    pub(super) on: c_int,
    pub(super) seconds: c_int,
}

/// open_how(2type), the argument of openat2(2).
#[repr(C)]
pub(super) struct OpenHow {
    pub(super) flags: u64,
    pub(super) mode: u64,
    pub(super) resolve: u64,
}

/// getrlimit(2)
#[repr(C)]
pub(super) struct Rlimit {
    pub(super) soft: c_ulong,
    pub(super) hard: c_ulong,
}

/// sched_setscheduler(2)
#[repr(C)]
pub(super) struct SchedParam {
    pub(super) priority: c_int,
}

unsafe extern "C" {
    /// epoll_create(2)
    pub(super) safe fn epoll_create1(flags: c_int) -> c_int;
    /// epoll_ctl(2)
    pub(super) fn epoll_ctl(epfd: c_int, op: c_int, fd: c_int, event: *mut EpollEvent) -> c_int;
    /// epoll_wait(2)
    pub(super) fn epoll_wait(
        epfd: c_int,
        events: *mut EpollEvent,
        capacity: c_int,
        timeout_ms: c_int,
    ) -> c_int;
    /// poll(2)
    pub(super) fn poll(fds: *mut PollFd, count: c_ulong, timeout_ms: c_int) -> c_int;
    /// send(2)
    pub(super) fn send(fd: c_int, from: *const c_void, count: usize, flags: c_int) -> isize;
    /// sendfile(2)
    pub(super) fn sendfile(out: c_int, from: c_int, offset: *mut i64, count: usize) -> isize;
    /// fcntl(2)
    pub(super) fn fcntl(fd: c_int, command: c_int, ...) -> c_int;
    /// socket(2)
    pub(super) safe fn socket(family: c_int, kind: c_int, protocol: c_int) -> c_int;
    /// bind(2)
    pub(super) fn bind(fd: c_int, address: *const c_void, len: c_uint) -> c_int;
    /// connect(2)
    pub(super) fn connect(fd: c_int, address: *const c_void, len: c_uint) -> c_int;
    /// listen(2)
    pub(super) safe fn listen(fd: c_int, backlog: c_int) -> c_int;
    /// accept4(2)
    pub(super) fn accept4(fd: c_int, address: *mut c_void, len: *mut c_uint, flags: c_int)
    -> c_int;
    /// shutdown(2)
    pub(super) safe fn shutdown(fd: c_int, how: c_int) -> c_int;
    /// setsockopt(2)
    pub(super) fn setsockopt(
        fd: c_int,
        level: c_int,
        name: c_int,
        value: *const c_void,
        len: c_uint,
    ) -> c_int;
    /// getsockopt(2)
    pub(super) fn getsockopt(
        fd: c_int,
        level: c_int,
        name: c_int,
        value: *mut c_void,
        len: *mut c_uint,
    ) -> c_int;
    /// getrlimit(2)
    pub(super) fn getrlimit(resource: c_int, limit: *mut Rlimit) -> c_int;
    /// setrlimit(2)
    pub(super) fn setrlimit(resource: c_int, limit: *const Rlimit) -> c_int;
    /// sched_setscheduler(2); thread 0 is the one that calls
    pub(super) fn sched_setscheduler(
        thread: c_int,
        policy: c_int,
        param: *const SchedParam,
    ) -> c_int;
    /// kill(2); a negative number means a process group
    pub(super) safe fn kill(pid: c_int, signal: c_int) -> c_int;
    /// syscall(2), for calls that the C library of some systems does not wrap
    pub(super) fn syscall(number: c_long, ...) -> c_long;
    /// signal(2), with its handler as a number: an address, `SIG_DFL`, or `SIG_ERR`
    pub(super) fn signal(signal: c_int, handler: usize) -> usize;
    /// write(2)
    pub(super) fn write(fd: c_int, from: *const c_void, count: usize) -> isize;
}
