//! A connection on which several requests are under way, each under a number of its own.
//!
//! ```text
//!     Share 1 ─┐          ┌─ unsent ── one write for all ══►
//!     Share 2 ─┼── Line ──┤                                   application
//!     Share 3 ─┘          └─ sorted ◄═══ one read for all
//! ```
//!
//! A request on a connection of its own costs four calls, and wakes two processes. Here, what is asked in
//! one turn of the loop leaves in one call, and the answers to it come in one. Of those who
//! wait, one is the reader: it waits on the connection, and rings for each whose answer it finds.
//! The others wait on their bells.
//!
//! Only requests of one loop come together, and only short ones (see [`Pace`](super::pace::Pace)). A client
//! that takes nothing does hold up the others: what has come for it is limited, and while it is over
//! that, nothing is read. It does not hold them up for long, because whoever waits behind
//! somebody else is asked elsewhere after a moment.

use super::address::{Address, Stream};
use super::bell::Bells;
use super::share::Share;
use super::traffic::{Life, Over, Traffic};
use super::wire::Age;
use static_files::Kept;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Octets that wait to be sent, beyond which nobody joins.
const UNSENT: usize = 64 * 1024;

/// The connections to one server that requests share.
#[derive(Debug, Default)]
pub(super) struct Lines(Mutex<Vec<Arc<Line>>>);

/// A connection, and everybody on it.
#[derive(Debug)]
pub(super) struct Line {
    stream: Arc<Stream>,
    /// The same, for the loop that watches it.
    pub(super) kept: Kept,
    pub(super) bells: Arc<Bells>,
    traffic: Mutex<Traffic>,
}

impl Lines {
    /// A place on a connection that this thread's loop watches, or that nobody has, or on a new one.
    ///
    /// # Errors
    /// What connecting reports; when no descriptor is left.
    pub(super) fn join(&self, address: &Address, bells: &Arc<Bells>) -> io::Result<(Share, Age)> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.iter().find(|line| line.admits()) {
            return Ok((Share::new(line)?, Age::Reused));
        }
        lines.retain(|line| line.is_of_use());
        let line = Arc::new(Line::connect(address, bells)?);
        let share = Share::new(&line)?;
        lines.push(line);
        Ok((share, Age::Fresh))
    }
}

impl Line {
    fn connect(address: &Address, bells: &Arc<Bells>) -> io::Result<Line> {
        let (stream, kept) = address.connect()?;
        Ok(Line {
            stream,
            kept,
            bells: Arc::clone(bells),
            traffic: Mutex::new(Traffic::new()),
        })
    }

    pub(super) fn traffic(&self) -> MutexGuard<'_, Traffic> {
        // Whoever panicked while holding it was moving octets: at worst an answer is garbled, and
        // that is found out.
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether another request of this thread can join: where its loop watches, or nobody's does.
    fn admits(&self) -> bool {
        let traffic = self.traffic();
        let is_open = matches!(traffic.life, Life::Open) && traffic.unsent.len() < UNSENT;
        is_open && (self.kept.is_watched_here() || traffic.is_empty() && self.is_at_rest())
    }

    /// Whether it can carry another request, of any thread.
    fn is_of_use(&self) -> bool {
        let traffic = self.traffic();
        let is_in_use = !traffic.is_empty() || self.kept.is_watched();
        matches!(traffic.life, Life::Open) && (is_in_use || self.is_at_rest())
    }

    /// Whether nobody watches it, and nothing has come that nobody asked for, not even the end.
    fn is_at_rest(&self) -> bool {
        !self.kept.is_watched() && self.stream.is_silent()
    }

    /// Sends what waits; tells whether anything has left.
    pub(super) fn send(&self, traffic: &mut Traffic) -> bool {
        let before = traffic.unsent.len();
        (traffic.is_due, traffic.is_blocked) = (false, false);
        while !traffic.unsent.is_empty() {
            match (&*self.stream).write(&traffic.unsent) {
                Ok(count) => drop(traffic.unsent.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    traffic.is_blocked = true;
                    // The reader has to wait for room from now on. Elsewhere than here, the reader is
                    // who sends.
                    let _ = self.kept.stir();
                    break;
                }
                // The application takes no more, and what it has answered is still to be read.
                // Whoever was not answered finds that out at the end.
                Err(_) => {
                    traffic.unsent.clear();
                    traffic.life.retire();
                }
            }
        }
        traffic.unsent.len() < before
    }

    /// Hangs up, if nobody is left and nobody joins: the application may be in the midst of an answer
    /// without end, and hears of it in no other way.
    pub(super) fn part(&self, traffic: &Traffic) {
        if traffic.is_empty() && !matches!(traffic.life, Life::Open) {
            // The application may have done so before.
            let _ = self.stream.shutdown(Shutdown::Both);
        }
    }

    /// Receives once, and rings for each but `reader` whose answer came, or will not come.
    pub(super) fn receive(&self, traffic: &mut Traffic, reader: u16) {
        let over = match (&*self.stream).read(traffic.room()) {
            Ok(0) => Over::End,
            Ok(count) => match traffic.came(count, reader) {
                Ok(()) => return,
                Err(bad) => Over::Garbled(bad),
            },
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => return,
                other => Over::Failed(other),
            },
        };
        traffic.end(over, reader);
    }
}
