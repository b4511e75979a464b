//! Ports for programs that have to be told theirs, and cannot ask the system for any free one.
//!
//! Between our look whether a port is free and the program's use of it, somebody else may take it. Of
//! those who look in this way, in this process or another, nobody does: a port is theirs as long as
//! they hold a name in the system for it. Who is told a port by somebody else, or takes any, may be
//! quicker; then the program that was to have it fails, and is started again with another.

use std::io;
use std::net::TcpListener;
use std::ops::Range;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, PoisonError};

/// Where free ports are looked for: below those the system gives to outgoing connections, of which
/// other tests make thousands. A port of that kind could be taken between our look and its use.
const RANGE: Range<u16> = 10_000..32_000;

/// How often a program is started that found its port taken.
const TRIES: usize = 5;

/// A port of the loopback interface that nobody else who looks for one is given; until drop.
#[derive(Debug)]
pub(crate) struct Port {
    number: u16,
    _name: UnixListener,
}

impl Port {
    /// Finds a free one.
    ///
    /// # Errors
    /// `AddrNotAvailable` when none of some twenty thousand is free.
    pub(crate) fn find() -> io::Result<Port> {
        static TRIED: AtomicU16 = AtomicU16::new(0);
        // Processes that run at once start looking at different places.
        let start = std::process::id().wrapping_mul(97);
        let size = u32::from(RANGE.end - RANGE.start);
        RANGE
            .map(|_| u32::from(TRIED.fetch_add(1, Ordering::Relaxed)))
            .filter_map(|tried| u16::try_from(start.wrapping_add(tried) % size).ok())
            .find_map(|offset| Port::hold(RANGE.start + offset).ok())
            .ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
    }

    /// Takes hold of this one, if nobody else has, and nobody listens there.
    fn hold(number: u16) -> io::Result<Port> {
        let name = SocketAddr::from_abstract_name(format!("check-port-{number}"))?;
        let held = UnixListener::bind_addr(&name)?;
        TcpListener::bind(("127.0.0.1", number))?;
        Ok(Port {
            number,
            _name: held,
        })
    }

    /// Its number.
    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    /// Whether somebody has it after all.
    fn is_taken(&self) -> bool {
        let bound = TcpListener::bind(("127.0.0.1", self.number));
        bound.is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
    }

    /// Does something with a free port; again with another where that fails because somebody was
    /// quicker.
    ///
    /// # Errors
    /// As [`Port::find`]; what `attempt` reports, once it fails for another reason.
    pub(crate) fn with<T>(mut attempt: impl FnMut(u16) -> io::Result<T>) -> io::Result<(Port, T)> {
        let mut tries = 1..=TRIES;
        loop {
            let port = Port::find()?;
            match attempt(port.number) {
                Ok(done) => return Ok((port, done)),
                Err(_) if port.is_taken() && tries.next().is_some() => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// A port of the loopback interface that was free a moment ago, and that nobody else who looks for
/// one is given as long as this process runs.
///
/// # Panics
/// When none of some twenty thousand is free.
pub fn free_port() -> u16 {
    static HELD: Mutex<Vec<Port>> = Mutex::new(Vec::new());
    let port = Port::find().expect("the loopback interface has a free port");
    let number = port.number();
    // A list that is whole at any time.
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    held.push(port);
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_given_once_until_it_is_given_back() {
        let port = Port::find().unwrap();
        assert!(Port::hold(port.number()).is_err());
        let number = port.number();
        drop(port);
        assert!(Port::hold(number).is_ok());
    }

    #[test]
    fn who_finds_a_port_taken_is_given_another() {
        let mut taken = Vec::new();
        let (port, number) = Port::with(|number| {
            if taken.len() < 2 {
                taken.push(TcpListener::bind(("127.0.0.1", number)).unwrap());
                return Err(io::Error::other("somebody was quicker"));
            }
            Ok(number)
        })
        .unwrap();
        assert_eq!((port.number(), taken.len()), (number, 2));
    }

    #[test]
    fn a_failure_that_has_nothing_to_do_with_the_port_is_final() {
        let mut tries = 0;
        let failed = Port::with(|_| {
            tries += 1;
            Err::<(), _>(io::Error::other("no"))
        });
        assert!(failed.is_err());
        assert_eq!(tries, 1);
    }
}
