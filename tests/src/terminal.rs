//! Programs that Ctrl-C ends, as it ends what is started at a terminal, whoever has started us.
//!
//! A shell without job control has what it puts into the background (`nohup cargo test &` in a script)
//! ignore SIGINT and SIGQUIT (POSIX, Shell Command Language, "Signals and Error Handling"), and what is
//! ignored stays so in every program that is started from there (POSIX, exec()). A test that ends a
//! program by SIGINT would wait for its end in vain.
//!
//! Between fork and exec a process could undo that; in Rust that takes unsafe code. `env` of the GNU
//! coreutils does it and then becomes the program, under the same number. Nobody is put in between
//! where nothing is ignored: there, a program that is not to be found is reported as ever.

use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

const DEFAULT: &str = "--default-signal=INT,QUIT";

/// SIGINT and SIGQUIT in a mask of signals, as in proc(5).
const ASKED: u64 = 1 << (2 - 1) | 1 << (3 - 1);

/// A command that starts `program` with SIGINT and SIGQUIT as a terminal would; with an `env` that
/// knows of no signals, as they are here.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    static RESTORES: LazyLock<bool> = LazyLock::new(|| {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        is_deaf(&status) && env_restores()
    });
    match *RESTORES {
        true => restoring(program),
        false => Command::new(program),
    }
}

fn restoring(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("env");
    command.arg(DEFAULT).arg(program);
    command
}

/// Whether a process ignores either, from its `/proc/PID/status`.
fn is_deaf(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & ASKED != 0)
}

fn env_restores() -> bool {
    let mut trial = restoring("true");
    let trial = trial.stdout(Stdio::null()).stderr(Stdio::null()).status();
    trial.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::needs::is_left_out;
    use crate::subject::kill;
    use std::io::Read;
    use std::os::unix::process::ExitStatusExt;

    /// `command`, started by a shell that ignores both signals.
    fn from_the_background(command: &Command) -> Command {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", r#"trap '' INT QUIT; exec "$@""#, "sh"])
            .arg(command.get_program())
            .args(command.get_args());
        shell
    }

    #[test]
    fn who_ignores_ctrl_c_starts_programs_that_it_ends() {
        if !env_restores() {
            is_left_out(
                "Ctrl-C from the background",
                "env of coreutils 8.31 or later",
            );
            return;
        }
        let mut sleeper = restoring("sh");
        sleeper.args(["-c", "echo asleep; exec sleep 20"]);
        let mut child = from_the_background(&sleeper)
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let mut said = child.stdout.take().expect("it is a pipe");
        said.read_exact(&mut [0; 7]).expect("it falls asleep");
        kill("INT", &child.id().to_string()).expect("there is a shell");
        let status = child.wait().expect("it is ours");
        assert_eq!(status.signal(), Some(2), "{status}");
    }

    #[test]
    fn what_is_ignored_is_known() {
        let mut status = Command::new("cat");
        status.arg("/proc/self/status");
        let deaf = from_the_background(&status).output();
        let deaf = deaf.expect("there is a shell").stdout;
        assert!(is_deaf(&String::from_utf8_lossy(&deaf)));
        // What is ignored otherwise, such as SIGPIPE by every Rust program, changes nothing.
        assert!(!is_deaf(
            "SigBlk:\t0000000000000006\nSigIgn:\t0000000000001000\n"
        ));
        assert!(!is_deaf(""));
    }
}
