//! What the event loops of this process do, told to whoever listens: a line for each thing.
//!
//! ```text
//! µs   loop who   what
//! 1204 0    loop  wake 2                  epoll_wait(2) says that two are ready
//! 1206 0    3     open 127.0.0.1:40312    a connection has been accepted, and got place 3
//! 1209 0    3     ready client            something can be done at this end of it
//! 1231 0    3     in 78                   octets that came from the client
//! 1231 0    3     out 1190                octets that it took; `file N`: without passing through us
//! 1231 0    3     state send              what it waits for now
//! 1232 0    3     want client=w           what the kernel was asked to watch
//! 1232 0    3     timer 9998000           when it is looked at even so, in µs from now
//! 1233 0    3     due                     that time has come
//! 1233 0    3     close                   its place is free again (`3.1` is the next in it)
//! 1240 0    loop  wait 14998000           nothing left to do: epoll_wait(2), at most so many µs
//! ```
//!
//! Like strace(1) it is about the process, so there is one trace for all loops of it. While nobody
//! listens a loop pays one look at a number for each turn. Lines that a listener is too slow for
//! are lost to it, and the next line says how many octets: `lost 4096`.
//!
//! Servers of threads have no loop, and nothing to tell here.

mod recorder;

pub(crate) use recorder::Recorder;

use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

/// Octets of lines that are kept for a watcher which does not take them at once.
const PENDING: usize = 64 * 1024;
/// Watchers at once: a few browser windows.
const WATCHERS: usize = 16;

static TRACE: OnceLock<Trace> = OnceLock::new();

/// The trace of this process.
pub(crate) struct Trace {
    begun: Instant,
    loops: AtomicUsize,
    /// How many listen; read by every turn of every loop.
    listening: AtomicUsize,
    /// Changes when somebody begins to listen, who then has to be told who is there.
    audience: AtomicU32,
    listeners: Mutex<Listeners>,
}

#[derive(Default)]
struct Listeners {
    files: Vec<Box<dyn Write + Send>>,
    watchers: Vec<Watcher>,
}

/// Somebody who reads the trace from a socket, and must not keep a loop waiting.
struct Watcher {
    /// The client on whose behalf; its own connection is not told of, or telling of it would be
    /// something to tell.
    peer: SocketAddr,
    stream: UnixStream,
    pending: Vec<u8>,
    /// Octets of lines that found no room since the last one that did.
    lost: usize,
}

/// Tells everything that the event loops do from now on to `file`, in pieces of whole lines.
///
/// To be called before the servers start. A file that cannot be written to is given up, with a
/// line on standard error; no request waits or fails for it.
pub fn trace_to(file: impl Write + Send + 'static) {
    let trace = Trace::of_process();
    trace.lock().files.push(Box::new(file));
    trace.count_listeners(&trace.lock());
}

