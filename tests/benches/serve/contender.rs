//! Who is compared: our rungs, nginx in two configurations, and what stands for the limit.

use crate::scenario::{Cores, Field, Scenario};
use crate::{Outcome, bare, machine, nginx};
use check::binary::{Profile, gateway};
use check::load::Reuse;
use check::{Executable, TempFolder, needs, process};
use concurrency::SERVERS;
use static_files::Config;
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

/// Starts everybody who takes part in a scenario.
pub(crate) fn start(scenario: &Scenario, folder: &TempFolder) -> Outcome<Vec<Contender>> {
    let cores = scenario.cores;
    let mut all = vec![ours(cores, folder)?];
    for (name, settings) in nginx::CONFIGURATIONS {
        all.push(nginx::start(name, settings, cores, folder)?);
    }
    match scenario.field {
        Field::Nginx => {}
        Field::Others if needs::find("lighttpd").is_some() => {
            all.push(nginx::start_lighttpd(cores, folder)?);
        }
        Field::Others => {}
        Field::Ladder => {
            for (name, _) in SERVERS {
                // The event loop is `ours` already, and two loops have a row of their own.
                if !matches!(name, "epoll" | "cores") {
                    all.push(rung(name, Kind::Rung, cores, folder)?);
                }
            }
            if !matches!(scenario.reuse(), Reuse::Never) {
                all.push(bare::start(cores, folder)?);
            }
        }
    }
    Ok(all)
}

/// The server that the targets are about.
pub(crate) fn ours(cores: Cores, folder: &TempFolder) -> Outcome<Contender> {
    match cores {
        Cores::OneEach => rung("epoll", Kind::Ours, cores, folder),
        Cores::Two => rung("cores", Kind::Ours, cores, folder),
    }
}

fn rung(name: &str, kind: Kind, cores: Cores, folder: &TempFolder) -> Outcome<Contender> {
    let program = gateway(Profile::Release)?;
    let program = program.to_str().ok_or("a path that is no text")?;
    let mut words = vec![
        program,
        "{root}/root",
        "--listen",
        "{addr}",
        "--server",
        name,
    ];
    if name == "cores" {
        words.extend(["--workers", "2"]);
    }
    let shown = match kind {
        Kind::Ours => "ours",
        Kind::Rung | Kind::Other | Kind::Bare => name,
    };
    let started = Contender::start(shown, kind, &words, cores, folder)?;
    let most = most_of(name);
    Ok(Contender { most, ..started })
}

/// Kept connections that a rung can have at once.
fn most_of(rung: &str) -> usize {
    let config = Config::default();
    match rung {
        "iterative" => 1,
        "pool" => config.pool,
        "threads" => config.threads,
        _ => config.connections,
    }
}
