//! What all comparisons have in common: the command line, and that those who are compared take turns.

use check::needs;
use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What can go wrong is told in one sentence.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

const HELP: &str = "\
--only WORD     only what has this word in its name
--rounds N      so many rounds; an odd number has a median
--out FOLDER    write what the book shows into this folder; one that does not begin with a slash is seen
                from the course's own folder, wherever the command was typed";

/// What the command line asks for.
pub(crate) struct Options {
    only: String,
    pub(crate) rounds: usize,
    out: Option<PathBuf>,
}

impl Options {
    /// Whether something of that name is to be measured.
    pub(crate) fn wants(&self, name: &str) -> bool {
        name.contains(&self.only)
    }

    /// Where what the book shows is to be written, if it is: the folder is there.
    pub(crate) fn out(&self) -> Outcome<Option<&Path>> {
        let out = self.out.as_deref();
        out.map(fs::create_dir_all).transpose()?;
        Ok(out)
    }
}

/// Compares what these words ask for, in so many rounds unless they say otherwise, where these programs
/// are to be had.
pub(crate) fn main(
    words: impl Iterator<Item = String>,
    rounds: usize,
    programs: &[&str],
    compare: impl FnOnce(&Options) -> Outcome<()>,
) -> ExitCode {
    // `cargo test --benches` and the like only want to know that this starts.
    if !env::args().any(|word| word == "--bench") {
        return ExitCode::SUCCESS;
    }
    if env::args().any(|word| word == "--help") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    if needs::is_missing("the comparison", programs) {
        return ExitCode::SUCCESS;
    }
    match options(words, rounds).and_then(|options| compare(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("no comparison: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options(mut words: impl Iterator<Item = String>, rounds: usize) -> Outcome<Options> {
    let mut options = Options {
        only: String::new(),
        rounds,
        out: None,
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--only" => options.only = value()?,
            "--rounds" => options.rounds = value()?.parse()?,
            "--out" => options.out = Some(course()?.join(value()?)),
            "--bench" => {}
            other => return Err(format!("there is no option {other}; there are\n{HELP}").into()),
        }
    }
    Ok(options)
}

/// The folder of the course. Cargo starts a benchmark in that of its crate and keeps to itself where
/// it was asked for it, so a name is seen from the one folder that both sides know.
fn course() -> Outcome<PathBuf> {
    let tests = env::var_os("CARGO_MANIFEST_DIR").ok_or("this is started by cargo bench")?;
    let tests = PathBuf::from(tests);
    let course = tests.parent().ok_or("the course has a folder")?;
    Ok(course.to_owned())
}

/// Has each of so many contenders measured once in every round.
pub(crate) fn in_turns(
    name: &str,
    rounds: usize,
    contenders: usize,
    mut measure: impl FnMut(usize) -> Outcome<()>,
) -> Outcome<()> {
    for round in 0..rounds {
        eprint!("\r{name} {}/{rounds} ", round + 1);
        // Nobody is always the first after whatever the machine did between two rounds.
        for turn in 0..contenders {
            measure((round + turn) % contenders)?;
        }
    }
    eprint!("\r");
    Ok(())
}
