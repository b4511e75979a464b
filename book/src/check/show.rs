//! What is printed while checks run, and after.
//!
//! On a terminal the check that is running is shown, and gone when its verdict is there; elsewhere
//! every line is final. Colours are left out where nobody wants them (`NO_COLOR`) or sees them.

use super::server::Whose;
use super::session::Session;
use super::{Asked, Outcome, json};
use crate::terminal::{BAD, DIM, GOOD, bar, say};
use check::grader::{Check, Cutting, Finding, Label, Problem};
use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::net::SocketAddr;

/// The port in commands that a person is to type.
const PORT: u16 = 8080;

/// Cells of a bar.
const BAR: usize = 12;

/// Where what is printed goes, and in which form.
pub(super) struct Shown {
    form: Form,
    /// The server's command as it was given; none for the course's own.
    server: Option<String>,
    /// How what is sent is cut, as it is asked for again.
    cuts: Option<String>,
    /// The same for a person to type, with a port and a folder.
    command: Option<String>,
    /// Whether exercises of the workbook are judged.
    is_mine: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Terminal,
    Lines,
    Json,
    Rows,
}

impl Form {
    fn is_for_people(self) -> bool {
        matches!(self, Form::Terminal | Form::Lines)
    }
}

/// Prints the checks that there are.
pub(super) fn list(checks: &[Check]) {
    for check in checks {
        let label = match check.label {
            Label::Agreed => "agreed",
            Label::Rfc => "rfc   ",
            Label::Course => "course",
        };
        let (id, title, chapter, needs) = (check.id, check.title, check.chapter, check.needs);
        say(&format!(
            "{id}  {title:20} chapter {chapter}  {label}  {DIM}{needs}{DIM:#}\n"
        ));
    }
}

impl Shown {
    pub(super) fn new(asked: &Asked, session: &Session) -> Shown {
        let form = match (asked.rows, asked.json, io::stdout().is_terminal()) {
            (true, _, _) => Form::Rows,
            (false, true, _) => Form::Json,
            (false, false, true) => Form::Terminal,
            (false, false, false) => Form::Lines,
        };
        let root = match asked.keep {
            Some(_) => session.tree.root().display().to_string(),
            None => "FOLDER/root".into(),
        };
        let typed = |typed: &str| {
            let beside = |name| format!("{}{name}", root.trim_end_matches("root"));
            typed
                .replace("{addr}", &addr().to_string())
                .replace("{port}", &PORT.to_string())
                .replace("{root}", &root)
                .replace("{cgi}", &beside("programs"))
                .replace("{wsgi}", &beside("wsgi"))
        };
        let (command, whom) = match &session.whose {
            Whose::Course => (None, "the course's own server".to_owned()),
            Whose::Server(server) => (
                Some(typed(&server.typed)),
                asked.server.clone().unwrap_or_default(),
            ),
            Whose::Mine(mine) => (None, mine.names()),
        };
        let cuts = session.cutting.map(|cutting| match cutting {
            Cutting::All => "all".to_owned(),
            Cutting::Random(seed) => format!("random:{seed}"),
        });
        let server = asked.server.clone();
        let shown = Shown {
            form,
            server,
            cuts,
            command,
            is_mine: matches!(session.whose, Whose::Mine(_)),
        };
        if form.is_for_people() {
            let cuts = shown.cuts.as_ref().map(|cuts| format!(", --cuts {cuts}"));
            say(&format!("checking {whom}{}\n", cuts.unwrap_or_default()));
        }
        shown
    }

    pub(super) fn begun(&self, check: &Check) {
        if self.form == Form::Terminal {
            say(&format!("  {}  {} ...", check.id, check.title));
        }
    }

    pub(super) fn done(&self, outcome: &Outcome) {
        match self.form {
            Form::Terminal | Form::Lines => {}
            Form::Json => return,
            Form::Rows => return say(&format!("{}\n", json::row(outcome))),
        }
        let mut text = String::new();
        if self.form == Form::Terminal {
            // Over the line that said what was running.
            text.push_str("\r\x1b[K");
        }
        let Check { id, title, .. } = outcome.check;
        let verdict = match &outcome.verdict {
            Ok(()) => format!("{GOOD}passed{GOOD:#}"),
            Err(Problem::Wrong(_)) => format!("{BAD}failed{BAD:#}"),
            Err(Problem::NotServing(_)) => format!("{BAD}no server{BAD:#}"),
            Err(Problem::NotJudged(_)) => format!("{BAD}not judged{BAD:#}"),
        };
        let took = outcome.took.as_secs_f64();
        let again = match self.is_mine && outcome.of != id {
            true => format!("  {DIM}asked again{DIM:#}"),
            false => String::new(),
        };
        text.push_str(&format!(
            "  {id}  {title:20} {verdict}  {took:.1} s{again}\n"
        ));
        match &outcome.verdict {
            Ok(()) => {}
            Err(Problem::Wrong(finding)) => {
                text.push_str(&self.explained(outcome.of, finding));
            }
            Err(Problem::NotServing(why) | Problem::NotJudged(why)) => {
                text.push_str(&format!("      {why}\n"));
            }
        }
        say(&text);
    }

