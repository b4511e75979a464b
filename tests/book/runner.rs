//! Runs every command of a chapter and compares.

use crate::ports::Ports;
use crate::program::{Program, within};
use book::matcher::{matched_prefix, matches};
use book::transcript::{Action, Block, Command, Kind, blocks};
use check::TempFolder;
use check::needs::find;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// For a command, and for each word of a server: a reader would not wait longer either.
const PATIENCE_SECONDS: u64 = 20;
/// For a command of cargo's, which may have to wait until another cargo is done.
const CARGO_PATIENCE_SECONDS: u64 = 180;

/// Commands a chapter may show without running them: the front doors, which run this test, or do
/// not end.
const SHOWN_ONLY: [&str; 3] = ["cargo run", "cargo test", "cargo course watch"];

/// What is wrong, with the place, or nothing.
pub(crate) type Outcome = Result<(), String>;

/// One chapter while it is being run.
struct Run<'r> {
    /// As it is named in messages, relative to the workspace.
    name: &'r str,
    /// Where commands run.
    root: &'r Path,
    ports: Ports,
    servers: BTreeMap<String, Server>,
    /// What the chapter makes for the reader.
    folder: TempFolder,
}

/// A server of the chapter, or the reason why there is none.
enum Server {
    Running { program: Program, read: usize },
    Skipped,
}

/// Runs all commands of one chapter; servers that are left are killed at its end.
///
/// # Errors
/// The first command that does something else than the chapter says.
pub(crate) fn run(name: &str, chapter: &str, root: &Path) -> Outcome {
    let blocks = blocks(chapter).map_err(|mistake| format!("{name}: {mistake}"))?;
    let mut run = Run {
        name,
        root,
        ports: Ports::default(),
        servers: BTreeMap::new(),
        folder: TempFolder::new().map_err(|error| format!("{name}: {error}"))?,
    };
    blocks.iter().try_for_each(|block| run.block(block))
}

/// The cargo commands that compile beforehand what a chapter runs, so that limits of time are
/// about running.
pub(crate) fn builds(chapter: &str) -> Vec<String> {
    let blocks = blocks(chapter).unwrap_or_default();
    let commands = blocks
        .iter()
        .filter(|block| block.kind != Kind::Shown)
        .flat_map(|block| &block.commands);
    let mut builds = Vec::new();
    for command in commands {
        let Action::Shell(text) = &command.action else {
            continue;
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        let package = words
            .windows(2)
            .find_map(|pair| (pair[0] == "-p").then_some(pair[1]));
        match (words.as_slice(), package) {
            (["cargo", "run", ..], Some(package)) => {
                builds.push(format!("cargo build -q -p {package} --bins --examples"));
            }
            (["cargo", "test", ..], Some(_)) => builds.push(format!("{text} --no-run")),
            (["cargo", "course", ..], _) => builds.push("cargo build -q -p book".to_owned()),
            _ => {}
        }
    }
    builds
}

impl Run<'_> {
    fn block(&mut self, block: &Block) -> Outcome {
        if let Some(missing) = block.needs.iter().find(|program| find(program).is_none()) {
            return self.skip(block, missing);
        }
        match &block.kind {
            Kind::Shown => self.shown_only(block),
            Kind::Server(name) => self.start(name, &block.commands[0]),
            Kind::Run => block
                .commands
                .iter()
                .try_for_each(|command| self.command(command)),
        }
    }

    fn skip(&mut self, block: &Block, missing: &str) -> Outcome {
        let place = format!("{}:{}", self.name, block.line);
        if std::env::var_os("CI").is_some_and(|ci| ci == "true") {
            return Err(format!("{place}: {missing} is not installed"));
        }
        println!("skipped: {place}: {missing} is not installed");
        if let Kind::Server(name) = &block.kind {
            self.servers.insert(name.clone(), Server::Skipped);
        }
        Ok(())
    }

    fn shown_only(&self, block: &Block) -> Outcome {
        for command in &block.commands {
            let allowed = match &command.action {
                Action::Shell(text) => SHOWN_ONLY.contains(&text.as_str()),
                Action::Stop(_) | Action::Hear(_) => false,
            };
            if !allowed {
                return Err(self.at(
                    command,
                    "only the front doors may be shown without being run",
                ));
            }
        }
        Ok(())
    }

    fn command(&mut self, command: &Command) -> Outcome {
        match &command.action {
            Action::Shell(text) => self.shell(text, command),
            Action::Hear(name) => self.hear(name, command),
            Action::Stop(name) => self.stop(name, command),
        }
    }

    fn program(&self, line: &str, command: &Command) -> Result<Program, String> {
        let workbook = self.folder.path().join("workbook");
        Program::start_with(line, self.root, &workbook).map_err(|error| self.at(command, error))
    }

    fn shell(&mut self, text: &str, command: &Command) -> Outcome {
        let line = self.ports.translate(text);
        let program = self.program(&line, command)?;
        let Some(status) = program.wait(within(patience(text))) else {
            return Err(self.differs(command, &program.lines(), "it did not end in time"));
        };
        let printed = program.lines();
        let code = status.code().unwrap_or(-1);
        if !matches(&self.expected(command), &printed) {
            return Err(self.differs(command, &printed, "it printed something else"));
        }
        if code != command.exit {
            return Err(self.differs(command, &printed, &format!("it ended with status {code}")));
        }
        Ok(())
    }

    fn start(&mut self, name: &str, command: &Command) -> Outcome {
        let Action::Shell(text) = &command.action else {
            return Err(self.at(command, "a server is a command of the shell"));
        };
        let line = self.ports.translate(text);
        let program = self.program(&line, command)?;
        let expected = self.expected(command);
        let read = program.wait_for(within(patience(text)), |lines| {
            matched_prefix(&expected, lines)
        });
        let Some(read) = read else {
            return Err(self.differs(command, &program.lines(), "it never printed this"));
        };
        self.servers
            .insert(name.to_owned(), Server::Running { program, read });
        Ok(())
    }

    fn hear(&mut self, name: &str, command: &Command) -> Outcome {
        let expected = self.expected(command);
        match self.servers.get_mut(name) {
            None => Err(self.at(command, format!("no server is called {name}"))),
            Some(Server::Skipped) => Ok(()),
            Some(Server::Running { program, read }) => {
                let heard = program.wait_for(within(PATIENCE_SECONDS), |lines| {
                    matched_prefix(&expected, lines.get(*read..)?)
                });
                match heard {
                    Some(more) => {
                        *read += more;
                        Ok(())
                    }
                    None => {
                        let printed = program.lines().split_off(*read);
                        Err(self.differs(command, &printed, "it never printed this"))
                    }
                }
            }
        }
    }

    fn stop(&mut self, name: &str, command: &Command) -> Outcome {
        let (program, read) = match self.servers.remove(name) {
            None => return Err(self.at(command, format!("no server is called {name}"))),
            Some(Server::Skipped) => return Ok(()),
            Some(Server::Running { program, read }) => (program, read),
        };
        program.interrupt();
        let ended = program.wait(within(PATIENCE_SECONDS));
        let printed = program.lines().split_off(read);
        if ended.is_none() {
            return Err(self.differs(command, &printed, "it did not end in time"));
        }
        // Without a word about what it says last, it may say anything.
        if command.expected.is_empty() || matches(&self.expected(command), &printed) {
            return Ok(());
        }
        Err(self.differs(command, &printed, "it printed something else"))
    }

    fn expected(&mut self, command: &Command) -> Vec<String> {
        let lines = command.expected.iter();
        lines.map(|line| self.ports.translate(line)).collect()
    }

    fn at(&self, command: &Command, what: impl std::fmt::Display) -> String {
        format!("{}:{}: {what}", self.name, command.line)
    }

    /// Both texts, in the chapter's own ports; with `BLESS=1` the second is ready to be pasted.
    fn differs(&self, command: &Command, printed: &[String], what: &str) -> String {
        let mut report = self.at(command, what);
        if let Action::Shell(text) = &command.action {
            // Writing to a string cannot fail.
            let _ = write!(report, "\n  $ {text}");
        }
        let printed: Vec<String> = printed.iter().map(|line| self.ports.back(line)).collect();
        let bless = std::env::var_os("BLESS").is_some_and(|bless| bless == "1");
        let margin = if bless { "" } else { "    |" };
        for (title, lines) in [
            ("the chapter says", &command.expected),
            ("it printed", &printed),
        ] {
            let _ = write!(report, "\n  {title}:");
            for line in lines {
                let _ = write!(report, "\n{margin}{line}");
            }
        }
        report
    }
}

