//! The accept loop of the servers made of threads: it sleeps beside the signal to stop.
//!
//! Step 1's loop sleeps in `accept` and has to be rung out of it by a connection of its own. This one
//! sleeps in poll(2), where it hears two things at once: a guest, or the stop. So it needs no ring, keeps
//! the door open as long as it was told to, and takes nobody from a queue that it has left to a
//! successor.

use crate::StopSignal;
use crate::shortage::Shortage;
use crate::shutdown::{Door, stop_accepting};
use crate::sys::{Interest, Pollable, poll};
use socket::{AcceptFate, Stop, accept_fate};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// How long nobody is accepted when the system has no descriptors left: twenty useless calls a second
/// at most, and no guest notices the wait.
const NAP: Duration = Duration::from_millis(50);

/// Connections that are taken from the queue as the door closes: as many as it can hold, and a bound
/// for those who knock meanwhile.
const QUEUED: usize = 4096;

/// Who is let in, and until when.
#[derive(Debug)]
pub struct Entrance<'e> {
    listener: &'e TcpListener,
    pub(crate) signal: StopSignal<'e>,
    /// How long newcomers are let in after the stop.
    drain: Duration,
}

/// What a look at the queue brings.
enum Found {
    Guest(TcpStream),
    Nobody,
    /// Somebody may be there, and cannot be let in.
    Shortage(io::Error),
}

impl<'e> Entrance<'e> {
    /// An entrance that is closed as soon as `stop` is raised. The listener is made nonblocking, and
    /// stays so.
    ///
    /// # Errors
    /// The system has no descriptors left.
    pub fn new(listener: &'e TcpListener, stop: &'e Stop) -> io::Result<Entrance<'e>> {
        listener.set_nonblocking(true)?;
        Ok(Entrance {
            listener,
            signal: StopSignal::new(stop)?,
            drain: Duration::ZERO,
        })
    }

    /// The same, closed that much later.
    #[must_use]
    pub fn open_after_the_stop(mut self, drain: Duration) -> Entrance<'e> {
        self.drain = drain;
        self
    }

    /// Hands every connection to `each`, until the door closes. Who is in the queue then is let
    /// in, and the kernel refuses the next ones.
    ///
    /// # Errors
    /// The listener itself is broken.
    pub(crate) fn accept(&self, mut each: impl FnMut(TcpStream)) -> io::Result<()> {
        let mut shortage = Shortage::new()?;
        loop {
            let door = self.signal.door(self.drain);
            let now = Instant::now();
            match door {
                Some(Door::Left(_)) => return Ok(()),
                Some(Door::Closes(at)) if at <= now => break,
                Some(Door::Closes(_)) | None => {}
            }
            let found = match shortage.is_over(self.listener) {
                Ok(()) => self.look()?,
                Err(error) => Found::Shortage(error),
            };
            match found {
                Found::Guest(stream) => {
                    // Looked at again, and said, before the next one is let in.
                    let _ = shortage.look_at(&stream);
                    each(stream);
                }
                Found::Nobody => self.wait(door, Some(self.listener), None)?,
                Found::Shortage(error) => {
                    shortage.report(&error, 0, now);
                    self.wait(door, None, Some(now + NAP))?;
                }
            }
        }
        let rest = self.accept_queued(each);
        stop_accepting(self.listener);
        rest
    }

    /// Whoever is in the queue has been told by the kernel that they are connected.
    fn accept_queued(&self, mut each: impl FnMut(TcpStream)) -> io::Result<()> {
        for _ in 0..QUEUED {
            match self.look()? {
                Found::Guest(stream) => each(stream),
                Found::Nobody | Found::Shortage(_) => break,
            }
        }
        Ok(())
    }

    fn look(&self) -> io::Result<Found> {
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => return Ok(Found::Guest(stream)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Found::Nobody);
                }
                Err(error) => match accept_fate(&error) {
                    AcceptFate::Retry => {}
                    AcceptFate::Pause => return Ok(Found::Shortage(error)),
                    AcceptFate::Fatal => return Err(error),
                },
            }
        }
    }

    /// Sleeps until something is asked of the server, somebody knocks, or `until`.
    fn wait(
        &self,
        door: Option<Door>,
        listener: Option<&TcpListener>,
        until: Option<Instant>,
    ) -> io::Result<()> {
        // A signal that has been heard stays readable, so it is not listened to again.
        let (signal, closes) = match door {
            None => (self.signal.fd(), None),
            Some(Door::Closes(at) | Door::Left(at)) => (self.signal.cut_fd(), Some(at)),
        };
        let mut fds = vec![Pollable::new(signal, Interest::READ)];
        fds.extend(listener.map(|listener| Pollable::new(listener.as_fd(), Interest::READ)));
        let until = [closes, until].into_iter().flatten().min();
        poll(&mut fds, Instant::now(), until)
    }
}
