//! Leaving politely: half-close, then read and drop until the peer has closed too.

use std::io;
use std::net::TcpStream;
use std::time::Duration;

/// How much of a peer's unread talk is dropped before the door closes.
#[derive(Debug, Clone, Copy)]
pub struct Linger {
    /// Bytes read and dropped at most.
    pub bytes: u64,
    /// Time spent at most.
    pub time: Duration,
}

/// Closes so that what was sent arrives (RFC 9112 §9.6).
///
/// # Errors
/// What the socket reports.
pub fn close_politely(stream: &TcpStream, linger: Linger) -> io::Result<()> {
    let _ = (stream, linger);
    todo!()
}
