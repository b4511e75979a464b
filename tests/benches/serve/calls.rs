//! System calls for an answer: a figure that does not depend on the machine.

use crate::contender::Contender;
use crate::machine::Cores;
use crate::{Outcome, nginx};
use check::binary::{Profile, gateway};
use check::load::{Load, Until};
use check::{Executable, TempFolder, trace};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Answers in all: enough that starting and connecting no longer show.
const ANSWERS: u64 = 20_000;

/// How long a server may take to end, with everything it does being recorded.
const ENDING: Duration = Duration::from_secs(10);

/// Calls for one answer on that many connections.
pub(crate) struct Calls {
    pub(crate) name: String,
    pub(crate) connections: usize,
    pub(crate) each: f64,
}

/// Counts those of ours and of nginx, with one connection and with 64.
pub(crate) fn count(folder: &TempFolder) -> Outcome<Vec<Calls>> {
    let program = gateway(Profile::Release)?;
    let program = program.to_str().ok_or("a path that is no text")?;
    let words = [
        program,
        "{root}/root",
        "--listen",
        "{addr}",
        "--server",
        "epoll",
    ];
    let mut all = Vec::new();
    for connections in [1, 64] {
        all.push(Calls {
            name: "ours".into(),
            connections,
            each: count_one(&words, connections, folder)?,
        });
        for (name, settings) in nginx::CONFIGURATIONS {
            // Written down by starting it once without the recorder.
            let started: Contender = nginx::start(name, settings, Cores::Two, folder)?;
            drop(started);
            let script = nginx::command(name);
            all.push(Calls {
                name: name.into(),
                connections,
                each: count_one(&["sh", "-c", &script], connections, folder)?,
            });
        }
    }
    Ok(all)
}

#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn count_one(words: &[&str], connections: usize, folder: &TempFolder) -> Outcome<f64> {
    let table = folder.path().join("calls");
    let traced = ["strace", "-f", "-c", "-o", table.to_str().ok_or("no text")?];
    let words: Vec<&str> = traced.iter().chain(words).copied().collect();
    let mut server = Executable::start(&words, folder.path(), None)?;
    let load = Load {
        connections,
        ..Load::get("/1024.bin")
    };
    let outcome = load.run(server.addr(), Until::Answers(ANSWERS / connections as u64))?;
    server.terminate_group()?;
    server.wait(ENDING).ok_or("a recorded server did not end")?;
    Ok(total(&table)? as f64 / outcome.answers as f64)
}

fn total(table: &Path) -> Outcome<u64> {
    Ok(trace::calls(&fs::read_to_string(table)?).values().sum())
}
