//! Who is compared: a server in processes of its own, on the core that it is given.

use crate::machine::Cores;
use crate::{Outcome, machine};
use check::{Executable, TempFolder, process};
use std::net::SocketAddr;
use std::time::Duration;

/// A server under test.
pub(crate) struct Contender {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Kept connections that it can have at once; more would wait for as long as these stay.
    pub(crate) most: usize,
    server: Executable,
}

/// What it is compared as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The one the targets are about.
    Ours,
    /// Another rung of ours.
    Rung,
    /// A server that the targets compare with.
    Other,
    /// A loop that does nothing but receive and send.
    Bare,
}

impl Contender {
    pub(crate) fn start(
        name: &str,
        kind: Kind,
        words: &[&str],
        cores: Cores,
        folder: &TempFolder,
    ) -> Outcome<Contender> {
        let pinned = machine::pin_server(cores);
        let words: Vec<&str> = pinned.iter().chain(words).copied().collect();
        let server = Executable::start(&words, folder.path(), None)
            .map_err(|error| format!("{name}: {error}"))?;
        let name = name.to_owned();
        Ok(Contender {
            name,
            kind,
            most: usize::MAX,
            server,
        })
    }

    /// The same, with no more than that many connections at once.
    pub(crate) fn with_at_most(self, most: usize) -> Contender {
        Contender { most, ..self }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// Its processes: itself, and the workers it has started.
    pub(crate) fn processes(&self) -> Outcome<Vec<u32>> {
        let mut all = vec![self.server.pid()];
        all.extend(process::children(self.server.pid())?);
        Ok(all)
    }

    /// Processor time of all of them.
    pub(crate) fn cpu_time(&self) -> Outcome<Duration> {
        let mut sum = Duration::ZERO;
        for pid in self.processes()? {
            sum += process::cpu_time(pid)?;
        }
        Ok(sum)
    }
}
