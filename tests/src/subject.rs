//! The thing under test: one of the course's servers, or any executable that serves.
//!
//! ```text
//! Served::start(serve, handler, config)          a thread of this process
//! Executable::start(&["nginx", "-c", "{root}/nginx.conf"], root)    a process group of its own
//! ```
//!
//! Both take a free port, accept when `start` returns, and are gone after drop, also when the
//! test that used them has panicked; an executable also when the whole process is killed. A server
//! that does not stop fails its test by a deadline: its thread is left behind.

use crate::port::Port;
use crate::process::{family, state};
use crate::terminal;
use crate::watchdog::Watchdog;
use socket::Stop;
use static_files::{Config, Handler};
use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// A server of the ladder: what every row of `concurrency::SERVERS` holds.
pub type Serve = fn(&TcpListener, &dyn Handler, &Config, &Stop) -> io::Result<()>;

/// How long a server may take to accept, and to end after it was asked to.
pub const START_AND_STOP: Duration = Duration::from_secs(5);

/// How long a program may go on starting while it is still at work: on a machine that is busy with
/// other things, five seconds can be a tenth of one.
const START_AT_LAST: Duration = Duration::from_secs(60);

/// How long it has to be seen waiting to be given up then.
const WAITING: Duration = Duration::from_secs(1);

/// How long to wait before a refused connection is tried again.
const RETRY: Duration = Duration::from_millis(10);

/// A server of the ladder that runs in a thread of this process.
pub struct Served {
    addr: SocketAddr,
    stop: Arc<Stop>,
    ended: Receiver<io::Result<()>>,
    result: Option<Result<(), String>>,
}

impl Served {
    /// Runs `serve` on a free port of loopback.
    ///
    /// # Errors
    /// When there is no free port, or no thread to be had.
    pub fn start(
        serve: Serve,
        handler: Arc<dyn Handler + Send + Sync>,
        config: Config,
    ) -> io::Result<Served> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let addr = listener.local_addr()?;
        let stop = Arc::new(Stop::new());
        let (tell, ended) = mpsc::sync_channel(1);
        let raised = Arc::clone(&stop);
        thread::Builder::new()
            .name("server".into())
            .spawn(move || {
                let result = serve(&listener, &*handler, &config, &raised);
                // Nobody asks any more when the test is over.
                let _ = tell.send(result);
            })?;
        Ok(Served {
            addr,
            stop,
            ended,
            result: None,
        })
    }

    /// Where it accepts.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Asks it to stop, and returns at once.
    pub fn ask_to_stop(&self) {
        self.stop.stop();
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// One sentence when it has failed, panicked, or not ended within `patience`.
    pub fn wait(&mut self, patience: Duration) -> Result<(), String> {
        let ended = &self.ended;
        let result = self
            .result
            .get_or_insert_with(|| match ended.recv_timeout(patience) {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(format!("the server failed: {error}")),
                Err(RecvTimeoutError::Disconnected) => Err("the server panicked".into()),
                Err(RecvTimeoutError::Timeout) => {
                    Err(format!("the server had not stopped after {patience:?}"))
                }
            });
        result.clone()
    }
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served")
            .field("addr", &self.addr)
            .finish_non_exhaustive()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.stop();
        let result = self.wait(START_AND_STOP);
        if !thread::panicking() {
            assert_eq!(result, Ok(()), "a server must stop when asked to");
        }
    }
}

/// An executable that serves, in a process group of its own.
#[derive(Debug)]
pub struct Executable {
    addr: SocketAddr,
    pid: u32,
    ended: Receiver<io::Result<ExitStatus>>,
    status: Option<ExitStatus>,
    _watchdog: Watchdog,
    /// Held as long as it runs, so that nobody else is told the same.
    port: Option<Port>,
}

impl Executable {
    /// Starts `words`, in which `{addr}`, `{port}` and `{root}` are replaced, and waits until it
    /// accepts; at another address where somebody else has taken the first one meanwhile.
    ///
    /// What it prints on standard error goes to the file `log`, or nowhere.
    ///
    /// # Errors
    /// When it cannot be started, ends, or does not accept within [`START_AND_STOP`].
    pub fn start(words: &[&str], root: &Path, log: Option<&Path>) -> io::Result<Executable> {
        let (port, mut started) = Port::with(|port| Executable::start_at(port, words, root, log))?;
        started.port = Some(port);
        Ok(started)
    }

