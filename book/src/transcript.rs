//! The commands of a chapter, and what they must print.
//!
//! | fence | holds |
//! |---|---|
//! | `console` | `$ command` lines, each followed by its whole output |
//! | `console,server=NAME` | one `$ command` that stays running, followed by what it prints before we go on |
//! | `console,of=NAME` | no command: what that server has printed since |
//! | `console,needs=PROG` | commands that are skipped where `PROG` is missing |
//! | `console,norun` | commands shown only; the suite holds the list of those that may be |
//!
//! A command that ends in a backslash goes on in the next line. `$ ^C NAME` stops a server, and
//! what follows is what it had left to say. How output is compared is told in [`crate::matcher`].
//!
//! This module reads; it starts nothing.

use crate::fence::{Fence, fences};
use std::fmt;

/// A `console` fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Line of its opening backticks, from 1.
    pub line: usize,
    /// What is done with its commands.
    pub kind: Kind,
    /// Programs without which it is skipped.
    pub needs: Vec<String>,
    /// In order; at least one.
    pub commands: Vec<Command>,
}

/// What is done with the commands of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Each runs to its end before the next.
    Run,
    /// The one command keeps running, under this name.
    Server(String),
    /// Nothing: the reader alone can run them.
    Shown,
}

/// One `$` line and what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Its line, from 1.
    pub line: usize,
    /// What to do.
    pub action: Action,
    /// Output lines that must follow.
    pub expected: Vec<String>,
    /// Exit status that must follow; that of a command without a word about it is 0.
    pub exit: i32,
}

/// What a `$` line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Give this to the shell.
    Shell(String),
    /// Interrupt the server of that name and wait for its end.
    Stop(String),
    /// Wait until the server of that name has printed what is expected.
    Hear(String),
}

/// A fence that breaks a rule of the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Line of the chapter, from 1.
    pub line: usize,
    /// What is wrong, and what to write instead.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl Mistake {
    /// A mistake in the line of that index.
    fn at(index: usize, what: impl Into<String>) -> Mistake {
        Mistake {
            line: index + 1,
            what: what.into(),
        }
    }
}

/// Reads every `console` fence of a chapter, in order.
///
/// # Errors
/// The first fence that breaks a rule: one that is never closed; a `$` line outside `console`, or
/// Rust that is typed and not included, neither of which any test would run; a setting or a
/// command this module does not know.
pub fn blocks(chapter: &str) -> Result<Vec<Block>, Mistake> {
    let lines: Vec<&str> = chapter.lines().collect();
    let found = fences(&lines).map_err(|(at, what)| Mistake::at(at, what))?;
    let mut blocks = Vec::new();
    for fence in &found {
        match fence.language() {
            "console" => blocks.push(block(fence, &lines)?),
            "rust" => only_tags(fence, &lines)?,
            _ => no_commands(fence, &lines)?,
        }
    }
    Ok(blocks)
}

fn only_tags(fence: &Fence<'_>, lines: &[&str]) -> Result<(), Mistake> {
    match fence
        .body(lines)
        .find(|(_, line)| !line.trim().is_empty() && !line.trim().starts_with("{{#"))
    {
        Some((at, _)) => Err(Mistake::at(
            at,
            "Rust in a chapter is included from a file that compiles, never typed",
        )),
        None => Ok(()),
    }
}

fn no_commands(fence: &Fence<'_>, lines: &[&str]) -> Result<(), Mistake> {
    match fence.body(lines).find(|(_, line)| line.starts_with("$ ")) {
        Some((at, _)) => Err(Mistake::at(
            at,
            "a command stands in a `console` fence, where it is run",
        )),
        None => Ok(()),
    }
}

fn block(fence: &Fence<'_>, lines: &[&str]) -> Result<Block, Mistake> {
    let mut kind = Kind::Run;
    let mut needs = Vec::new();
    let mut heard = None;
    for setting in fence.settings() {
        match setting.split_once('=') {
            Some(("server", name)) if !name.is_empty() => kind = Kind::Server(name.to_owned()),
            Some(("of", name)) if !name.is_empty() => heard = Some(name),
            Some(("needs", program)) if !program.is_empty() => needs.push(program.to_owned()),
            None if setting == "norun" => kind = Kind::Shown,
            Some(_) | None => {
                return Err(Mistake::at(
                    fence.open,
                    format!("`{setting}` is none of server=NAME, of=NAME, needs=PROG, norun"),
                ));
            }
        }
    }
    let commands = match heard {
        Some(name) => vec![hearing(fence, lines, name)?],
        None => commands(fence, lines)?,
    };
    if matches!(kind, Kind::Server(_)) {
        let [command] = commands.as_slice() else {
            return Err(Mistake::at(fence.open, "a server is one command"));
        };
        if !matches!(command.action, Action::Shell(_)) {
            return Err(Mistake::at(
                fence.open,
                "a server is a command of the shell",
            ));
        }
    }
    Ok(Block {
        line: fence.open + 1,
        kind,
        needs,
        commands,
    })
}