impl Trace {
    /// Makes it if there is none yet.
    pub(crate) fn of_process() -> &'static Trace {
        TRACE.get_or_init(|| Trace {
            begun: Instant::now(),
            loops: AtomicUsize::new(0),
            listening: AtomicUsize::new(0),
            audience: AtomicU32::new(0),
            listeners: Mutex::default(),
        })
    }

    /// The trace, if anybody has asked for one before.
    fn asked_for() -> Option<&'static Trace> {
        TRACE.get()
    }

    /// Tells a watcher everything from now on, through the other end of the returned socket.
    ///
    /// # Errors
    /// `ResourceBusy` when there are [`WATCHERS`]; what making a pair of sockets reports.
    pub(crate) fn watch(&self, peer: SocketAddr) -> io::Result<UnixStream> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        theirs.set_nonblocking(true)?;
        let mut listeners = self.lock();
        listeners.watchers.retain_mut(|watcher| !watcher.has_left());
        if listeners.watchers.len() == WATCHERS {
            return Err(ErrorKind::ResourceBusy.into());
        }
        listeners.watchers.push(Watcher {
            peer,
            stream: ours,
            pending: Vec::new(),
            lost: 0,
        });
        self.audience.fetch_add(1, Ordering::Relaxed);
        self.count_listeners(&listeners);
        Ok(theirs)
    }

    fn is_listened_to(&self) -> bool {
        self.listening.load(Ordering::Relaxed) > 0
    }

    /// Whether this client is one of those who watch.
    fn hides(&self, peer: SocketAddr) -> bool {
        self.lock()
            .watchers
            .iter()
            .any(|watcher| watcher.peer == peer)
    }

    /// Hands whole lines to everybody.
    fn tell(&self, lines: &[u8]) {
        let mut listeners = self.lock();
        listeners
            .files
            .retain_mut(|file| match file.write_all(lines) {
                Ok(()) => true,
                Err(error) => {
                    eprintln!("the trace ends here: {error}");
                    false
                }
            });
        listeners
            .watchers
            .retain_mut(|watcher| watcher.tell(lines).is_ok());
        self.count_listeners(&listeners);
    }

    fn count_listeners(&self, listeners: &Listeners) {
        let count = listeners.files.len() + listeners.watchers.len();
        self.listening.store(count, Ordering::Relaxed);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Listeners> {
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher {
    /// Takes lines, or counts them as lost; writes what the socket takes.
    fn tell(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.pending.len() + lines.len() > PENDING {
            self.lost += lines.len();
        } else {
            if self.lost > 0 {
                writeln!(self.pending, "0 0 loop lost {}", self.lost)?;
                self.lost = 0;
            }
            self.pending.extend_from_slice(lines);
        }
        match self.stream.write(&self.pending) {
            Ok(taken) => {
                self.pending.drain(..taken);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn has_left(&mut self) -> bool {
        self.tell(b"").is_err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_slow_watcher_loses_whole_lines_and_hears_how_much() {
        let (ours, mut theirs) = UnixStream::pair().expect("descriptors are left");
        ours.set_nonblocking(true).expect("a socket can be");
        let mut watcher = Watcher {
            peer: SocketAddr::from(([127, 0, 0, 1], 1)),
            stream: ours,
            pending: Vec::new(),
            lost: 0,
        };
        let line = [&[b'x'; 99][..], b"\n"].concat();
        let mut told = 0;
        while watcher.lost < 300 {
            watcher.tell(&line).expect("the other end is there");
            told += line.len();
        }
        let mut heard = vec![0; told - watcher.lost];
        let mut at = 0;
        while at < heard.len() {
            at += theirs.read(&mut heard[at..]).expect("there is more");
            watcher.tell(b"").expect("the other end is there");
        }
        assert!(heard.chunks(100).all(|chunk| chunk == line));
        let mut rest = [0; 64];
        watcher.tell(b"next\n").expect("there is room again");
        let n = theirs.read(&mut rest).expect("it was told");
        assert_eq!(&rest[..n], b"0 0 loop lost 300\nnext\n");
    }

    #[test]
    fn a_watcher_that_has_left_is_forgotten() {
        let trace = Trace {
            begun: Instant::now(),
            loops: AtomicUsize::new(0),
            listening: AtomicUsize::new(0),
            audience: AtomicU32::new(0),
            listeners: Mutex::default(),
        };
        let peer = SocketAddr::from(([127, 0, 0, 1], 1));
        let reader = trace.watch(peer).expect("there is a place");
        assert!(trace.is_listened_to() && trace.hides(peer));
        drop(reader);
        trace.tell(b"anything\n");
        assert!(!trace.is_listened_to() && !trace.hides(peer));
    }

    #[test]
    fn places_for_watchers_are_bounded_and_given_out_again() {
        let trace = Trace {
            begun: Instant::now(),
            loops: AtomicUsize::new(0),
            listening: AtomicUsize::new(0),
            audience: AtomicU32::new(0),
            listeners: Mutex::default(),
        };
        let peer = SocketAddr::from(([127, 0, 0, 1], 1));
        let mut readers: Vec<_> = (0..WATCHERS)
            .map(|_| trace.watch(peer).expect("there is a place"))
            .collect();
        let refused = trace.watch(peer).expect_err("all places are taken");
        assert_eq!(refused.kind(), ErrorKind::ResourceBusy);
        readers.pop();
        trace.tell(b"x\n");
        trace.watch(peer).expect("one has left");
    }
}
