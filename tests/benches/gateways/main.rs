//! How fast is an application behind the server, beside the same one behind others?
//!
//! ```text
//! cargo bench -p check --bench gateways -- [--only WORD] [--rounds N] [--out FOLDER]
//! ```
//!
//! Everything is on one core: the load, the server, and what stands behind it. So a server gains
//! nothing by waking the other two more often, and the first figure, answers in a second, is that of
//! the whole chain. The second, the processor time of the server alone, shows what is its own part.
//!
//! Rounds are interleaved, and ratios are taken within a round, as `serve` does it; every octet of
//! every answer is compared.

mod application;
#[path = "../serve/command.rs"]
mod command;
#[path = "../serve/configured.rs"]
#[allow(dead_code, reason = "one of two programs needs only part of it")]
mod configured;
#[path = "../serve/contender.rs"]
#[allow(dead_code, reason = "one of two programs needs only part of it")]
mod contender;
#[path = "../serve/machine.rs"]
mod machine;
#[path = "../serve/round.rs"]
#[allow(dead_code, reason = "one of two programs needs only part of it")]
mod round;
mod scenario;
mod servers;
#[path = "../serve/spread.rs"]
mod spread;
mod table;

use check::TempFolder;
use command::{Options, Outcome};
use machine::Cores;
use round::Results;
use scenario::{SCENARIOS, Scenario};
use std::process::ExitCode;

/// Rounds, unless told otherwise; odd, so that the median is one of them.
const ROUNDS: usize = 9;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1).peekable();
    // The FastCGI application is this program too, started by itself.
    if words.peek().is_some_and(|word| word == application::WORD) {
        return application::main(words.nth(1));
    }
    // What a row needs is asked of each by itself.
    command::main(words, ROUNDS, &[], compare)
}

fn compare(options: &Options) -> Outcome<()> {
    let load = machine::load_average();
    machine::place_load(Cores::Shared)?;
    let mut all = Vec::new();
    for scenario in SCENARIOS.iter().filter(|row| options.wants(row.name)) {
        if check::needs::is_missing(scenario.name, scenario.needs) {
            continue;
        }
        let results = measure(scenario, options.rounds)?;
        print!("{}", table::in_full(&results));
        all.push(results);
    }
    let text = table::summary(&all, options.rounds, load);
    println!("\n{text}");
    if let Some(out) = options.out()? {
        std::fs::write(out.join("gateways.md"), text)?;
    }
    Ok(())
}

/// Starts who takes part, and measures them in turns.
fn measure(scenario: &Scenario, rounds: usize) -> Outcome<Results<'_>> {
    let folder = TempFolder::new()?;
    let (contenders, _behind) = servers::start(scenario.wire, &folder)?;
    let mut results = Results::new(scenario, &contenders);
    command::in_turns(scenario.name, rounds, contenders.len(), |number| {
        results.push(number, round::take(scenario, &contenders[number])?);
        Ok(())
    })?;
    Ok(results)
}