fn hearing(fence: &Fence<'_>, lines: &[&str], name: &str) -> Result<Command, Mistake> {
    no_commands(fence, lines)?;
    Ok(Command {
        line: fence.open + 1,
        action: Action::Hear(name.to_owned()),
        expected: fence.body(lines).map(|(_, line)| line.to_owned()).collect(),
        exit: 0,
    })
}

fn commands(fence: &Fence<'_>, lines: &[&str]) -> Result<Vec<Command>, Mistake> {
    let mut commands: Vec<Command> = Vec::new();
    let mut unfinished = false;
    for (at, line) in fence.body(lines) {
        let last = commands.last_mut();
        if let (true, Some(last)) = (unfinished, last) {
            if let Action::Shell(text) = &mut last.action {
                text.push('\n');
                text.push_str(line);
            }
            unfinished = line.ends_with('\\');
        } else if let Some(text) = line.strip_prefix("$ ") {
            unfinished = text.ends_with('\\');
            commands.push(command(at, text));
        } else {
            match commands.last_mut() {
                Some(last) => after(last, at, line)?,
                None => return Err(Mistake::at(at, "output before the first `$` command")),
            }
        }
    }
    if commands.is_empty() {
        return Err(Mistake::at(
            fence.open,
            "a console fence without a `$` command",
        ));
    }
    Ok(commands)
}

fn command(at: usize, text: &str) -> Command {
    let action = match text.strip_prefix("^C ") {
        Some(name) => Action::Stop(name.trim().to_owned()),
        None => Action::Shell(text.to_owned()),
    };
    Command {
        line: at + 1,
        action,
        expected: Vec::new(),
        exit: 0,
    }
}

fn after(command: &mut Command, at: usize, line: &str) -> Result<(), Mistake> {
    let status = line
        .strip_prefix("[exit ")
        .and_then(|rest| rest.strip_suffix(']'));
    match status.map(str::parse) {
        Some(Ok(0)) | Some(Err(_)) => Err(Mistake::at(
            at,
            "[exit N] names a status that is a number and not 0",
        )),
        Some(Ok(status)) => {
            command.exit = status;
            Ok(())
        }
        None if command.exit != 0 => Err(Mistake::at(at, "output after [exit N]")),
        None => {
            command.expected.push(line.to_owned());
            Ok(())
        }
    }
}

/// Rewrites the `console` fences of a chapter for readers: the settings go, which the page's
/// colouring would not understand, and what they mean to a reader is said in words.
///
/// # Errors
/// A fence that is never closed.
pub fn for_reading(chapter: &str) -> Result<String, Mistake> {
    let lines: Vec<&str> = chapter.lines().collect();
    let found = fences(&lines).map_err(|(at, what)| Mistake::at(at, what))?;
    let mut out = String::with_capacity(chapter.len());
    let mut fences = found.iter().peekable();
    for (at, line) in lines.iter().enumerate() {
        fences.next_if(|fence| fence.close < at);
        let inside = fences
            .peek()
            .filter(|fence| fence.open <= at && fence.language() == "console");
        match inside {
            Some(fence) if fence.open == at => open_for_reading(fence, &lines, &mut out),
            Some(_) => match line.trim_start().strip_prefix("$ ^C ") {
                Some(name) => out.push_str(&format!("(press Ctrl-C in the terminal of {name})")),
                None => out.push_str(line),
            },
            None => out.push_str(line),
        }
        out.push('\n');
    }
    Ok(out)
}

