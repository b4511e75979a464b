//! Who is compared: our rungs, nginx in two configurations, and what stands for the limit.

use crate::scenario::{Cores, Field, Scenario};
use crate::{Outcome, bare, machine, nginx};
use check::binary::{Profile, gateway};
use check::load::Reuse;
use check::{Executable, TempFolder, needs, process};
use concurrency::SERVERS;
use std::net::SocketAddr;
use std::time::Duration;

/// A server under test.
pub(crate) struct Contender {
    pub(crate) name: String,
    pub(crate) kind: Kind,
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
        Ok(Contender { name, kind, server })
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
                if can_hold(name, scenario) {
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
    Contender::start(shown, kind, &words, cores, folder)
}

/// Whether a rung can have so many kept connections at once; one that cannot leaves the others
/// waiting for as long as the first ones stay. `ours` is the event loop already.
fn can_hold(rung: &str, scenario: &Scenario) -> bool {
    let config = static_files::Config::default();
    let most = match rung {
        "iterative" => 1,
        "pool" => config.pool,
        "threads" => config.threads,
        "epoll" | "cores" => 0,
        _ => config.connections,
    };
    scenario.connections <= most || most > 0 && scenario.reuse() == Reuse::Never
}
