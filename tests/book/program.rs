//! A command line that runs in a session of its own, and what it has printed so far.
//!
//! Whoever starts one can wait for its words or its end, always with a deadline. When the value is
//! dropped everything in the session is killed, so a test that panics leaves nothing behind. A
//! process group would not be enough: programs such as `timeout` move into one of their own.

use check::terminal;
use std::fs;
use std::io::{self, PipeWriter, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Octets of output that are kept: a transcript is read by people.
const OUTPUT_BYTES: u64 = 1024 * 1024;

/// Rounds of killing: a process can start another while we look at the list.
const ROUNDS: usize = 20;

/// Runs `$1`, and kills its whole session when our end of its input is closed, however we end: a
/// test that is interrupted has no time to tidy up. The watcher is no child of the command, which may
/// want to wait for all it has; the command itself has no input.
const WATCHED: &str = "exec 3<&0 </dev/null
    ( (read -r <&3; kill -KILL $(ps -o pid= -s $$)) >/dev/null 2>&1 & )
    exec bash -c \"$1\" 3<&-";

/// Settings of the user that would change what commands print.
const UNWANTED: [&str; 8] = [
    "http_proxy",
    "HTTP_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "CURL_HOME",
    "CLICOLOR_FORCE",
];

/// A running command line.
pub(crate) struct Program {
    /// The process that leads the session, and gives it its number.
    leader: u32,
    /// Never written to; see [`WATCHED`].
    alive: PipeWriter,
    heard: Arc<Heard>,
    ended: Receiver<io::Result<ExitStatus>>,
}

#[derive(Default)]
struct Heard {
    output: Mutex<Output>,
    changed: Condvar,
}

#[derive(Default)]
struct Output {
    octets: Vec<u8>,
    complete: bool,
}

impl Program {
    /// Gives `line` to bash in `folder`, with no input, and both outputs in one.
    pub(crate) fn start(line: &str, folder: &Path) -> io::Result<Program> {
        Program::start_with(line, folder, Path::new("/nowhere"))
    }

    /// The same, with the reader's workbook in that place.
    pub(crate) fn start_with(line: &str, folder: &Path, workbook: &Path) -> io::Result<Program> {
        let (from, to) = io::pipe()?;
        let (watched, alive) = io::pipe()?;
        let mut command = terminal::command("setsid");
        command
            .args(["bash", "-c", WATCHED, "bash", line])
            .current_dir(folder)
            .env("LC_ALL", "C.UTF-8")
            // Whatever whoever runs the tests has in a workbook: chapters begin without one.
            .env("COURSE_WORKBOOK", workbook)
            .stdin(watched)
            .stdout(to.try_clone()?)
            .stderr(to);
        for name in UNWANTED {
            command.env_remove(name);
        }
        let mut child = command.spawn()?;
        // The command holds the writing end; while we do as well, the output has no end.
        drop(command);
        // It leads no group yet, so `setsid` makes the session without a fork, under this number.
        let leader = child.id();
        let heard = Arc::new(Heard::default());
        let listener = Arc::clone(&heard);
        thread::Builder::new().spawn(move || listener.listen(from))?;
        let (tell, ended) = mpsc::channel();
        thread::Builder::new().spawn(move || {
            // Nobody may be left to tell.
            let _ = tell.send(child.wait());
        })?;
        Ok(Program {
            leader,
            alive,
            heard,
            ended,
        })
    }

    /// What it has printed so far, as lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        lines(&self.heard.lock().octets)
    }

    /// Waits until what it has printed satisfies `enough`. Gives up at `deadline`, or when its
    /// output has ended and is still not enough.
    pub(crate) fn wait_for<T>(
        &self,
        deadline: Instant,
        mut enough: impl FnMut(&[String]) -> Option<T>,
    ) -> Option<T> {
        let mut output = self.heard.lock();
        loop {
            if let Some(found) = enough(&lines(&output.octets)) {
                return Some(found);
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            if output.complete {
                return None;
            }
            output = self
                .heard
                .changed
                .wait_timeout(output, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Waits until its output and the program itself have ended.
    pub(crate) fn wait(&self, deadline: Instant) -> Option<ExitStatus> {
        let mut output = self.heard.lock();
        while !output.complete {
            let left = deadline.checked_duration_since(Instant::now())?;
            output = self
                .heard
                .changed
                .wait_timeout(output, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        drop(output);
        let left = deadline.saturating_duration_since(Instant::now());
        self.ended.recv_timeout(left).ok()?.ok()
    }

    /// Does what Ctrl-C does in its terminal.
    pub(crate) fn interrupt(&self) {
        kill(&["-INT", "--", &format!("-{}", self.leader)]);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        for _ in 0..ROUNDS {
            let members = members(self.leader);
            if members.is_empty() {
                return;
            }
            let mut words = vec!["-KILL".to_owned(), "--".to_owned()];
            words.extend(members.iter().map(u32::to_string));
            kill(&words);
        }
    }
}

fn kill(words: &[impl AsRef<std::ffi::OsStr>]) {
    // It fails when somebody on the list has just ended by itself, which is what we want.
    let _ = Command::new("kill")
        .args(words)
        .stderr(Stdio::null())
        .status();
}

/// The processes of a session that are not dead yet, from `/proc/PID/stat` (proc(5)).
fn members(session: u32) -> Vec<u32> {
    let alive = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name, in brackets, may hold anything; state, parent, group and session follow it.
        let fields = stat.rsplit(')').next().unwrap_or("");
        let mut fields = fields.split_whitespace();
        let (state, of) = (fields.next(), fields.nth(2));
        !matches!(state, None | Some("Z" | "X")) && of == Some(session.to_string().as_str())
    };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(alive)
        .collect()
}

impl Heard {
    fn lock(&self) -> std::sync::MutexGuard<'_, Output> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(&self, from: impl Read) {
        let mut from = from.take(OUTPUT_BYTES);
        let mut piece = [0; 4096];
        loop {
            let n = match from.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Ok(n) => n,
                Err(_) => 0,
            };
            let mut output = self.lock();
            output.octets.extend_from_slice(&piece[..n]);
            output.complete = n == 0;
            drop(output);
            self.changed.notify_all();
            if n == 0 {
                return;
            }
        }
    }
}

/// Octets as lines. The carriage return that ends a line of HTTP is not part of it, as it is not
/// in a terminal.
fn lines(octets: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(octets)
        .lines()
        .map(str::to_owned)
        .collect()
}

/// The time that is `seconds` from now.
pub(crate) fn within(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_session_outlives_its_value() {
        // `timeout` leads a group of its own, and its child does not end with it.
        let line = "timeout 600 bash -c 'trap : TERM; echo up; while :; do sleep 600; done' & wait";
        let program = Program::start(line, Path::new("/")).unwrap();
        let up = program.wait_for(within(10), |lines| lines.first().cloned());
        assert_eq!(up.as_deref(), Some("up"));
        let session = program.leader;
        assert!(members(session).len() > 2);
        drop(program);
        assert_eq!(members(session), Vec::<u32>::new());
    }

    #[test]
    fn nothing_of_a_session_outlives_this_process() {
        let mut program = Program::start("echo up; sleep 600", Path::new("/")).unwrap();
        program.wait_for(within(10), |lines| lines.first().cloned());
        let (_, unwatched) = io::pipe().unwrap();
        drop(std::mem::replace(&mut program.alive, unwatched));
        let status = program.wait(within(10)).unwrap();
        assert!(!status.success(), "{status}");
    }

    #[test]
    fn a_wait_has_a_deadline() {
        let program = Program::start("sleep 600", Path::new("/")).unwrap();
        assert!(program.wait(within(0)).is_none());
        assert!(program.wait_for(within(0), |_| None::<()>).is_none());
    }
}
