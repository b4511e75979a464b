//! Answers that nobody wants any more, heard to their end.
//!
//! A client has left, or knows its answer before the application has said that it is over. Closing
//! the connection would be simple, and cost the application its process or its peace; and its
//! place must not be taken while it works. So a thread of each group reads what is left, drops
//! it, and gives connection and place back. All within bounds, beyond which they are closed after all.

use super::table::Verdict;
use super::talk::Talk;
use crate::protocol::{After, Heard, Protocol};
use concurrency::sys::{self, Interest, Pollable};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Answers that are heard out at once; further ones are closed.
const ANSWERS: usize = 64;

/// Octets of one answer.
const OCTETS: u64 = 1 << 20;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The way to the thread. Dropping it ends the thread, once it has nothing left to hear.
#[derive(Debug)]
pub(super) struct Drain {
    new: Arc<Mutex<Vec<Leftover>>>,
    bell: PipeWriter,
}

/// An answer under way that nobody waits for.
struct Leftover {
    talk: Talk,
    protocol: Box<dyn Protocol>,
    until: Instant,
    octets: u64,
}

impl std::fmt::Debug for Leftover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Leftover").field(&self.talk).finish()
    }
}

impl Drain {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no pipe or thread left.
    pub(super) fn new() -> io::Result<Drain> {
        let (heard, bell) = io::pipe()?;
        sys::set_nonblocking(heard.as_fd())?;
        sys::set_nonblocking(bell.as_fd())?;
        let new = Arc::<Mutex<Vec<Leftover>>>::default();
        let here = Arc::clone(&new);
        let thread = thread::Builder::new().name("drain".to_owned());
        thread.spawn(move || run(&here, heard))?;
        Ok(Drain { new, bell })
    }

    /// Hears an answer out, or closes its connection where there is no room.
    pub(super) fn take(&self, talk: Talk, protocol: Box<dyn Protocol>) {
        let leftover = Leftover {
            talk,
            protocol,
            until: Instant::now() + PATIENCE,
            octets: 0,
        };
        let mut new = self.new.lock().unwrap_or_else(PoisonError::into_inner);
        if new.len() < ANSWERS {
            new.push(leftover);
            drop(new);
            // A full pipe means that the thread has been rung for already.
            let _ = (&self.bell).write(&[0]);
        }
    }
}

fn run(new: &Mutex<Vec<Leftover>>, mut bell: PipeReader) {
    let mut here: Vec<Leftover> = Vec::new();
    loop {
        let now = Instant::now();
        here.append(&mut new.lock().unwrap_or_else(PoisonError::into_inner));
        here.truncate(ANSWERS);
        here = here.into_iter().filter_map(|each| each.hear(now)).collect();
        let mut fds = vec![Pollable::new(bell.as_fd(), Interest::READ)];
        let wires = here.iter().map(|each| each.talk.wire.as_fd());
        fds.extend(wires.map(|fd| Pollable::new(fd, Interest::READ)));
        let deadline = here.iter().map(|each| each.until).min();
        if sys::poll(&mut fds, now, deadline).is_err() {
            return;
        }
        let rung = fds[0].is_ready();
        drop(fds);
        // Nobody can ring any more, and so nothing is left here: each holds on to its group.
        if rung && matches!(bell.read(&mut [0; 64]), Ok(0)) {
            return;
        }
    }
}

impl Leftover {
    /// Hears what has come; `None` when it is over, one way or the other.
    fn hear(mut self, now: Instant) -> Option<Leftover> {
        match self.advance() {
            Ok(After::Keep) => {
                self.talk.lease.verdict = Verdict::Works;
                let Talk { wire, lease, .. } = self.talk;
                if wire.front().is_empty() {
                    lease.keep(wire);
                }
                None
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let has_time = now < self.until && self.octets < OCTETS;
                has_time.then_some(self)
            }
            Ok(After::Close) | Err(_) => None,
        }
    }

    fn advance(&mut self) -> io::Result<After> {
        while self.octets < OCTETS {
            let wire = &mut self.talk.wire;
            let used = match self.protocol.hear(wire.front(), wire.eof)? {
                Heard::Skip(n) | Heard::Interim(n, _) | Heard::Head(n, _) => n,
                Heard::Data { skip, len } | Heard::Complaint { skip, len } => skip + len,
                Heard::NeedBytes | Heard::Whole if wire.eof => {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Heard::NeedBytes | Heard::Whole => {
                    wire.fill()?;
                    continue;
                }
                Heard::End(after) => return Ok(after),
                Heard::Local(_) | Heard::Overloaded => return Ok(After::Close),
            };
            self.protocol.took(used);
            wire.take(used);
            self.octets += used as u64;
        }
        Err(io::ErrorKind::WouldBlock.into())
    }
}
