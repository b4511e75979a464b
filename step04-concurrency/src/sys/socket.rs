//! What sockets and pipes can do and `std` cannot ask for.

use super::address::Address;
use super::{check, ffi};
use std::ffi::{c_int, c_uint, c_void};
use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// Connections that may wait in the kernel to be accepted. `std` asks for 128, which one burst of a
/// browser farm fills; the kernel lowers this to net.core.somaxconn (4,096 as a rule).
const BACKLOG: c_int = 4096;

/// Makes reads and writes on a descriptor return `WouldBlock` where they would wait.
///
/// # Errors
/// What fcntl(2) reports.
pub fn set_nonblocking(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: F_GETFL takes no argument of weight and touches no memory.
    let flags = check(unsafe { ffi::fcntl(fd.as_raw_fd(), ffi::F_GETFL) })?;
    // SAFETY: F_SETFL takes a number and touches no memory.
    check(unsafe { ffi::fcntl(fd.as_raw_fd(), ffi::F_SETFL, flags | ffi::O_NONBLOCK) })?;
    Ok(())
}

/// Sends octets that more will follow at once, as `MSG_MORE` of send(2) says it.
///
/// # Errors
/// `WouldBlock` when the socket is full; what send(2) reports.
pub fn send_before_more(socket: &TcpStream, octets: &[u8]) -> io::Result<usize> {
    let flags = ffi::MSG_MORE | ffi::MSG_NOSIGNAL;
    let (from, len) = (octets.as_ptr().cast::<c_void>(), octets.len());
    // SAFETY: `from` points to `len` octets that stay borrowed through the call, which reads them.
    let sent = unsafe { ffi::send(socket.as_raw_fd(), from, len, flags) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Moves up to `count` octets of `file`, from `offset` on, into the socket without passing through
/// this process (sendfile(2)). 0 is the end of the file.
///
/// # Errors
/// `WouldBlock` when the socket is full; what sendfile(2) reports.
pub fn sendfile(socket: &TcpStream, file: &File, offset: u64, count: usize) -> io::Result<usize> {
    let mut offset = i64::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: `offset` is ours to be written to through the call; both descriptors are borrowed.
    let sent =
        unsafe { ffi::sendfile(socket.as_raw_fd(), file.as_raw_fd(), &raw mut offset, count) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Opens a listener on `addr`.
///
/// With `SO_REUSEADDR` a server can start again while old connections are in TIME-WAIT; with
/// [`Port::Shared`] (`SO_REUSEPORT`) several listeners of one user may stand at the same address,
/// each with its own queue.
///
/// # Errors
/// What socket(2), bind(2) and listen(2) report: the address is taken, not ours, or privileged.
pub fn listen(addr: SocketAddr, port: Port) -> io::Result<TcpListener> {
    let family = if addr.is_ipv4() {
        ffi::AF_INET
    } else {
        ffi::AF_INET6
    };
    let fd = check(ffi::socket(family, ffi::SOCK_STREAM | ffi::SOCK_CLOEXEC, 0))?;
    // SAFETY: socket has just returned this descriptor, and nobody else knows it.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    set_option(fd.as_fd(), ffi::SOL_SOCKET, ffi::SO_REUSEADDR, &1)?;
    if port == Port::Shared {
        set_option(fd.as_fd(), ffi::SOL_SOCKET, ffi::SO_REUSEPORT, &1)?;
    }
    bind(fd.as_fd(), addr)?;
    check(ffi::listen(fd.as_raw_fd(), BACKLOG))?;
    Ok(TcpListener::from(fd))
}

/// Whether a listener has its address to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// Binding fails while anybody else listens there.
    Exclusive,
    /// Others of the same user may listen there too, if they also ask for it.
    Shared,
}

/// Whether a listener was opened with [`Port::Shared`].
///
/// # Errors
/// What getsockopt(2) reports.
pub fn shares_port(listener: &TcpListener) -> io::Result<bool> {
    let mut value: c_int = 0;
    let mut len = size_of_option::<c_int>();
    let fd = listener.as_raw_fd();
    let value_at = (&raw mut value).cast::<c_void>();
    // SAFETY: `value_at` points to `len` octets of ours, and `len` is ours to be written to.
    check(unsafe {
        ffi::getsockopt(
            fd,
            ffi::SOL_SOCKET,
            ffi::SO_REUSEPORT,
            value_at,
            &raw mut len,
        )
    })?;
    Ok(value != 0)
}

/// Ends listening without closing the descriptor, which may be somebody else's: whoever knocks from
/// now on is refused, and so is who still waits in the queue. Linux allows this on a listener and
/// its duplicates alike (shutdown(2) moves the socket out of its listening state).
///
/// # Errors
/// What shutdown(2) reports: it was not listening.
pub fn stop_listening(listener: &TcpListener) -> io::Result<()> {
    check(ffi::shutdown(listener.as_raw_fd(), ffi::SHUT_RD)).map(drop)
}

/// Has the coming close reset the connection instead of ending it: the only way to tell the client
/// of a body without length or chunks that the end it sees is not the end.
///
/// # Errors
/// What setsockopt(2) reports.
pub fn reset_on_close(socket: &TcpStream) -> io::Result<()> {
    set_option(
        socket.as_fd(),
        ffi::SOL_SOCKET,
        ffi::SO_LINGER,
        &ffi::LingerOption { on: 1, seconds: 0 },
    )
}

pub(super) fn set_option<T>(
    fd: BorrowedFd<'_>,
    level: c_int,
    name: c_int,
    value: &T,
) -> io::Result<()> {
    let value_at = (&raw const *value).cast::<c_void>();
    let len = size_of_option::<T>();
    // SAFETY: `value_at` points to the `len` octets of `value`, which are only read.
    check(unsafe { ffi::setsockopt(fd.as_raw_fd(), level, name, value_at, len) })?;
    Ok(())
}

pub(super) fn bind(fd: BorrowedFd<'_>, addr: SocketAddr) -> io::Result<()> {
    let address = Address::from(addr);
    let (address_at, len) = address.as_raw();
    // SAFETY: `address_at` points to an address of that length, which is only read.
    check(unsafe { ffi::bind(fd.as_raw_fd(), address_at, len) })?;
    Ok(())
}

pub(super) fn size_of_option<T>() -> c_uint {
    c_uint::try_from(size_of::<T>()).expect("options are small")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exclusive_port_is_taken_once_and_a_shared_one_twice() {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let alone = listen(loopback, Port::Exclusive).expect("a port is free");
        let addr = alone.local_addr().expect("it is bound");
        assert!(!shares_port(&alone).expect("the option exists"));
        let taken = listen(addr, Port::Exclusive).expect_err("it is taken");
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);

        let first = listen(loopback, Port::Shared).expect("a port is free");
        let addr = first.local_addr().expect("it is bound");
        assert!(shares_port(&first).expect("the option exists"));
        listen(addr, Port::Shared).expect("a second listener may share it");
        listen(addr, Port::Exclusive).expect_err("but not one that did not ask");
    }

    #[test]
    fn a_listener_that_was_stopped_refuses_instead_of_keeping_guests_waiting() {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = listen(loopback, Port::Exclusive).expect("a port is free");
        let addr = listener.local_addr().expect("it is bound");
        TcpStream::connect(addr).expect("it listens");
        stop_listening(&listener).expect("it is listening");
        let refused = TcpStream::connect(addr).expect_err("nobody listens");
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        stop_listening(&listener).expect_err("it is not listening any more");
    }

    #[test]
    fn ipv6_addresses_are_bound_as_given() {
        let Ok(listener) = listen(SocketAddr::from(([0u16; 8], 0)), Port::Exclusive) else {
            println!("skipped: this machine has no IPv6");
            return;
        };
        assert!(listener.local_addr().expect("it is bound").is_ipv6());
    }
}
