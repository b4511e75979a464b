//! How fast is the server, beside nginx, and each rung of the ladder beside the others?
//!
//! ```text
//! cargo bench -p check --bench serve -- [--only WORD] [--rounds N] [--out FOLDER]
//! ```
//!
//! Every server is a process with one worker, pinned to one core; the load comes from the other.
//! Rounds are interleaved, so that whatever else the machine does falls on all of them; a ratio is
//! taken within a round, and shown as the median with its spread. nginx runs in two configurations, and in each
//! row the better one counts. Every octet of every answer is compared: if one is wrong, there
//! is no figure.
//!
//! Two figures for each: answers in a second, which is what clients get, and the processor time
//! that the server spent on one, which does not depend on how quick the clients are. Where the
//! server was not busy all the time, the first figure is a lower bound.
//!
//! With `--out` the tables and plots go into that folder of the course, as the book and the README show
//! them.

mod bare;
mod calls;
mod command;
mod configured;
mod contender;
mod field;
mod idle;
#[allow(dead_code, reason = "other comparisons say how busy the machine was")]
mod machine;
mod nginx;
mod plot;
mod round;
mod scenario;
mod spread;
mod table;

use check::TempFolder;
use command::{Options, Outcome};
use round::Results;
use scenario::{SCENARIOS, Scenario};
use std::process::ExitCode;

/// Rounds, unless told otherwise; odd, so that the median is one of them.
const ROUNDS: usize = 7;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1).peekable();
    // The bare loop is this program too, started by itself.
    if words.peek().is_some_and(|word| word == bare::WORD) {
        return bare::main(words.nth(1));
    }
    command::main(words, ROUNDS, &["nginx", "strace"], compare)
}

fn compare(options: &Options) -> Outcome<()> {
    let folder = TempFolder::new()?;
    scenario::write_files(&folder)?;
    let mut results = Vec::new();
    for scenario in SCENARIOS.iter().filter(|row| options.wants(row.name)) {
        let measured = measure(scenario, &folder, options.rounds)?;
        print!("{}", table::in_full(&measured));
        results.push(measured);
    }
    let calls = if options.wants("calls") {
        calls::count(&folder)?
    } else {
        Vec::new()
    };
    let idle = if options.wants("idle") {
        idle::weigh(&folder)?
    } else {
        Vec::new()
    };
    let summary = table::summary(&results, &calls, &idle, options.rounds);
    println!("\n{summary}");
    if let Some(out) = options.out()? {
        std::fs::write(out.join("targets.md"), summary)?;
        let scenarios = table::scenarios(&results, options.rounds);
        std::fs::write(out.join("scenarios.md"), scenarios)?;
        for results in results.iter().filter(|results| results.has_ladder()) {
            let name = results.scenario.name;
            std::fs::write(out.join(format!("{name}.md")), table::ladder(results))?;
            std::fs::write(out.join(format!("{name}.svg")), plot::ladder(results))?;
        }
        std::fs::write(out.join("ratios.svg"), plot::ratios(&results))?;
    }
    Ok(())
}

/// Starts who takes part, and measures them in turns.
fn measure<'s>(scenario: &'s Scenario, folder: &TempFolder, rounds: usize) -> Outcome<Results<'s>> {
    machine::place_load(scenario.cores)?;
    let contenders = field::start(scenario, folder)?;
    let mut results = Results::new(scenario, &contenders);
    for contender in &contenders {
        scenario
            .check(contender.addr())
            .map_err(|error| format!("{}: {error}", contender.name))?;
    }
    command::in_turns(scenario.name, rounds, contenders.len(), |number| {
        results.push(number, round::take(scenario, &contenders[number])?);
        Ok(())
    })?;
    Ok(results)
}
