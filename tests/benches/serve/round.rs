//! One measurement, and all of them.

use crate::Outcome;
use crate::contender::{Contender, Kind};
use crate::scenario::{MEASURED, Scenario, WARMED};
pub(crate) use crate::spread::Spread;
use check::load::Until;

/// What one contender did in one round.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    /// Answers in a second.
    pub(crate) rate: f64,
    /// Microseconds of the server's processor time for one.
    pub(crate) cpu: f64,
    /// Share of the time in which the server was busy.
    pub(crate) busy: f64,
    /// Microseconds of waiting for the median answer, and for the slowest of a hundred.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// Octets in a second.
    pub(crate) octets: f64,
}

/// Connects, warms up, and measures.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(crate) fn take(scenario: &Scenario, contender: &Contender) -> Outcome<Measured> {
    let named = |error: String| format!("{}, {}: {error}", scenario.name, contender.name);
    let load = scenario.load(contender)?;
    let mut clients = load.connect(contender.addr()).map_err(named)?;
    clients.run(Until::Elapsed(WARMED)).map_err(named)?;
    let before = contender.cpu_time()?;
    let outcome = clients.run(Until::Elapsed(MEASURED)).map_err(named)?;
    let spent = (contender.cpu_time()? - before).as_secs_f64();
    let seconds = outcome.elapsed.as_secs_f64();
    let micros = |share| outcome.delays.quantile(share).as_secs_f64() * 1e6;
    Ok(Measured {
        rate: outcome.rate(),
        cpu: spent * 1e6 / outcome.answers as f64,
        busy: spent / seconds,
        p50: micros(0.5),
        p99: micros(0.99),
        octets: outcome.octets as f64 / seconds,
    })
}

/// What everybody did in a scenario, round by round.
pub(crate) struct Results<'s> {
    pub(crate) scenario: &'s Scenario,
    pub(crate) rows: Vec<Row>,
}

/// One contender's rounds.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Kept connections it had, where it cannot have as many as the scenario asks for.
    pub(crate) held: Option<usize>,
    pub(crate) rounds: Vec<Measured>,
}

impl<'s> Results<'s> {
    pub(crate) fn new(scenario: &'s Scenario, contenders: &[Contender]) -> Results<'s> {
        let row = |contender: &Contender| Row {
            name: contender.name.clone(),
            kind: contender.kind,
            held: (scenario.held_by(contender) < scenario.connections)
                .then(|| scenario.held_by(contender)),
            rounds: Vec::new(),
        };
        Results {
            scenario,
            rows: contenders.iter().map(row).collect(),
        }
    }

    pub(crate) fn push(&mut self, number: usize, measured: Measured) {
        self.rows[number].rounds.push(measured);
    }

    pub(crate) fn ours(&self) -> &Row {
        &self.rows[0]
    }

    /// The other server that did best by that figure.
    pub(crate) fn best(&self, better: impl Fn(&Row) -> f64) -> Option<&Row> {
        let others = self.rows.iter().filter(|row| row.kind == Kind::Other);
        others.max_by(|a, b| better(a).total_cmp(&better(b)))
    }

    pub(crate) fn bare(&self) -> Option<&Row> {
        self.rows.iter().find(|row| row.kind == Kind::Bare)
    }

    pub(crate) fn has_ladder(&self) -> bool {
        self.rows.iter().any(|row| row.kind == Kind::Rung)
    }

    /// Our answers per second beside those of the best other server.
    pub(crate) fn rate_ratio(&self) -> Option<Spread> {
        let other = self.best(|row| row.rate().median)?;
        Some(
            self.ours()
                .beside(other, |ours, other| ours.rate / other.rate),
        )
    }

    /// The least processor time of another server for an answer beside ours.
    pub(crate) fn cpu_ratio(&self) -> Option<Spread> {
        self.cpu_ratio_of(self.ours())
    }

    /// The same beside that of any row.
    pub(crate) fn cpu_ratio_of(&self, row: &Row) -> Option<Spread> {
        let other = self.best(|row| -row.spread(|round| round.cpu).median)?;
        Some(row.beside(other, |row, other| other.cpu / row.cpu))
    }
}

impl Row {
    /// A figure of each round.
    pub(crate) fn spread(&self, figure: impl Fn(&Measured) -> f64) -> Spread {
        Spread::of(self.rounds.iter().map(figure).collect())
    }

    pub(crate) fn rate(&self) -> Spread {
        self.spread(|round| round.rate)
    }

    /// A ratio within each round.
    pub(crate) fn beside(
        &self,
        other: &Row,
        ratio: impl Fn(&Measured, &Measured) -> f64,
    ) -> Spread {
        let pairs = self.rounds.iter().zip(&other.rounds);
        Spread::of(pairs.map(|(ours, other)| ratio(ours, other)).collect())
    }
}
