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

#[allow(dead_code, reason = "there everybody may have two cores")]
#[path = "../serve/machine.rs"]
mod machine;
#[path = "../serve/spread.rs"]
mod spread;

mod contender;
mod report;
mod row;

use check::{TempFolder, needs};
use contender::Contender;
use machine::Cores;
use report::Results;
use row::{ROWS, Row};
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

/// What can go wrong is told in one sentence.
type Outcome<T> = Result<T, Box<dyn Error>>;

/// Rounds, unless told otherwise; odd, so that the median is one of them.
const ROUNDS: usize = 9;

struct Options {
    only: Option<String>,
    rounds: usize,
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    // `cargo test --benches` and the like only want to know that this starts.
    if !std::env::args().any(|word| word == "--bench") {
        return ExitCode::SUCCESS;
    }
    if needs::is_missing("the comparison", &["python3", "gunicorn"]) {
        return ExitCode::SUCCESS;
    }
    match options().and_then(|options| compare(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("no comparison: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Outcome<Options> {
    let mut words = std::env::args().skip(1);
    let mut options = Options {
        only: None,
        rounds: ROUNDS,
        out: None,
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--only" => options.only = Some(value()?),
            "--rounds" => options.rounds = value()?.parse()?,
            "--out" => options.out = Some(value()?.into()),
            "--bench" => {}
            other => return Err(format!("there is no option {other}").into()),
        }
    }
    Ok(options)
}

fn compare(options: &Options) -> Outcome<()> {
    let folder = TempFolder::new()?;
    machine::place_load(Cores::OneEach)?;
    let load = machine::load_average();
    let is_wanted = |row: &&Row| {
        let only = options.only.as_deref();
        only.is_none_or(|only| row.name.contains(only))
    };
    let mut all = Vec::new();
    for row in ROWS.iter().filter(is_wanted) {
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
    if let Some(out) = &options.out {
        std::fs::create_dir_all(out)?;
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
    for round in 0..rounds {
        eprint!("\r{} {}/{rounds} ", row.name, round + 1);
        // Nobody is always the first after whatever the machine did between two rounds.
        for turn in 0..contenders.len() {
            let number = (round + turn) % contenders.len();
            results.push(number, take(row, &contenders[number])?);
        }
    }
    eprint!("\r");
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
