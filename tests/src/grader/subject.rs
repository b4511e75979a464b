//! The thing to be judged: a server of the ladder, or any executable.
//!
//! Rules for an executable: the words in braces in its command line are replaced; it accepts on its
//! address within five seconds, needs nothing else to be running, and ends on SIGTERM.
//!
//! ```text
//! {addr} {port}         where it listens: both say it
//! {root} {cgi}          the folder of its files, and that of its programs
//! {wsgi}                the folder of a Python application, `app:application`
//! {upstream} {other}    the addresses of two HTTP servers, and those of an application
//! {fastcgi} {scgi} {uwsgi}    on three wires, all of them played by the grader
//! ```
//!
//! It runs in a process group of its own, which is killed when the check is over, and also when the
//! grader itself is.

use crate::grader::behind::Behind;
use crate::grader::command_line;
use crate::grader::cutting::Cutter;
use crate::grader::finding::Finding;
use crate::grader::last_words::{last_words, not_started};
use crate::grader::site;
use crate::grader::tree::Tree;
pub(super) use crate::grader::verdict::{Patience, Problem, Verdict};
use crate::process::{Memory, cpu_time, family, memory, threads};
use crate::subject::{Executable, Serve, Served};
use static_files::Config;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long a server that has just given a wrong answer is watched, to see whether it has died.
const LAST_BREATH: Duration = Duration::from_millis(50);

/// The thing to be judged, and how what is sent to it is cut.
#[derive(Debug, Clone)]
pub struct Subject {
    made: Made,
    cutter: Arc<Cutter>,
    behind: Behind,
    patience: Patience,
}

/// What it is made of.
#[derive(Debug, Clone)]
enum Made {
    /// A server of the ladder, in a thread of this process.
    Function(Serve),
    /// A command line.
    Command(Vec<String>),
}

/// A subject that has been started; gone on drop.
#[derive(Debug)]
pub struct Server {
    running: Running,
    /// What it says on standard error.
    pub(super) log: PathBuf,
    cutter: Arc<Cutter>,
    patience: Patience,
}

#[derive(Debug)]
enum Running {
    Thread(Served),
    Process(Executable),
}

impl Subject {
    /// A server of the ladder, in a thread of this process.
    pub fn function(serve: Serve) -> Subject {
        Subject::made(Made::Function(serve))
    }

    /// An executable and its arguments, in which the words above are replaced.
    pub fn words(words: Vec<String>) -> Subject {
        Subject::made(Made::Command(words))
    }

    /// The same, with further words in its command line.
    pub(super) fn told(mut self, more: &[&str]) -> Subject {
        if let Made::Command(words) = &mut self.made {
            words.extend(more.iter().map(|&word| word.to_owned()));
        }
        self
    }

    fn made(made: Made) -> Subject {
        Subject {
            made,
            cutter: Cutter::none(),
            behind: Behind::default(),
            patience: Patience::USUAL,
        }
    }

    /// Takes a command line apart, as a shell would: words, and quotes around spaces.
    ///
    /// # Errors
    /// One sentence for a line without words, without the end of a quote, or without a place for
    /// the address.
    pub fn command(line: &str) -> Result<Subject, String> {
        command_line::words(line).map(Subject::words)
    }

    /// The same, with what is sent to it cut by another.
    pub(super) fn cut(self, cutter: Arc<Cutter>) -> Subject {
        Subject { cutter, ..self }
    }

    /// The same, with these behind it.
    pub(super) fn before(&self, behind: Behind) -> Subject {
        Subject {
            behind,
            ..self.clone()
        }
    }

    /// The same, waited for no longer than this.
    #[must_use]
    pub fn within(self, patience: Patience) -> Subject {
        Subject { patience, ..self }
    }

    /// Whether it is a process of its own, so that memory and threads are its alone.
    pub(super) fn is_process(&self) -> bool {
        matches!(self.made, Made::Command(_))
    }

    /// The words of its command line for that address; none for a function.
    pub fn words_at(&self, tree: &Tree, addr: SocketAddr) -> Option<Vec<String>> {
        let Made::Command(words) = &self.made else {
            return None;
        };
        let words = command_line::with_surroundings(words, tree, &self.behind);
        Some(command_line::at(words, addr))
    }

    /// Starts the subject, has it judged, and ends it.
    ///
    /// # Errors
    /// What `judge` has found, and every other [`Problem`].
    pub fn judged(
        &self,
        tree: &Tree,
        judge: impl FnOnce(&mut Server) -> Result<(), Box<Finding>>,
    ) -> Verdict {
        self.judged_with(tree, Config::default(), judge)
    }

