//! `bench`: the comparison with nginx and of the rungs with each other, on this machine.
//!
//! The measuring is a benchmark of the crate `check`; this starts it, because Cargo alone knows how
//! to build it for that.

use crate::Failure;
use clap::Args;
use std::env;
use std::path::PathBuf;
use std::process::Command;

/// What to measure.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo course bench                        everything, which takes a while
  cargo course bench --only 1k --rounds 3   one scenario, roughly")]
pub(crate) struct Asked {
    /// Only scenarios with this word in their name: 1k, pipelined, 16k, 128k, 64m, once, many,
    /// 304, c8, c512, c4096, two, clock, one, calls, idle.
    #[arg(long, value_name = "SCENARIO")]
    only: Option<String>,
    /// Rounds, interleaved; an odd number has a median.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=99))]
    rounds: Option<u16>,
    /// Write the tables and plots into this folder.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Measures, and waits for the end of it.
pub(crate) fn run(asked: &Asked) -> Result<(), Failure> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["bench", "--quiet", "--package", "check", "--bench", "serve"])
        .arg("--")
        .current_dir(book::home());
    if let Some(only) = &asked.only {
        command.arg("--only").arg(only);
    }
    if let Some(rounds) = asked.rounds {
        command.arg("--rounds").arg(rounds.to_string());
    }
    if let Some(out) = &asked.out {
        // Cargo starts a benchmark in the folder of its crate, wherever it was asked for.
        let out = std::path::absolute(out).map_err(|error| {
            Failure::new(format!("{}: {error}", out.display()), "Name a folder.")
        })?;
        command.arg("--out").arg(out);
    }
    let measured = command.status();
    match measured {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::new(
            "nothing was measured",
            "What is missing stands above; nginx and strace are needed.",
        )),
        Err(error) => Err(Failure::new(
            format!("cargo cannot be started: {error}"),
            "Is Rust installed, and cargo on the PATH?",
        )),
    }
}
