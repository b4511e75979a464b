//! Who takes part: our rungs, nginx in two configurations, and what stands for the limit.

use crate::contender::{Contender, Kind};
use crate::machine::Cores;
use crate::scenario::{Field, Scenario};
use crate::{Outcome, bare, nginx};
use check::binary::{Profile, gateway};
use check::load::Reuse;
use check::{TempFolder, needs};
use concurrency::SERVERS;
use static_files::Config;

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
        Cores::OneEach | Cores::Shared => rung("epoll", Kind::Ours, cores, folder),
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
    Ok(started.with_at_most(most_of(name)))
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
