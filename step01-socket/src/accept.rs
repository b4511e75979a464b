//! The accept loop: it outlives every guest.
//!
//! `accept` has one error type for three kinds of trouble, and each wants another answer:
//!
//! ```text
//!            Ok ───────▶ each(stream)
//!  accept ─┬ Retry ────▶ accept again    this guest is gone; the queue goes on
//!          ├ Pause ────▶ nap, then again nobody can be let in just now
//!          └ Fatal ────▶ return          the listener is broken
//! ```
//!
//! The loop sleeps inside `accept`, where no flag is looked at. So [`Stop`] rings at the door like
//! any guest: it connects. The loop finds the flag raised and hangs up.
//!
//! It does not take leave of those still in the queue: they are refused when the listener is
//! dropped. A listener that is used again may first find the ring, a guest who has already left.

use crate::Stop;
use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// No descriptor left in this process. The number is the same on Linux, macOS and the BSDs.
const EMFILE: i32 = 24;
/// No descriptor left in the whole system. The same number everywhere, too.
const ENFILE: i32 = 23;
/// No buffer space: 105 on Linux, 55 on macOS and the BSDs. On each system the other's number is
/// something `accept` never reports, so both can be tested without asking where we are.
const ENOBUFS: [i32; 2] = [105, 55];

/// One nap: twenty useless calls a second at most, and no guest notices the wait.
const NAP: Duration = Duration::from_millis(50);
/// A full house is said once a minute: each line would be one more for a disk that may be full.
const COMPLAINT_INTERVAL: Duration = Duration::from_secs(60);
/// For our own door to answer. It fails to only when the queue is full, and then nobody sleeps.
const RING: Duration = Duration::from_secs(1);

/// What an error from `accept` means for the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcceptFate {
    /// The one connection is gone; try the next.
    Retry,
    /// Nobody can be let in now (no descriptor, no memory); wait until somebody can.
    Pause,
    /// The listener itself is broken.
    Fatal,
}

/// Sorts an error from `accept`.
///
/// Linux also reports through `accept` what happened to the connection while it was queued: a
/// network that went down is that guest's trouble, not the listener's. A permission error may be
/// either (a firewall's rule for one guest, or a policy for all), so it must not be retried
/// without a pause.
///
/// Source: POSIX accept(), accept(2)
// ANCHOR: accept_fate
pub fn accept_fate(error: &io::Error) -> AcceptFate {
    match error.kind() {
        ErrorKind::ConnectionAborted
        | ErrorKind::ConnectionReset
        | ErrorKind::TimedOut
        | ErrorKind::NetworkDown
        | ErrorKind::NetworkUnreachable
        | ErrorKind::HostUnreachable
        | ErrorKind::Interrupted => AcceptFate::Retry,
        ErrorKind::OutOfMemory | ErrorKind::WouldBlock | ErrorKind::PermissionDenied => {
            AcceptFate::Pause
        }
        _ => match error.raw_os_error() {
            Some(EMFILE | ENFILE) => AcceptFate::Pause,
            Some(code) if ENOBUFS.contains(&code) => AcceptFate::Pause,
            _ => AcceptFate::Fatal,
        },
    }
}
// ANCHOR_END: accept_fate

/// Accepts until `stop` is raised and hands every connection to `each`.
///
/// The listener is put into blocking mode. `each` owns the connection; while it runs nobody else
/// is accepted, and what it does with its own errors is its own affair. When the house is full
/// that is said on standard error, once a minute.
///
/// # Errors
/// Only when the listener itself is broken.
///
/// Source: POSIX accept()
// ANCHOR: accept_until
pub fn accept_until(
    listener: &TcpListener,
    stop: &Stop,
    mut each: impl FnMut(TcpStream),
) -> io::Result<()> {
    listener.set_nonblocking(false)?;
    let _bell = stop.on_stop(doorbell(listener)?);
    let mut complained = None;
    while !stop.is_stopped() {
        match listener.accept() {
            // Our own ring, or a guest who came as the door closed.
            Ok(_) if stop.is_stopped() => break,
            Ok((stream, _)) => each(stream),
            Err(error) => match accept_fate(&error) {
                AcceptFate::Retry => {}
                AcceptFate::Pause => nap(&error, &mut complained),
                AcceptFate::Fatal => return Err(error),
            },
        }
    }
    Ok(())
}
// ANCHOR_END: accept_until

