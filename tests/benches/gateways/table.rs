//! The figures as text: in full for whoever waits, in Markdown for the book.

use crate::machine;
use crate::round::{Results, Row};
use crate::scenario::{MEASURED, Wire};
use crate::spread::{shown, thousands};
use std::fmt::Write as _;

/// Everybody's figures behind one wire.
pub(crate) fn in_full(results: &Results<'_>) -> String {
    let title = results.scenario.title;
    let mut text = format!("{title}\n{:12}{:>12}{:>10}\n", "", "answers/s", "cpu µs");
    for row in &results.rows {
        writeln!(
            text,
            "{:12}{:>12.0}{:>10.2}",
            row.name,
            row.rate().median,
            row.spread(|round| round.cpu).median,
        )
        .expect("a string takes everything");
    }
    text
}

/// One line for each wire and each other server, and how it was measured.
pub(crate) fn summary(all: &[Results<'_>], rounds: usize, load: f64) -> String {
    let mut text = String::from(
        "| behind the server | beside | its requests a second | ours ÷ its | its processor time \
         for a request ÷ ours |\n|---|---|---|---|---|\n",
    );
    for results in all {
        for other in &results.rows[1..] {
            text += &line(results, other);
        }
    }
    let (millis, machine) = (MEASURED.as_millis(), machine::describe());
    text + &format!(
        "\nLoad, server and application on one core. Medians of {rounds} interleaved rounds of \
         {millis} ms, and between which figures the middle half of the rounds lies. {machine}; \
         load average {load:.1} before.\n"
    )
}

fn line(results: &Results<'_>, other: &Row) -> String {
    let ours = results.ours();
    let rate = ours.beside(other, |ours, other| ours.rate / other.rate);
    let cpu = match results.scenario.wire {
        Wire::Http | Wire::FastCgi => {
            shown(Some(ours.beside(other, |ours, other| other.cpu / ours.cpu)))
        }
        // Most of it is that of the programs, which have ended.
        Wire::Cgi => String::new(),
    };
    let wanted = results.scenario.wanted.iter();
    let verdict = match wanted.into_iter().find(|(name, _)| *name == other.name) {
        Some((_, least)) if rate.median < *least => format!(", **less than {least}**"),
        Some(_) | None => String::new(),
    };
    format!(
        "| {} | {} | {} | {}{verdict} | {cpu} |\n",
        results.scenario.title,
        other.name,
        thousands(other.rate().median),
        shown(Some(rate)),
    )
}