    fn start_at(
        port: u16,
        words: &[&str],
        root: &Path,
        log: Option<&Path>,
    ) -> io::Result<Executable> {
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let placed = |word: &&str| {
            word.replace("{addr}", &addr.to_string())
                .replace("{port}", &port.to_string())
                .replace("{root}", &root.to_string_lossy())
        };
        let words: Vec<String> = words.iter().map(placed).collect();
        let (program, arguments) = words
            .split_first()
            .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "there is no command"))?;
        let stderr = match log {
            Some(path) => Stdio::from(File::create(path)?),
            None => Stdio::null(),
        };
        let mut child = terminal::command(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .process_group(0)
            .spawn()?;
        let pid = child.id();
        let watchdog = Watchdog::over(pid).inspect_err(|_| {
            // Unwatched it is not to run; that it cannot be killed is no news then.
            let _ = child.kill();
        })?;
        let (tell, ended) = mpsc::sync_channel(1);
        thread::Builder::new()
            .name("waiter".into())
            .spawn(move || {
                // Nobody asks any more when the test is over.
                let _ = tell.send(child.wait());
            })?;
        let mut started = Executable {
            addr,
            pid,
            ended,
            status: None,
            _watchdog: watchdog,
            port: None,
        };
        started.await_accepting()?;
        Ok(started)
    }

    /// Where it accepts.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The process that was started; also the number of its group.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Sends SIGTERM to the process, not to its group: what a service manager does first.
    ///
    /// # Errors
    /// When `kill` cannot be run.
    pub fn terminate(&self) -> io::Result<()> {
        kill("TERM", &self.pid.to_string())
    }

    /// Sends SIGTERM to everybody in its group: what a terminal does when it goes away.
    ///
    /// # Errors
    /// When `kill` cannot be run.
    pub fn terminate_group(&self) -> io::Result<()> {
        kill("TERM", &format!("-{}", self.pid))
    }

    /// Waits for its end; `None` when it has not come within `patience`.
    pub fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = match self.ended.recv_timeout(patience) {
                Ok(Ok(status)) => Some(status),
                // The waiter is the only one who waits for this child, so it cannot fail; should
                // it do so, the process is gone all the same.
                Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => Some(ExitStatus::from_raw(0)),
                Err(RecvTimeoutError::Timeout) => None,
            };
        }
        self.status
    }

    fn await_accepting(&mut self) -> io::Result<()> {
        let started = Instant::now();
        let mut at_work = started;
        while started.elapsed() < START_AND_STOP
            || (at_work.elapsed() < WAITING && started.elapsed() < START_AT_LAST)
        {
            if is_at_work(self.pid) {
                at_work = Instant::now();
            }
            let connected = TcpStream::connect_timeout(&self.addr, START_AND_STOP).is_ok();
            let patience = if connected { Duration::ZERO } else { RETRY };
            // Whoever accepts where this one has ended is somebody else.
            if let Some(status) = self.wait(patience) {
                return Err(io::Error::other(format!(
                    "it ended before it accepted: {status}"
                )));
            }
            if connected {
                return Ok(());
            }
        }
        Err(io::Error::new(
            ErrorKind::TimedOut,
            format!("nobody accepts on {} after {START_AND_STOP:?}", self.addr),
        ))
    }
}

impl Drop for Executable {
    fn drop(&mut self) {
        // The group outlives its leader where a child of it does, so the group is always killed;
        // an empty group is what it should be, and no failure.
        let _ = kill("KILL", &format!("-{}", self.pid));
        self.wait(START_AND_STOP);
    }
}

/// Whether a process is doing something, or a child of it, for which it may be waiting.
fn is_at_work(pid: u32) -> bool {
    let mut states = family(pid).into_iter().filter_map(|pid| state(pid).ok());
    states.any(|state| matches!(state, 'R' | 'D'))
}

/// Sends a signal with the shell's own `kill`, which every POSIX system has.
pub(crate) fn kill(signal: &str, whom: &str) -> io::Result<()> {
    let script = r#"kill -s "$0" -- "$1" 2>/dev/null"#;
    Command::new("sh")
        .args(["-c", script, signal, whom])
        .status()
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends_at_once(_: &TcpListener, _: &dyn Handler, _: &Config, _: &Stop) -> io::Result<()> {
        Err(io::Error::other("no"))
    }

    fn handler() -> Arc<dyn Handler + Send + Sync> {
        Arc::new(|_: &static_files::Request| static_files::Response::text("x"))
    }

    #[test]
    fn a_server_that_fails_is_told_from_one_that_stops() {
        let mut served = Served::start(ends_at_once, handler(), Config::default()).unwrap();
        let result = served.wait(START_AND_STOP);
        assert_eq!(result, Err("the server failed: no".into()));
        // The failure was the point; drop is not to report it once more.
        served.result = Some(Ok(()));
    }

    #[test]
    fn an_executable_that_ends_is_reported_at_once() {
        let words = ["sh", "-c", "exit 3"];
        let error = Executable::start(&words, Path::new("/"), None).unwrap_err();
        assert!(error.to_string().contains("exit status: 3"), "{error}");
    }
}
