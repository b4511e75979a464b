//! Leaving politely: half-close, then read and drop until the peer has closed too.
//!
//! A socket closed while unread bytes lie in its receive buffer does not end: it is reset. The
//! reset overtakes whatever we sent last, and the peer loses an answer we believed delivered.
//!
//! ```text
//!   we                         peer
//!    │── the last bytes ────────▶│
//!    │── FIN: no more from us ──▶│   half-close
//!    │◀── what nobody asked for ─│   read and dropped: nothing unread, no reset
//!    │◀────────────────── FIN ───│   the peer has everything; now the socket may go
//! ```
//!
//! A peer who talks for ever or never closes must not hold us: [`Linger`] bounds both, and then
//! we leave as we are. The descriptor is closed by its owner, who drops the stream.

use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// Bytes read and dropped at a time; they are never looked at.
const BUFFER: usize = 8 * 1024;

/// How much of a peer's unread talk is dropped before the door closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Linger {
    /// Bytes read and dropped at most.
    pub bytes: u64,
    /// Time spent at most.
    pub time: Duration,
}

/// Ends a connection so that what was sent arrives.
///
/// Returns when the peer has closed, or when either bound of `linger` is reached. The stream must
/// be in blocking mode; its sending half is closed and its read timeout changed.
///
/// # Errors
/// `NotConnected` or `ConnectionReset` when the peer broke the connection first; otherwise what
/// the socket reports. There is nothing left to do about any of them but drop the stream.
///
/// # Panics
/// If `linger.time` from now is further than an `Instant` can tell.
///
/// Source: RFC 9112 §9.6; POSIX shutdown()
// ANCHOR: close_politely
pub fn close_politely(mut stream: &TcpStream, linger: Linger) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    let deadline = Instant::now() + linger.time;
    let mut buf = [0; BUFFER];
    let mut unheard = linger.bytes;
    while unheard > 0 {
        let patience = deadline.saturating_duration_since(Instant::now());
        if patience.is_zero() {
            break;
        }
        stream.set_read_timeout(Some(patience))?;
        let most = usize::try_from(unheard).map_or(BUFFER, |bytes| bytes.min(BUFFER));
        match stream.read(&mut buf[..most]) {
            Ok(0) => break,
            Ok(n) => unheard -= n as u64,
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => {}
                // Patience is at an end: one name for it on Linux, the other elsewhere.
                ErrorKind::WouldBlock | ErrorKind::TimedOut => break,
                _ => return Err(error),
            },
        }
    }
    Ok(())
}
// ANCHOR_END: close_politely
