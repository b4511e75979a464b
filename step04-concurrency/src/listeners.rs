//! The listeners of a whole server: opened, or left to it by its predecessor.

use crate::servers::listen_for;
use crate::succession::{Predecessor, claim};
use crate::sys::{self, Port};
use crate::workers::loop_each;
use crate::{SERVERS, Serve};
use socket::Stop;
use static_files::{Config, Handler};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::ops::Range;

/// The name of the server that has a listener for each of its loops.
const CORES: &str = "cores";

/// One listener; several, where each loop has its own. They are open before anything else is begun,
/// so that a successor can be given all of them.
#[derive(Debug)]
pub struct Listeners {
    /// Never empty.
    all: Vec<TcpListener>,
    server: &'static str,
    serve: Serve,
}

impl Listeners {
    /// Opens what the server of that name serves best from.
    ///
    /// # Errors
    /// `NotFound` when [`SERVERS`] has no such row; those of [`sys::listen`].
    pub fn open(server: &str, addr: SocketAddr, config: &Config) -> io::Result<Listeners> {
        Listeners::of(server, vec![listen_for(server, addr)?], config)
    }

    /// Takes over what a predecessor has left, and what tells it that it can go; `None` when there
    /// was none.
    ///
    /// # Errors
    /// As [`Listeners::open`]; `InvalidInput` when something else was passed on than is announced.
    pub fn inherit(server: &str, config: &Config) -> io::Result<Option<(Listeners, Predecessor)>> {
        let Some((all, predecessor)) = claim()? else {
            return Ok(None);
        };
        Ok(Some((Listeners::of(server, all, config)?, predecessor)))
    }

    fn of(server: &str, mut all: Vec<TcpListener>, config: &Config) -> io::Result<Listeners> {
        let row = SERVERS.into_iter().find(|(name, _)| *name == server);
        let (server, serve) = row.ok_or(io::ErrorKind::NotFound)?;
        let first = all.first().ok_or(io::ErrorKind::InvalidInput)?;
        if server == CORES {
            all.extend(further_listeners(first, all.len()..config.workers)?);
        } else if all.len() > 1 {
            return Err(io::Error::other("one listener is all this server can use"));
        }
        Ok(Listeners { all, server, serve })
    }

    /// Where they listen.
    ///
    /// # Errors
    /// What getsockname(2) reports.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.all[0].local_addr()
    }

    /// All of them.
    pub fn as_slice(&self) -> &[TcpListener] {
        &self.all
    }

    /// Serves until `stop` is raised and what was under way is answered.
    ///
    /// # Errors
    /// Those of the server.
    pub fn serve(&self, handler: &dyn Handler, config: &Config, stop: &Stop) -> io::Result<()> {
        if self.server == CORES {
            loop_each(&self.all, handler, config, stop)
        } else {
            (self.serve)(&self.all[0], handler, config, stop)
        }
    }
}

// ANCHOR: further_listeners
/// Listeners at the place of `first`, one for each number: with queues of their own if it shares its
/// port, with its queue if it does not.
pub(crate) fn further_listeners(
    first: &TcpListener,
    numbers: Range<usize>,
) -> io::Result<Vec<TcpListener>> {
    let shared = sys::shares_port(first)?;
    let addr = first.local_addr()?;
    let further = |_| {
        if shared {
            sys::listen(addr, Port::Shared)
        } else {
            first.try_clone()
        }
    };
    numbers.map(further).collect()
}
// ANCHOR_END: further_listeners
