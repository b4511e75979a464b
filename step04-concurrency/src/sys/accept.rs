//! Accepting, with everything that a nonblocking server would ask for next in the same call.

use super::socket::{set_option, size_of_option};
use super::{check, ffi};
use std::ffi::{c_int, c_uint, c_void};
use std::io;
use std::net::{
    Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, TcpListener, TcpStream,
};
use std::os::fd::{AsFd, AsRawFd, FromRawFd};

/// Takes a connection out of the queue: nonblocking and close-on-exec from birth, with the address
/// of its client. `std` needs two calls for that, and a third to learn the address anew.
///
/// # Errors
/// `WouldBlock` when none waits and the listener is nonblocking; what accept4(2) reports.
pub fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let mut address = ffi::SockAddrStorage { octets: [0; 28] };
    let mut len: c_uint = size_of_option::<ffi::SockAddrStorage>();
    let (address_at, len_at) = ((&raw mut address).cast::<c_void>(), &raw mut len);
    let flags = ffi::SOCK_NONBLOCK | ffi::SOCK_CLOEXEC;
    // SAFETY: `address_at` points to `len` octets of ours, and `len` is ours to be written to.
    let fd = check(unsafe { ffi::accept4(listener.as_raw_fd(), address_at, len_at, flags) })?;
    // SAFETY: accept4 has just returned this descriptor, and nobody else knows it.
    let stream = unsafe { TcpStream::from_raw_fd(fd) };
    Ok((stream, decode(&address.octets)?))
}

/// Has all connections that are accepted from now on send what is written at once, as if
/// `TCP_NODELAY` were set on each: on Linux they inherit it.
///
/// # Errors
/// What setsockopt(2) reports.
pub fn accept_without_delay(listener: &TcpListener) -> io::Result<()> {
    let on: c_int = 1;
    set_option(listener.as_fd(), ffi::IPPROTO_TCP, ffi::TCP_NODELAY, &on)
}

/// Has all connections that are accepted from now on take no more than so many octets that the network
/// has not taken yet: without a bound, the kernel keeps megabytes for a client that reads slowly, and
/// a server cannot tell such a client from one that reads nothing.
///
/// # Errors
/// What setsockopt(2) reports.
pub fn accept_with_unsent(listener: &TcpListener, octets: c_int) -> io::Result<()> {
    let (level, name) = (ffi::IPPROTO_TCP, ffi::TCP_NOTSENT_LOWAT);
    set_option(listener.as_fd(), level, name, &octets)
}

/// An address as sockaddr_in(3type) and sockaddr_in6(3type) lay it out: the family in the machine's
/// order, port and address in the network's.
fn decode(octets: &[u8; 28]) -> io::Result<SocketAddr> {
    let part = |at: usize| [octets[at], octets[at + 1], octets[at + 2], octets[at + 3]];
    let family = c_int::from(u16::from_ne_bytes([octets[0], octets[1]]));
    let port = u16::from_be_bytes([octets[2], octets[3]]);
    match family {
        ffi::AF_INET => Ok(SocketAddrV4::new(Ipv4Addr::from(part(4)), port).into()),
        ffi::AF_INET6 => {
            let ip = std::array::from_fn::<u8, 16, _>(|at| octets[8 + at]);
            let (flow, scope) = (u32::from_ne_bytes(part(4)), u32::from_ne_bytes(part(24)));
            Ok(SocketAddrV6::new(Ipv6Addr::from(ip), port, flow, scope).into())
        }
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{Port, listen};
    use std::io::{Read, Write};

    #[track_caller]
    fn check(loopback: &str) {
        let Ok(listener) = listen(loopback.parse().expect("an address"), Port::Exclusive) else {
            println!("skipped: this machine has no {loopback}");
            return;
        };
        accept_without_delay(&listener).expect("the option exists");
        let addr = listener.local_addr().expect("it is bound");
        let client = TcpStream::connect(addr).expect("it listens");
        let (mut stream, peer) = accept(&listener).expect("the client waits");
        assert_eq!(peer, client.local_addr().expect("it is connected"));
        assert!(stream.nodelay().expect("the option can be read"));
        let nothing = stream.read(&mut [0]).expect_err("nothing was sent");
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn a_connection_comes_nonblocking_without_delay_and_with_its_address() {
        check("127.0.0.1:0");
        check("[::1]:0");
    }

    /// Octets that a socket takes for a client who reads nothing.
    fn taken_for_nobody(listener: &TcpListener) -> usize {
        let addr = listener.local_addr().expect("it is bound");
        let _client = TcpStream::connect(addr).expect("it listens");
        let (mut stream, _) = accept(listener).expect("the client waits");
        let taken = std::iter::from_fn(|| stream.write(&[0; 4096]).ok());
        taken.sum()
    }

    #[test]
    fn little_is_taken_for_a_client_who_reads_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let usual = taken_for_nobody(&listener);
        accept_with_unsent(&listener, 16 * 1024).expect("the option exists");
        let bounded = taken_for_nobody(&listener);
        assert!(bounded < usual / 2, "{bounded} of {usual}");
    }

    #[test]
    fn nobody_waiting_is_would_block() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.set_nonblocking(true).expect("a socket can be so");
        let nobody = accept(&listener).expect_err("nobody has connected");
        assert_eq!(nobody.kind(), io::ErrorKind::WouldBlock);
    }
}