/// How long a command may take, in seconds.
fn patience(command: &str) -> u64 {
    if command.starts_with("cargo ") {
        CARGO_PATIENCE_SECONDS
    } else {
        PATIENCE_SECONDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(chapter: &str) -> Outcome {
        run("chapter.md", chapter, Path::new("/"))
    }

    #[test]
    fn a_transcript_that_tells_the_truth_passes() {
        let chapter = "```console\n$ echo a; echo b >&2\na\nb\n$ printf 'x\\r\\n'; exit 3\nx\n[exit 3]\n```\n";
        assert_eq!(outcome(chapter), Ok(()));
    }

    #[test]
    fn a_lie_names_its_line_and_shows_both_texts() {
        let report = outcome("\n```console\n$ echo hello\nhallo\n```\n").unwrap_err();
        assert!(
            report.starts_with("chapter.md:3: it printed something else"),
            "{report}"
        );
        assert!(
            report.contains("|hallo") && report.contains("|hello"),
            "{report}"
        );
        let report = outcome("```console\n$ exit 1\n```\n").unwrap_err();
        assert!(report.contains("status 1"), "{report}");
    }

    #[test]
    fn servers_are_started_heard_and_stopped() {
        let chapter = "```console,server=s\n$ echo ready; trap 'echo bye; exit' INT; echo more; while :; do :; done\nready\n```\n\
                       ```console,of=s\nmore\n```\n```console\n$ ^C s\nbye\n```\n";
        assert_eq!(outcome(chapter), Ok(()));
        let chapter = "```console\n$ ^C nobody\n```\n";
        assert!(
            outcome(chapter)
                .unwrap_err()
                .contains("no server is called nobody")
        );
    }

    #[test]
    fn a_missing_program_is_a_skip_or_in_ci_a_failure() {
        let chapter =
            "```console,server=s,needs=no-such-program\n$ x\n```\n```console\n$ ^C s\n```\n";
        let in_ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
        assert_eq!(outcome(chapter).is_err(), in_ci);
    }

    #[test]
    fn only_the_front_doors_are_shown_without_being_run() {
        assert_eq!(outcome("```console,norun\n$ cargo run\n```\n"), Ok(()));
        assert!(outcome("```console,norun\n$ cargo build\n```\n").is_err());
    }

    #[test]
    fn what_a_chapter_runs_is_compiled_beforehand() {
        let chapter = "```console\n$ cargo run -q -p a --example b -- c\n$ cargo test -q -p d e\n\
                       $ cargo course check\n$ ls\n```\n";
        assert_eq!(
            builds(chapter),
            [
                "cargo build -q -p a --bins --examples",
                "cargo test -q -p d e --no-run",
                "cargo build -q -p book"
            ]
        );
    }
}
