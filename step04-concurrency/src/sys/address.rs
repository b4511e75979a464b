//! Addresses of sockets as the kernel takes them.

use super::ffi;
use std::ffi::{c_int, c_uint, c_void};
use std::io;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A `sockaddr` of one of the three families.
pub(super) enum Address {
    V4(ffi::SockAddrV4),
    V6(ffi::SockAddrV6),
    Unix(ffi::SockAddrUnix),
}

impl From<SocketAddr> for Address {
    fn from(addr: SocketAddr) -> Address {
        match addr {
            SocketAddr::V4(v4) => Address::V4(ffi::SockAddrV4 {
                family: number(ffi::AF_INET),
                port: v4.port().to_be(),
                address: v4.ip().octets(),
                zero: [0; 8],
            }),
            SocketAddr::V6(v6) => Address::V6(ffi::SockAddrV6 {
                family: number(ffi::AF_INET6),
                port: v6.port().to_be(),
                flow: v6.flowinfo(),
                address: v6.ip().octets(),
                scope: v6.scope_id(),
            }),
        }
    }
}

impl TryFrom<&Path> for Address {
    type Error = io::Error;

    /// `InvalidInput` for a path that is empty, holds a NUL octet, or is longer than 107 octets.
    fn try_from(path: &Path) -> io::Result<Address> {
        let mut address = ffi::SockAddrUnix {
            family: number(ffi::AF_UNIX),
            path: [0; 108],
        };
        let octets = path.as_os_str().as_bytes();
        let longest = address.path.len() - 1;
        if octets.is_empty() || octets.len() > longest || octets.contains(&0) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        address.path[..octets.len()].copy_from_slice(octets);
        Ok(Address::Unix(address))
    }
}

impl Address {
    /// The protocol family a socket needs to be used with it.
    pub(super) fn family(&self) -> c_int {
        match self {
            Address::V4(_) => ffi::AF_INET,
            Address::V6(_) => ffi::AF_INET6,
            Address::Unix(_) => ffi::AF_UNIX,
        }
    }

    /// Where it lies, and how long it is; good as long as it is not moved.
    pub(super) fn as_raw(&self) -> (*const c_void, c_uint) {
        match self {
            Address::V4(v4) => raw(v4),
            Address::V6(v6) => raw(v6),
            Address::Unix(unix) => raw(unix),
        }
    }
}

fn raw<A>(address: &A) -> (*const c_void, c_uint) {
    let len = c_uint::try_from(size_of::<A>()).expect("addresses are small");
    ((&raw const *address).cast::<c_void>(), len)
}

fn number(family: c_int) -> u16 {
    u16::try_from(family).expect("address families are small")
}