fn open_for_reading(fence: &Fence<'_>, lines: &[&str], out: &mut String) {
    let indent = " ".repeat(fence.indent);
    // A block that asks a server needs what the server needs; a reader knows that.
    let typed = |program| fence.body(lines).any(|(_, line)| line.contains(program));
    let label = fence.settings().find_map(|setting| {
        let (key, value) = setting.split_once('=')?;
        match key {
            "server" => Some(format!("in a terminal of its own: <b>{value}</b>")),
            "of" => Some(format!("in the terminal of <b>{value}</b>")),
            "needs" if typed(value) => Some(format!("needs the program <b>{value}</b>")),
            _ => None,
        }
    });
    if let Some(label) = label {
        out.push_str(&format!("{indent}<p class=\"terminal\">{label}</p>\n\n"));
    }
    let line = lines[fence.open];
    out.push_str(line.split(',').next().unwrap_or(line));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(line: usize, text: &str, expected: &[&str], exit: i32) -> Command {
        Command {
            line,
            action: Action::Shell(text.to_owned()),
            expected: expected.iter().map(|&line| line.to_owned()).collect(),
            exit,
        }
    }

    #[track_caller]
    fn refused(chapter: &str, line: usize, what: &str) {
        let mistake = blocks(chapter).unwrap_err();
        assert_eq!(mistake.line, line, "{mistake}");
        assert!(mistake.what.contains(what), "{mistake}");
    }

    #[test]
    fn commands_keep_their_output_and_status() {
        let chapter = "x\n```console\n$ a | b\none\n\n$ c\n[exit 7]\n```\n";
        assert_eq!(
            blocks(chapter).unwrap(),
            [Block {
                line: 2,
                kind: Kind::Run,
                needs: vec![],
                commands: vec![shell(3, "a | b", &["one", ""], 0), shell(6, "c", &[], 7)],
            }]
        );
    }

    #[test]
    fn a_backslash_continues_a_command() {
        let found = blocks("```console\n$ a \\\n    b\nout\n```\n").unwrap();
        assert_eq!(found[0].commands, [shell(2, "a \\\n    b", &["out"], 0)]);
    }

    #[test]
    fn servers_start_and_stop_by_name() {
        let chapter =
            "```console,server=door,needs=nc\n$ run\nready\n```\n```console\n$ ^C door\nbye\n```\n";
        let found = blocks(chapter).unwrap();
        assert_eq!(found[0].kind, Kind::Server("door".to_owned()));
        assert_eq!(found[0].needs, ["nc"]);
        assert_eq!(found[1].commands[0].action, Action::Stop("door".to_owned()));
        assert_eq!(found[1].commands[0].expected, ["bye"]);
    }

    #[test]
    fn what_a_server_printed_since_has_no_command() {
        let found = blocks("```console,of=door\nbye\n```\n").unwrap();
        assert_eq!(found[0].commands[0].action, Action::Hear("door".to_owned()));
        assert_eq!(found[0].commands[0].expected, ["bye"]);
        refused("```console,of=door\n$ ls\n```\n", 2, "`console` fence");
        refused("```console,of=a,server=b\nx\n```\n", 1, "of the shell");
    }

    #[test]
    fn what_no_test_would_run_is_refused() {
        refused("\n```text\n$ ls\n```\n", 3, "`console` fence");
        refused("```rust\nfn main() {}\n```\n", 2, "never typed");
        refused("```rust,ignore\n{{#include a}}\nx\n```\n", 3, "never typed");
        refused("```console,nowait\n$ ls\n```\n", 1, "none of server=NAME");
        refused("```console\nls\n```\n", 2, "before the first");
        refused("```console\n```\n", 1, "without a `$`");
        refused("```console,server=a\n$ b\n$ c\n```\n", 1, "one command");
        refused("```console\n$ a\n[exit 0]\n```\n", 3, "not 0");
        refused("```console\n$ a\n[exit 1]\nx\n```\n", 4, "after [exit N]");
        refused("```console\n$ a\n", 1, "never closed");
    }

    #[test]
    fn included_rust_is_welcome() {
        assert_eq!(blocks("```rust\n{{#include a.rs:b}}\n```\n"), Ok(vec![]));
    }

    #[test]
    fn readers_see_words_instead_of_settings() {
        let chapter = "a\n```console,server=door\n$ x\n```\n\n```console\n$ ^C door\n```\n```text\n$ ^C\n```\n";
        assert_eq!(
            for_reading(chapter).unwrap(),
            "a\n<p class=\"terminal\">in a terminal of its own: <b>door</b></p>\n\n```console\n$ x\n```\n\n\
             ```console\n(press Ctrl-C in the terminal of door)\n```\n```text\n$ ^C\n```\n"
        );
    }
}