    /// What was found, and how to see it again.
    fn explained(&self, id: &str, finding: &Finding) -> String {
        let mut text = String::from("\n");
        for line in finding.to_string().lines() {
            text.push_str(&format!("      {line}\n"));
        }
        let command = match self.is_mine {
            true => Some(format!("cargo course run {id}")),
            false => self.command.clone(),
        };
        if let (Some(command), Some(replay)) = (command, finding.replay(addr())) {
            text.push_str(&format!(
                "        again      {command}\n        {:11}{replay}\n",
                ""
            ));
        } else {
            // A quote within quotes, as every shell takes it.
            let quoted = |line: &String| format!(" --server '{}'", line.replace('\'', r"'\''"));
            let server = self.server.as_ref().map(quoted);
            let server = server.unwrap_or_default();
            let cuts = self.cuts.as_ref().map(|cuts| format!(" --cuts {cuts}"));
            let cuts = cuts.unwrap_or_default();
            text.push_str(&format!(
                "        again      cargo course check {id}{cuts}{server}\n"
            ));
        }
        text.push('\n');
        text
    }

    pub(super) fn summary(&self, outcomes: &[Outcome]) {
        if self.form == Form::Rows {
            return;
        }
        if self.form == Form::Json {
            return say(&format!("{}\n", json::document(outcomes)));
        }
        let failed: Vec<&Outcome> = outcomes.iter().filter(|o| o.verdict.is_err()).collect();
        let findings = || {
            failed.iter().filter_map(|outcome| match &outcome.verdict {
                Err(Problem::Wrong(finding)) => Some(finding),
                Ok(()) | Err(Problem::NotServing(_) | Problem::NotJudged(_)) => None,
            })
        };
        let mut text = match self.is_mine {
            true => String::new(),
            false => counted(outcomes),
        };
        if findings().any(|finding| !finding.sent.is_empty()) {
            text.push_str(GLOSSARY);
        }
        if findings().any(|finding| finding.at.is_some()) {
            text.push_str(CARET);
        }
        let is_again = findings().any(|finding| finding.replay(addr()).is_some());
        if is_again && (self.is_mine || self.command.is_some()) {
            text.push_str(AGAIN);
        }
        let folder = self
            .command
            .as_deref()
            .filter(|line| line.contains("FOLDER"));
        if is_again && folder.is_some() {
            text.push_str(KEEP);
        }
        if self.is_mine {
            text.push_str(&next_of(outcomes));
        } else if let Some(first) = failed.first() {
            let chapter = first.check.chapter;
            // A String takes everything.
            let _ = writeln!(text, "Begin with {}: chapter {chapter}.", first.check.id);
        }
        say(&text);
    }
}

/// How many have passed, in each step where there are several.
fn counted(outcomes: &[Outcome]) -> String {
    let passed = |outcomes: &[&Outcome]| outcomes.iter().filter(|o| o.verdict.is_ok()).count();
    let all: Vec<&Outcome> = outcomes.iter().collect();
    let mut text = format!("{} of {} passed\n", passed(&all), all.len());
    let steps = all.chunk_by(|a, b| a.check.step() == b.check.step());
    let steps: Vec<&[&Outcome]> = steps.collect();
    if steps.len() > 1 {
        for step in steps {
            let (number, done, of) = (step[0].check.step(), passed(step), step.len());
            let bar = bar(done, of, BAR);
            text.push_str(&format!("  step {number}  {bar} {done} of {of}\n"));
        }
    }
    text
}

/// What to do about each exercise that was judged.
fn next_of(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for exercise in outcomes.chunk_by(|a, b| a.of == b.of) {
        let id = exercise[0].of;
        let chapter = exercise[0].check.chapter;
        let own = exercise[0].verdict.is_ok();
        let kept = exercise.iter().all(|outcome| outcome.verdict.is_ok());
        text.push_str(&match (own, kept) {
            (true, true) => format!(
                "{GOOD}{id} is solved.{GOOD:#} `cargo course solution {id}` shows how the course does it, \
                 `cargo course diff {id}` what differs; `cargo course next` goes on.\n"
            ),
            (true, false) => format!(
                "{BAD}{id} passes, but something that worked before does not work any more.{BAD:#}\n"
            ),
            (false, _) => format!(
                "{BAD}{id} is not solved yet.{BAD:#} Chapter {chapter} explains it; \
                 `cargo course hint {id}` helps.\n"
            ),
        });
    }
    text
}

const GLOSSARY: &str = "\
An octet is a byte of eight bits.
\\r and \\n are the octets 13 and 10, carriage return and line feed; in HTTP, \\r\\n ends a line.
\\x and two digits are any other octet that has no letter.
";

const CARET: &str = "^ marks the first octet that is not as expected.\n";

const AGAIN: &str = "\
The two commands after `again` are for two terminals: one starts the server, the other sends the
same octets (nc is in the package netcat-openbsd).
";

const KEEP: &str = "FOLDER stands for the files that are asked for; `--keep FOLDER` makes them.\n";

fn addr() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], PORT))
}
