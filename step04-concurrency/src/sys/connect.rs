//! Connections that are begun and not waited for.

use super::address::Address;
use super::socket::bind;
use super::{check, ffi};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// Begins a connection. The socket is nonblocking, and writable once it is known what came of it:
/// until then writing answers `WouldBlock`, and after a failure with the reason (connect(2)).
///
/// # Errors
/// What socket(2) and connect(2) report at once.
pub fn connect(addr: SocketAddr) -> io::Result<TcpStream> {
    begun(begin(&addr.into(), None)?)
}

/// The same, from any port of an address that this machine has: of 127.0.0.0/8 it has all.
///
/// # Errors
/// As [`connect`]; `AddrNotAvailable` where the address is not of this machine.
pub fn connect_from(local: IpAddr, addr: SocketAddr) -> io::Result<TcpStream> {
    begun(begin(&addr.into(), Some(SocketAddr::new(local, 0)))?)
}

fn begun((fd, connected): (OwnedFd, io::Result<()>)) -> io::Result<TcpStream> {
    match connected {
        Err(error) if error.raw_os_error() != Some(ffi::EINPROGRESS) => Err(error),
        Ok(()) | Err(_) => Ok(fd.into()),
    }
}

/// Connects to a Unix socket, at once or not at all. The socket is nonblocking.
///
/// # Errors
/// `WouldBlock` when as many as may do wait to be accepted there: it is no promise, and nothing
/// will tell when there is room (unlike with [`connect`]). What socket(2) and connect(2) report;
/// `InvalidInput` for a path of more than 107 octets.
pub fn connect_unix(path: &Path) -> io::Result<UnixStream> {
    let (fd, connected) = begin(&path.try_into()?, None)?;
    connected.map(|()| fd.into())
}

fn begin(address: &Address, from: Option<SocketAddr>) -> io::Result<(OwnedFd, io::Result<()>)> {
    let kind = ffi::SOCK_STREAM | ffi::SOCK_CLOEXEC | ffi::SOCK_NONBLOCK;
    let fd = check(ffi::socket(address.family(), kind, 0))?;
    // SAFETY: socket has just returned this descriptor, and nobody else knows it.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    from.map_or(Ok(()), |from| bind(fd.as_fd(), from))?;
    let (address_at, len) = address.as_raw();
    // SAFETY: `address_at` points to an address of that length, which is only read.
    let connected = check(unsafe { ffi::connect(fd.as_raw_fd(), address_at, len) });
    Ok((fd, connected.map(drop)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{Interest, Pollable, poll};
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::os::fd::AsFd;
    use std::time::{Duration, Instant};

    fn writable(stream: &TcpStream) {
        let interest = Interest {
            read: false,
            write: true,
        };
        let mut fds = [Pollable::new(stream.as_fd(), interest)];
        let now = Instant::now();
        poll(&mut fds, now, Some(now + Duration::from_secs(20))).expect("it can be waited for");
    }

    #[test]
    fn a_connection_is_writable_when_it_stands_and_when_it_was_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let addr = listener.local_addr().expect("it is bound");
        let mut stream = connect(addr).expect("it begins");
        writable(&stream);
        stream.write_all(b"x").expect("it stands");
        let mut accepted = listener.accept().expect("it was connected").0;
        accepted.read_exact(&mut [0]).expect("an octet comes");
        let nothing = stream.read(&mut [0]).expect_err("nothing was sent");
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);

        drop(listener);
        let refused = connect(addr).and_then(|mut stream| {
            writable(&stream);
            stream.write(b"x")
        });
        let refused = refused.expect_err("nobody listens");
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[test]
    fn a_connection_comes_from_the_address_that_was_chosen() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let addr = listener.local_addr().expect("it is bound");
        let local = IpAddr::from([127, 0, 0, 77]);
        let stream = connect_from(local, addr).expect("it begins");
        writable(&stream);
        let (_, peer) = listener.accept().expect("it was connected");
        assert_eq!(peer.ip(), local);
        // Kept for documentation (RFC 5737), so no machine has it.
        let foreign = connect_from(IpAddr::from([192, 0, 2, 1]), addr);
        let foreign = foreign.expect_err("it is not ours");
        assert_eq!(foreign.kind(), io::ErrorKind::AddrNotAvailable);
    }

    #[test]
    fn paths_that_fit_no_socket_address_are_refused() {
        for path in [String::new(), "x".repeat(108), "a\0b".to_owned()] {
            let error = connect_unix(Path::new(&path)).expect_err(&path);
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        }
        let missing = connect_unix(Path::new("/nowhere/at/all")).expect_err("nobody is there");
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }
}
