//! What is printed while checks run, and after.
//!
//! On a terminal the check that is running is shown, and gone when its verdict is there; elsewhere
//! every line is final. Colours are left out where nobody wants them (`NO_COLOR`) or sees them.

use super::{Asked, Outcome, Session, json};
use anstyle::AnsiColor;
use check::grader::{Check, Cutting, Finding, Label, Problem};
use std::fmt::Write;
use std::io::{self, IsTerminal, Write as _};
use std::net::SocketAddr;

/// The port in commands that a person is to type.
const PORT: u16 = 8080;

/// Where what is printed goes, and in which form.
pub(super) struct Shown {
    form: Form,
    /// The server's command as it was given; none for the course's own.
    server: Option<String>,
    /// How what is sent is cut, as it is asked for again.
    cuts: Option<String>,
    /// The same for a person to type, with a port and a folder.
    command: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Terminal,
    Lines,
    Json,
}

/// Prints the checks that there are.
pub(super) fn list(checks: &[Check]) {
    let dim = AnsiColor::BrightBlack.on_default();
    for check in checks {
        let label = match check.label {
            Label::Agreed => "agreed",
            Label::Rfc => "rfc   ",
            Label::Course => "course",
        };
        let (id, title, chapter, needs) = (check.id, check.title, check.chapter, check.needs);
        say(&format!(
            "{id}  {title:20} chapter {chapter}  {label}  {dim}{needs}{dim:#}\n"
        ));
    }
}

impl Shown {
    pub(super) fn new(asked: &Asked, session: &Session) -> Shown {
        let form = match (asked.json, io::stdout().is_terminal()) {
            (true, _) => Form::Json,
            (false, true) => Form::Terminal,
            (false, false) => Form::Lines,
        };
        let root = match asked.keep {
            Some(_) => session.tree.root().display().to_string(),
            None => "FOLDER/root".into(),
        };
        let command = session.server.as_ref().map(|server| {
            let programs = format!("{}programs", root.trim_end_matches("root"));
            server
                .typed
                .replace("{addr}", &addr().to_string())
                .replace("{port}", &PORT.to_string())
                .replace("{root}", &root)
                .replace("{cgi}", &programs)
        });
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
        };
        if form != Form::Json {
            let whom = asked.server.as_deref().unwrap_or("the course's own server");
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
        if self.form == Form::Json {
            return;
        }
        let (good, bad) = (AnsiColor::Green.on_default(), AnsiColor::Red.on_default());
        let mut text = String::new();
        if self.form == Form::Terminal {
            // Over the line that said what was running.
            text.push_str("\r\x1b[K");
        }
        let Check { id, title, .. } = outcome.check;
        let verdict = match &outcome.verdict {
            Ok(()) => format!("{good}passed{good:#}"),
            Err(Problem::Wrong(_)) => format!("{bad}failed{bad:#}"),
            Err(Problem::NotServing(_)) => format!("{bad}no server{bad:#}"),
            Err(Problem::NotJudged(_)) => format!("{bad}not judged{bad:#}"),
        };
        let took = outcome.took.as_secs_f64();
        text.push_str(&format!("  {id}  {title:20} {verdict}  {took:.1} s\n"));
        match &outcome.verdict {
            Ok(()) => {}
            Err(Problem::Wrong(finding)) => text.push_str(&self.explained(id, finding)),
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
        if let (Some(command), Some(replay)) = (&self.command, finding.replay(addr())) {
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
        if self.form == Form::Json {
            return say(&format!("{}\n", json::document(outcomes)));
        }
        let failed: Vec<&Outcome> = outcomes.iter().filter(|o| o.verdict.is_err()).collect();
        let passed = outcomes.len() - failed.len();
        let mut text = format!("{passed} of {} passed\n", outcomes.len());
        let findings = || {
            failed.iter().filter_map(|outcome| match &outcome.verdict {
                Err(Problem::Wrong(finding)) => Some(finding),
                Ok(()) | Err(Problem::NotServing(_) | Problem::NotJudged(_)) => None,
            })
        };
        if findings().any(|finding| !finding.sent.is_empty()) {
            text.push_str(GLOSSARY);
        }
        let command = self.command.as_deref();
        if let Some(command) = command.filter(|_| findings().any(|f| f.replay(addr()).is_some())) {
            text.push_str(AGAIN);
            if command.contains("FOLDER") {
                text.push_str(KEEP);
            }
        }
        if let Some(first) = failed.first() {
            let chapter = first.check.chapter;
            // A String takes everything.
            let _ = writeln!(text, "Begin with {}: chapter {chapter}.", first.check.id);
        }
        say(&text);
    }
}

const GLOSSARY: &str = "\
An octet is a byte of eight bits. ^ marks the first one that is not as expected.
\\r and \\n are the octets 13 and 10, carriage return and line feed; in HTTP, \\r\\n ends a line.
\\x and two digits are any other octet that has no letter.
";

const AGAIN: &str = "\
The two commands after `again` are for two terminals: one starts the server, the other sends the
same octets (nc is in the package netcat-openbsd).
";

const KEEP: &str = "FOLDER stands for the files that are asked for; `--keep FOLDER` makes them.\n";

fn addr() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], PORT))
}

/// Prints text as it is. Unlike `print!`, it does not panic when whoever reads has gone.
fn say(text: &str) {
    let mut out = anstream::stdout();
    // Nobody is left to read it; the exit status tells all the same.
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}
