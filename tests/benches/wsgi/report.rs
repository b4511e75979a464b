//! The figures as text.

use crate::machine;
use crate::row::{Row, Shown};
use crate::spread::{Spread, shown, thousands};

/// More than this load before the first round is not a machine at rest.
const BUSY: f64 = 0.5;

/// What one contender did in one round.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    /// Answers in a second.
    pub(crate) rate: f64,
    /// Microseconds of processor time for one.
    pub(crate) cpu: f64,
    /// Milliseconds within which 99 of 100 were answered.
    pub(crate) p99: f64,
}

/// What everybody did, round by round.
pub(crate) struct Results<'r> {
    row: &'r Row,
    rounds: Vec<(&'static str, Vec<Measured>)>,
}

impl<'r> Results<'r> {
    pub(crate) fn new(row: &'r Row, names: impl Iterator<Item = &'static str>) -> Results<'r> {
        let rounds = names.map(|name| (name, Vec::new())).collect();
        Results { row, rounds }
    }

    pub(crate) fn push(&mut self, number: usize, measured: Measured) {
        self.rounds[number].1.push(measured);
    }

    /// A ratio of ours to theirs, within each round.
    fn beside(&self, their: &[Measured], ratio: impl Fn(&Measured, &Measured) -> f64) -> Spread {
        let pairs = self.rounds[0].1.iter().zip(their);
        Spread::of(pairs.map(|(ours, their)| ratio(ours, their)).collect())
    }
}

fn spread(rounds: &[Measured], figure: impl Fn(&Measured) -> f64) -> Spread {
    Spread::of(rounds.iter().map(figure).collect())
}

/// Everybody's figures in one row.
pub(crate) fn in_full(results: &Results<'_>) -> String {
    let title = results.row.title;
    let mut text = format!(
        "{title}\n{:20}{:>12}{:>10}{:>10}\n",
        "", "answers/s", "cpu µs", "p99 ms"
    );
    for (name, rounds) in &results.rounds {
        text += &format!(
            "{name:20}{:>12.0}{:>10.1}{:>10.2}\n",
            spread(rounds, |round| round.rate).median,
            spread(rounds, |round| round.cpu).median,
            spread(rounds, |round| round.p99).median,
        );
    }
    text
}

/// What the book shows. `load` is that of the machine before anything was measured.
pub(crate) fn table(all: &[Results<'_>], rounds: usize, load: f64) -> String {
    let mut text = String::from(
        "| two processes for the application, everything on one core | requests a second | \
         processor time each | our requests a second ÷ its | its processor time ÷ ours |\n\
         |---|---|---|---|---|\n",
    );
    for results in all.iter().filter(|all| all.row.shown == Shown::Speed) {
        text += &format!("| **{}** | | | | |\n", results.row.title);
        for (number, (name, rounds)) in results.rounds.iter().enumerate() {
            let rate = results.beside(rounds, |ours, its| ours.rate / its.rate);
            let cpu = results.beside(rounds, |ours, its| its.cpu / ours.cpu);
            let [rate, cpu] = [rate, cpu].map(|ratio| shown((number > 0).then_some(ratio)));
            text += &format!(
                "| {name} | {} | {:.0} µs | {rate} | {cpu} |\n",
                thousands(spread(rounds, |round| round.rate).median),
                spread(rounds, |round| round.cpu).median,
            );
        }
    }
    for results in all.iter().filter(|all| all.row.shown == Shown::Waiting) {
        text += &format!(
            "\n| {} | 99 of 100 within |\n|---|---|\n",
            results.row.title
        );
        for (name, rounds) in &results.rounds {
            let p99 = shown(Some(spread(rounds, |round| round.p99)));
            text += &format!("| {name} | {p99} ms |\n");
        }
    }
    let busy = if load > BUSY {
        format!(
            " The machine was busy with other work (load {load:.0}): who waits, waited for that too."
        )
    } else {
        String::new()
    };
    text + &format!(
        "\nMedians of {rounds} interleaved rounds of a second, and between which figures the middle \
         half of the rounds lies. {}.{busy}\n",
        machine::describe()
    )
}