/// Waits a moment for a place to become free.
///
/// No system tells when the next descriptor will be closed, so this asks again instead of waiting
/// for an event. The nap is short enough that a stop can wait for its end.
fn nap(error: &io::Error, complained: &mut Option<Instant>) {
    let now = Instant::now();
    if complained.is_none_or(|last| now.duration_since(last) >= COMPLAINT_INTERVAL) {
        *complained = Some(now);
        // A standard error that is closed must not end the server it complains about.
        let _ = writeln!(io::stderr(), "accept: {error}; waiting for a free place");
    }
    thread::sleep(NAP);
}

/// Makes the call that ends a sleep in `accept`.
///
/// A stop must work on the worst day, when no descriptor is left to ring with. So one is kept
/// back and given up just before. Where not even that one was free, the loop is napping, not
/// asleep in `accept`, and needs no ring.
fn doorbell(listener: &TcpListener) -> io::Result<impl Fn() + Send + 'static> {
    let door = reachable(listener.local_addr()?);
    let spare = Mutex::new(listener.try_clone().ok());
    Ok(move || {
        drop(spare.lock().unwrap_or_else(PoisonError::into_inner).take());
        // A failed ring leaves the loop asleep until the next guest; there is nobody to tell.
        let _ = TcpStream::connect_timeout(&door, RING);
    })
}

/// Returns the address by which a client on this machine reaches a listener bound to `local`.
///
/// A listener on 0.0.0.0 or \[::\] hears every address of the machine and has none of its own.
pub fn reachable(mut local: SocketAddr) -> SocketAddr {
    match local.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => local.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => local.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    local
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(error: impl Into<io::Error>, expected: AcceptFate) {
        let error = error.into();
        assert_eq!(accept_fate(&error), expected, "{error:?}");
    }

    #[test]
    fn lost_guest_is_passed_over() {
        check(ErrorKind::ConnectionAborted, AcceptFate::Retry);
        check(ErrorKind::ConnectionReset, AcceptFate::Retry);
        check(ErrorKind::HostUnreachable, AcceptFate::Retry);
        check(ErrorKind::Interrupted, AcceptFate::Retry);
    }

    #[test]
    fn shortage_is_waited_out() {
        check(io::Error::from_raw_os_error(EMFILE), AcceptFate::Pause);
        check(io::Error::from_raw_os_error(ENFILE), AcceptFate::Pause);
        check(io::Error::from_raw_os_error(ENOBUFS[0]), AcceptFate::Pause);
        check(io::Error::from_raw_os_error(ENOBUFS[1]), AcceptFate::Pause);
        check(ErrorKind::OutOfMemory, AcceptFate::Pause);
        check(ErrorKind::WouldBlock, AcceptFate::Pause);
    }

    #[test]
    fn permission_error_never_spins() {
        check(ErrorKind::PermissionDenied, AcceptFate::Pause);
    }

    #[test]
    fn broken_listener_is_fatal() {
        // EBADF and ENOTSOCK on Linux and macOS alike: no kind of their own in std.
        check(io::Error::from_raw_os_error(9), AcceptFate::Fatal);
        check(ErrorKind::InvalidInput, AcceptFate::Fatal);
        check(ErrorKind::Other, AcceptFate::Fatal);
    }

    #[test]
    fn listener_on_every_address_is_reached_by_loopback() {
        let check = |local: &str, expected: &str| {
            let local: SocketAddr = local.parse().expect("is an address");
            assert_eq!(reachable(local).to_string(), expected);
        };
        check("0.0.0.0:80", "127.0.0.1:80");
        check("[::]:80", "[::1]:80");
        check("192.0.2.7:80", "192.0.2.7:80");
    }
}
