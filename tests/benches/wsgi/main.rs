//! How fast are Python applications, beside Gunicorn and uWSGI?
//!
//! ```text
//! cargo bench -p check --bench wsgi -- [--only WORD] [--rounds N] [--out FOLDER]
//! ```
//!
//! Every server runs the same application in two processes, and all of its processes are pinned to
//! one core: what is compared is how much work an answer is. The load comes from the other core.
//! Rounds are interleaved, and every octet of every answer is compared, as in `serve`.
//!
//! Gunicorn's `sync` and uWSGI's `http-socket` end a connection with each answer, so their clients
//! connect anew: that is how they are meant to be run without another server in front. What was not
//! found on this machine is left out, and said so.

#[path = "../serve/command.rs"]
mod command;
#[allow(dead_code, reason = "there everybody may have two cores")]
#[path = "../serve/machine.rs"]
mod machine;
#[path = "../serve/spread.rs"]
mod spread;

mod contender;
mod report;
mod row;

use check::{TempFolder, needs};
use command::{Options, Outcome};
use contender::Contender;
use machine::Cores;
use report::Results;
use row::{ROWS, Row};
use std::process::ExitCode;

/// Rounds, unless told otherwise; odd, so that the median is one of them.
const ROUNDS: usize = 9;

fn main() -> ExitCode {
    let words = std::env::args().skip(1);
    command::main(words, ROUNDS, &["python3", "gunicorn"], compare)
}

fn compare(options: &Options) -> Outcome<()> {
    let folder = TempFolder::new()?;
    machine::place_load(Cores::OneEach)?;
    let load = machine::load_average();
    let mut all = Vec::new();
    for row in ROWS.iter().filter(|row| options.wants(row.name)) {
        if !row::can_import(row.module) {
            needs::is_left_out(row.title, row.module);
            continue;
        }
        let results = measure(row, &folder, options.rounds)?;
        print!("{}", report::in_full(&results));
        all.push(results);
    }
    let table = report::table(&all, options.rounds, load);
    println!("\n{table}");
    if let Some(out) = options.out()? {
        std::fs::write(out.join("wsgi.md"), table)?;
    }
    Ok(())
}

/// Starts who takes part, and measures them in turns.
fn measure<'r>(row: &'r Row, folder: &TempFolder, rounds: usize) -> Outcome<Results<'r>> {
    let contenders = contender::all(row, folder)?;
    for contender in &contenders {
        let named = |error| format!("{}: {error}", contender.name);
        row.check(contender.addr()).map_err(named)?;
    }
    let names = contenders.iter().map(|contender| contender.name);
    let mut results = Results::new(row, names);
    command::in_turns(row.name, rounds, contenders.len(), |number| {
        results.push(number, take(row, &contenders[number])?);
        Ok(())
    })?;
    Ok(results)
}

/// Connects, warms up, and measures.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn take(row: &Row, contender: &Contender) -> Outcome<report::Measured> {
    let named = |error: String| format!("{}, {}: {error}", row.name, contender.name);
    let load = row.load(contender.reuse);
    let mut clients = load.connect(contender.addr()).map_err(named)?;
    clients.run(row::WARMED).map_err(named)?;
    let before = contender.cpu_time()?;
    let outcome = clients.run(row::MEASURED).map_err(named)?;
    let spent = contender.cpu_time()? - before;
    let delay = outcome.delays.quantile(row.share_of_slowest());
    Ok(report::Measured {
        rate: outcome.rate(),
        cpu: spent.as_secs_f64() * 1e6 / outcome.answers as f64,
        p99: delay.as_secs_f64() * 1e3,
    })
}
