//! The accept loop.

use crate::Stop;
use std::io;
use std::net::{TcpListener, TcpStream};

/// What an error from `accept` means for the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcceptFate {
    /// The one connection is gone; try the next.
    Retry,
    /// No descriptor or memory is left; wait until some are free.
    Pause,
    /// The listener itself is broken.
    Fatal,
}

/// Sorts an error from `accept`.
pub fn accept_fate(error: &io::Error) -> AcceptFate {
    todo!("{error}")
}

/// Accepts until `stop` is raised and hands every connection to `each`.
///
/// # Errors
/// Only when the listener itself is broken.
pub fn accept_until(
    listener: &TcpListener,
    stop: &Stop,
    each: impl FnMut(TcpStream),
) -> io::Result<()> {
    let _ = (listener, stop, each);
    todo!()
}
