//! `run`: a server to be played with, over the files that are served while it is judged.

use crate::desk::Desk;
use crate::terminal::{STRONG, is_attended, say};
use crate::{AWAY, Failure, HOME, ending};
use check::exercise::subject;
use check::grader::{Subject, Tree, binary};
use check::process::signal;
use clap::Args;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, ExitCode};

/// Which server.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo course run 3f                       your 3f, at port 8080, until Ctrl-C
  cargo course run step03                   the program of step 3
  cargo course run step05 -- --server pool  words after -- are the server's own")]
pub(crate) struct Asked {
    /// An exercise of your workbook, such as 3f, or step01, step03, step04, step05 [default: the first
    /// exercise that is not solved].
    #[arg(value_name = "EXERCISE|STEP")]
    what: Option<String>,
    /// Where to listen [default: 127.0.0.1:8080, or another port when that one is taken].
    #[arg(long, value_name = "ADDRESS", value_parser = crate::address)]
    listen: Option<SocketAddr>,
    /// For the server itself.
    #[arg(last = true, value_name = "WORDS")]
    words: Vec<String>,
}

/// Serves until it is told to end, and ends as the server did.
pub(crate) fn run(asked: &Asked) -> Result<ExitCode, Failure> {
    let (talks, words) = server(asked)?;
    let system = |error: io::Error| Failure::new(error.to_string(), "Is there room on the disk?");
    let stop = ending::heard().map_err(system)?;
    let tree = Tree::new().map_err(system)?;
    let addr = asked.listen.unwrap_or_else(free);
    let words = words.words_at(&tree, addr).unwrap_or_default();
    say(&match talks {
        Talks::Http => format!(
            "serving {} at {STRONG}http://{addr}/{STRONG:#} until Ctrl-C\n",
            tree.root().display()
        ),
        Talks::Octets => format!(
            "listening on {addr} until Ctrl-C; to talk to it: {STRONG}nc {} {}{STRONG:#}\n",
            addr.ip(),
            addr.port()
        ),
    });
    let (program, arguments) = words.split_first().expect("a command line has a program");
    // It is outlived, so that the files can be removed.
    let served = Command::new(program)
        .args(arguments)
        .args(&asked.words)
        .spawn();
    let mut served = served.map_err(|error| {
        Failure::new(
            format!("{program}: {error}"),
            "`cargo course list` shows what there is.",
        )
    })?;
    let pid = served.id();
    // At a terminal, Ctrl-C reaches the server as well, and once is enough.
    let is_told = is_attended();
    let tell = move || {
        if !is_told {
            // A server that has gone need not be told.
            let _ = signal("TERM", pid);
        }
    };
    let (_stop, _cut) = (stop.on_stop(tell), stop.on_cut(tell));
    let status = served.wait().map_err(system)?;
    Ok(match status.code() {
        Some(0) | None => ExitCode::SUCCESS,
        Some(_) => ExitCode::FAILURE,
    })
}

/// What a server understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Talks {
    /// A browser can ask it.
    Http,
    /// It has no messages, or other ones: those of step 1.
    Octets,
}

impl Talks {
    fn of(step: Option<char>) -> Talks {
        match step {
            Some('1') => Talks::Octets,
            Some(_) | None => Talks::Http,
        }
    }
}

/// What was asked for.
fn server(asked: &Asked) -> Result<(Talks, Subject), Failure> {
    let what = asked.what.as_deref();
    if let Some(number) = what.and_then(|what| what.strip_prefix("step")) {
        // A step that there is not is told by whoever knows those that there are.
        let talks = Talks::of(number.trim_start_matches('0').chars().next());
        let number = number.parse().unwrap_or(0);
        let built = binary(number).map(|binary| Subject::words(binary.words));
        return built
            .map(|subject| (talks, subject))
            .map_err(|why| Failure::new(why, "Such as: cargo course run step03"));
    }
    let desk = Desk::made()?;
    let exercise = desk.exercise(what)?;
    let talks = Talks::of(exercise.id.chars().next());
    Ok((talks, subject(&desk.build(exercise)?)))
}

/// The usual address, unless somebody is there.
fn free() -> SocketAddr {
    let listener = TcpListener::bind(HOME).or_else(|_| TcpListener::bind(AWAY));
    // Whoever finds no port at all hears of it from the server.
    listener
        .and_then(|listener| listener.local_addr())
        .unwrap_or(HOME)
}
