//! Python applications: processes that load one, and are asked over FastCGI (PEP 3333).
//!
//! ```text
//!                                ┌─► socket 0 ◄─ worker.py shop:app
//!     request ─► Wsgi ─► queue ──┤                                     one answers, few wait
//!                                └─► socket 1 ◄─ worker.py shop:app
//!                                       └── stays open while a worker is started again
//! ```
//!
//! A worker is an [`Upstream`] like any other; what is added here is its life. It loads the
//! application once, so a request does not pay for the start of Python. One that ends is replaced,
//! one that hangs is ended and replaced, and none outlives the server: the kernel tells a worker
//! when nobody reads its descriptor 1 any more.
//!
//! A new version of the application is loaded by a new server (SIGHUP), with workers of its own; if it
//! does not load, the old server and its workers stay.
//!
//! Not here: threads in a worker, and more workers when there is more to do. An application that
//! mostly waits wants more of them from the beginning.

mod crew;
mod folder;
mod post;
mod process;

use crate::complaints::Complaints;
use crate::program::Programs;
use crate::remote::{Remote, Words};
use crate::route::Prefix;
use crate::upstream::{Address, Capacity, Keeping, Upstream};
use concurrency::sys;
use crew::Crew;
use static_files::{Handler, Reply, Request};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Requests that a worker answers at once.
const IN_FLIGHT: usize = 1;

/// Requests that wait at a busy worker, where that is quick: it finds them when it is through, with one
/// call, and answers them with another; and two changes of processes are saved.
const BEHIND: usize = 31;

/// An application, and how it is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// What is called: `module:callable`.
    pub callable: String,
    /// Where its modules are; the workers' current folder.
    pub folder: PathBuf,
    /// The Python that runs it.
    pub python: OsString,
    /// Processes, at least one.
    pub workers: usize,
}

impl Application {
    /// Workers, if nothing else is said: one answers while the other waits for a disk.
    pub const WORKERS: usize = 2;
}

/// A [`Handler`] that asks an application in workers of its own; they end with it.
#[derive(Debug)]
pub struct Wsgi {
    remote: Remote,
    /// Held for its end.
    _crew: Crew,
}

impl Wsgi {
    /// Starts the workers for paths below `prefix`, and waits until they have loaded the application.
    /// `document_root` is the folder of the site's files, of which the application is told.
    ///
    /// The calling thread, and what it starts from now on, is to serve together with them, so it
    /// interrupts nobody any more ([`sys::interrupt_nobody`]).
    ///
    /// # Errors
    /// `InvalidInput`, with what Python says about it, when the application cannot be loaded;
    /// `TimedOut` when that takes longer than a minute; what starting the workers reports.
    pub fn start(
        mut application: Application,
        prefix: Prefix,
        document_root: &Path,
        complaints: &Arc<Complaints>,
    ) -> io::Result<Wsgi> {
        if application.python.as_encoded_bytes().contains(&b'/') {
            // As seen from here, not from the folder in which the workers will be.
            application.python = std::path::absolute(&application.python)?.into();
        }
        // Woken for each answer, the server would take the processor from the worker that has the next
        // one under way. Where that is not allowed, it is only slower.
        let _ = sys::interrupt_nobody();
        // Each twice: one that serves, and one before it that has yet to end.
        let programs = Programs::complaining(2 * application.workers, complaints)?;
        let crew = Crew::start(application, &programs)?;
        let sockets = crew.sockets().iter();
        let addresses = sockets.map(|path| Address::Unix(path.clone())).collect();
        let capacity = Capacity {
            in_flight: IN_FLIGHT,
            behind: BEHIND,
            // A worker waits for all its connections at once: none holds it up.
            keeping: Keeping::Always,
            ..Capacity::default()
        };
        let upstream = Upstream::supervised(addresses, capacity, complaints, crew.hung());
        let remote = Remote::new(prefix, document_root, Words::FastCgi, &upstream);
        Ok(Wsgi {
            remote,
            _crew: crew,
        })
    }
}

impl Handler for Wsgi {
    fn handle(&self, request: &Request) -> Reply {
        self.remote.handle(request)
    }
}
