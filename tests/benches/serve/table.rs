//! The figures as text: in full for whoever waits, in Markdown for the book.

use crate::calls::Calls;
use crate::contender::Kind;
use crate::idle::Weight;
use crate::machine;
use crate::round::{Results, Row, Spread};
use crate::scenario::{MEASURED, Scenario};
use crate::spread::{shown, thousands};
use std::fmt::Write as _;

/// Octets of the server's own memory that an idle connection may cost.
const IDLE_OCTETS: u64 = 200;

/// System calls that an answer may take on one connection, and on many.
const CALLS: f64 = 3.0;

/// Everybody's figures in one scenario.
pub(crate) fn in_full(results: &Results<'_>) -> String {
    let mut text = format!(
        "{}\n{:20}{:>12}{:>7}{:>10}{:>10}{:>10}{:>8}\n",
        results.scenario.title, "", "answers/s", "busy", "cpu µs", "p50 µs", "p99 µs", "GB/s"
    );
    for row in &results.rows {
        writeln!(
            text,
            "{:20}{:>12.0}{:>6.0}%{:>10.2}{:>10.0}{:>10.0}{:>8.2}",
            row.name,
            row.rate().median,
            100.0 * row.spread(|round| round.busy).median,
            row.spread(|round| round.cpu).median,
            row.spread(|round| round.p50).median,
            row.spread(|round| round.p99).median,
            row.spread(|round| round.octets / 1e9).median,
        )
        .expect("a string takes everything");
    }
    text
}

/// The table of targets: what is to be reached, what was, and with what spread.
pub(crate) fn summary(
    results: &[Results<'_>],
    calls: &[Calls],
    idle: &[Weight],
    rounds: usize,
) -> String {
    let mut text = String::from(
        "| one worker on one core, load from the other | requests a second ÷ nginx | wanted | \
         nginx's processor time for a request ÷ ours | wanted | our requests a second |\n\
         |---|---|---|---|---|---|\n",
    );
    for results in results
        .iter()
        .filter(|results| has_target(results.scenario))
    {
        text += &target_row(results);
    }
    text += &conditions(rounds);
    for results in results {
        text += &delays(results);
    }
    text += &bare(results);
    text += &other_figures(calls, idle);
    text
}

/// How it was measured, and where.
fn conditions(rounds: usize) -> String {
    format!(
        "\nMedians of {rounds} interleaved rounds of {} ms, and between which figures the middle half \
         of the rounds lies. {}.\n",
        MEASURED.as_millis(),
        machine::describe()
    )
}

/// The same rows for readers, who want to know what is and not what was wished for.
pub(crate) fn scenarios(results: &[Results<'_>], rounds: usize) -> String {
    let mut text = String::from(
        "| one worker on one core, load from the other | requests a second ÷ nginx | \
         nginx's processor time for a request ÷ ours | our requests a second |\n|---|---|---|---|\n",
    );
    for results in results
        .iter()
        .filter(|results| has_target(results.scenario))
    {
        text += &format!(
            "| {} | {} | {} | {} |\n",
            results.scenario.title,
            shown(results.rate_ratio()),
            shown(results.cpu_ratio()),
            thousands(results.ours().rate().median),
        );
    }
    text + &conditions(rounds)
}

fn has_target(scenario: &Scenario) -> bool {
    scenario.rate.is_some()
}

fn target_row(results: &Results<'_>) -> String {
    let scenario = results.scenario;
    let wanted = |least: Option<f64>, got: Option<Spread>| match (least, got) {
        (Some(least), Some(got)) if got.median >= least => format!("≥ {least}, reached"),
        (Some(least), _) => format!("≥ {least}, **missed**"),
        (None, _) => String::new(),
    };
    let (rate, cpu) = (results.rate_ratio(), results.cpu_ratio());
    format!(
        "| {} | {} | {} | {} | {} | {} |\n",
        scenario.title,
        shown(rate),
        wanted(scenario.rate, rate),
        shown(cpu),
        wanted(scenario.cpu, cpu),
        thousands(results.ours().rate().median),
    )
}

/// How long one waits, where questions are asked by the clock.
fn delays(results: &Results<'_>) -> String {
    if results.scenario.rate.is_some() || results.scenario.connections == 1 {
        return String::new();
    }
    let mut text = format!(
        "\n| {} | median wait | 99 of 100 within |\n|---|---|---|\n",
        results.scenario.title
    );
    for row in &results.rows {
        let micros = |figure: Spread| format!("{:.0} µs", figure.median);
        let p50 = micros(row.spread(|round| round.p50));
        let p99 = micros(row.spread(|round| round.p99));
        text += &format!("| {} | {p50} | {p99} |\n", row.name);
    }
    text
}

/// What HTTP costs beyond receiving and sending.
fn bare(results: &[Results<'_>]) -> String {
    let row = |results: &Results<'_>| {
        let share = |ours: &Row, bare: &Row| ours.beside(bare, |ours, bare| ours.rate / bare.rate);
        let spread = share(results.ours(), results.bare()?);
        let title = results.scenario.title;
        Some(format!(
            "\n{title}: {} of a loop that only receives and sends.\n",
            shown(Some(spread))
        ))
    };
    let of_interest = results
        .iter()
        .filter(|results| has_target(results.scenario));
    of_interest.filter_map(row).collect()
}

fn other_figures(calls: &[Calls], idle: &[Weight]) -> String {
    let mut text = String::new();
    if !calls.is_empty() {
        text += "\n| system calls for an answer of 1 KiB | one connection | 64 connections |\n|---|---|---|\n";
    }
    for one in calls.iter().filter(|calls| calls.connections == 1) {
        let many = calls
            .iter()
            .find(|calls| calls.connections > 1 && calls.name == one.name);
        let many = many.map_or(f64::NAN, |many| many.each);
        text += &format!("| {} | {:.2} | {many:.2} |\n", one.name, one.each);
    }
    if !calls.is_empty() {
        text += &format!("| wanted of ours | {CALLS:.1} | 2 and a share of `epoll_wait` |\n");
    }
    if !idle.is_empty() {
        text += "\n| an idle kept connection | octets of the server's own memory |\n|---|---|\n";
        for weight in idle {
            text += &format!("| {} | {} |\n", weight.name, weight.octets);
        }
        text += &format!("| wanted of ours | at most {IDLE_OCTETS} |\n");
    }
    text
}

/// The rungs beside each other.
pub(crate) fn ladder(results: &Results<'_>) -> String {
    let mut text = format!(
        "| {} | requests a second | processor time each | nginx's ÷ its | 99 of 100 within |\n\
         |---|---|---|---|---|\n",
        results.scenario.title
    );
    for row in &results.rows {
        let name = match (row.kind, row.held) {
            (Kind::Ours, _) => "`epoll`".to_owned(),
            (Kind::Rung, None) => format!("`{}`", row.name),
            (Kind::Rung, Some(1)) => format!("`{}`, one guest", row.name),
            (Kind::Rung, Some(held)) => format!("`{}`, {held} guests", row.name),
            (Kind::Other | Kind::Bare, _) => row.name.clone(),
        };
        text += &format!(
            "| {name} | {} | {:.1} µs | {} | {:.0} µs |\n",
            thousands(row.rate().median),
            row.spread(|round| round.cpu).median,
            shown(results.cpu_ratio_of(row)),
            row.spread(|round| round.p99).median,
        );
    }
    text += &format!(
        "\nOne worker on one core, load from the other. {}.\n",
        machine::describe()
    );
    text
}