    /// The same; a function is given that configuration, an executable has its own.
    ///
    /// # Errors
    /// As [`Subject::judged`].
    pub fn judged_with(
        &self,
        tree: &Tree,
        config: Config,
        judge: impl FnOnce(&mut Server) -> Result<(), Box<Finding>>,
    ) -> Verdict {
        let mut server = self.start(tree, config)?;
        let judged = judge(&mut server);
        Ok(judged.map_err(|mut finding| {
            finding.died = server.death();
            if !self.behind.is_empty() {
                finding.heard.get_or_insert_default();
            }
            finding
        })?)
    }

    fn start(&self, tree: &Tree, config: Config) -> Result<Server, Problem> {
        let ours = |error: io::Error| Problem::NotJudged(error.to_string());
        let log = tree.log();
        let running = match &self.made {
            Made::Function(serve) => {
                let (root, programs) = (tree.root(), tree.programs());
                let handler = site::handler_before(&root, &programs, &self.behind).map_err(ours)?;
                Running::Thread(Served::start(*serve, handler, config).map_err(ours)?)
            }
            Made::Command(words) => {
                let words = command_line::with_surroundings(words, tree, &self.behind);
                let borrowed: Vec<&str> = words.iter().map(String::as_str).collect();
                let started = Executable::start(&borrowed, &tree.root(), Some(&log));
                Running::Process(started.map_err(|error| not_started(&words, &error, &log))?)
            }
        };
        let cutter = Arc::clone(&self.cutter);
        Ok(Server {
            running,
            log,
            cutter,
            patience: self.patience,
        })
    }
}

impl Server {
    /// Where it accepts.
    pub fn addr(&self) -> SocketAddr {
        match &self.running {
            Running::Thread(served) => served.addr(),
            Running::Process(executable) => executable.addr(),
        }
    }

    /// How what is sent to it is cut.
    pub(super) fn cutter(&self) -> Arc<Cutter> {
        Arc::clone(&self.cutter)
    }

    /// How long it is waited for.
    pub(super) fn patience(&self) -> Patience {
        self.patience
    }

    /// The process that serves: for a function, this one.
    pub fn pid(&self) -> u32 {
        match &self.running {
            Running::Thread(_) => std::process::id(),
            Running::Process(executable) => executable.pid(),
        }
    }

    /// The memory of the process that serves, and of its children; none for a function, whose memory
    /// is the grader's, too.
    pub fn memory(&self) -> Option<Memory> {
        match &self.running {
            Running::Thread(_) => None,
            Running::Process(executable) => {
                let all = family(executable.pid()).into_iter();
                all.filter_map(|pid| memory(pid).ok()).reduce(Memory::plus)
            }
        }
    }

    /// How many threads there are in the process that serves, and in its children.
    pub fn threads(&self) -> usize {
        let all = family(self.pid()).into_iter();
        all.filter_map(|pid| threads(pid).ok()).sum()
    }

    /// The processor time that it has used so far: of a function, that of the grader, too.
    pub fn cpu_time(&self) -> Duration {
        let all = family(self.pid()).into_iter();
        all.filter_map(|pid| cpu_time(pid).ok()).sum()
    }

    /// Asks it to end: SIGTERM for an executable.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn ask_to_stop(&self) -> io::Result<()> {
        match &self.running {
            Running::Thread(served) => {
                served.ask_to_stop();
                Ok(())
            }
            Running::Process(executable) => executable.terminate(),
        }
    }

    /// Waits until it has ended well.
    ///
    /// # Errors
    /// One sentence when it has failed, or has not ended within `patience`.
    pub fn wait(&mut self, patience: Duration) -> Result<(), String> {
        match &mut self.running {
            Running::Thread(served) => served.wait(patience),
            Running::Process(executable) => match executable.wait(patience) {
                Some(status) if status.success() => Ok(()),
                Some(status) => Err(format!("it ended with {status}")),
                None => Err(format!("it was still running after {patience:.1?}")),
            },
        }
    }

    /// What became of it, when it is no longer running.
    fn death(&mut self) -> Option<String> {
        let Running::Process(executable) = &mut self.running else {
            return None;
        };
        let status = executable.wait(LAST_BREATH)?;
        let words = last_words(&self.log);
        Some(format!("the server is gone ({status}){words}"))
    }
}
