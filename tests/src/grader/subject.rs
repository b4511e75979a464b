//! The thing to be judged: a server of the ladder, or any executable.
//!
//! Rules for an executable: `{addr}`, `{port}` and `{root}` in its command line are replaced, it
//! accepts on that address within five seconds, needs nothing else to be running, and ends on
//! SIGTERM. It runs in a process group of its own, which is killed when the check is over, and
//! also when the grader itself is.

use crate::grader::finding::Finding;
use crate::grader::tree::Tree;
use crate::subject::{Executable, START_AND_STOP, Serve, Served};
use http_parse::Status;
use static_files::{Body, Collect, Config, Files, Handler, Listing, Reply, Request, Response};
use std::fs;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a server that has just given a wrong answer is watched, to see whether it has died.
const LAST_BREATH: Duration = Duration::from_millis(50);

/// Octets of what a server said on standard error that are shown.
const LAST_WORDS_BYTES: usize = 600;

/// Octets that `/echo` takes: as many as any check sends.
const ECHO_BYTES: usize = 1 << 20;

/// The thing to be judged.
#[derive(Debug, Clone)]
pub enum Subject {
    /// A server of the ladder, in a thread of this process.
    Function(Serve),
    /// A command line, in which `{addr}`, `{port}` and `{root}` are replaced.
    Command(Vec<String>),
}

/// Why a check was not passed.
#[derive(Debug)]
pub enum Problem {
    /// The server did what it should not, or not what it should.
    Wrong(Box<Finding>),
    /// The server never came up: one sentence.
    NotServing(String),
    /// The grader could not do its part: one sentence.
    NotJudged(String),
}

/// What a check says.
pub type Verdict = Result<(), Problem>;

impl From<Box<Finding>> for Problem {
    fn from(finding: Box<Finding>) -> Problem {
        Problem::Wrong(finding)
    }
}

/// A subject that has been started; gone on drop.
#[derive(Debug)]
pub struct Server {
    running: Running,
    /// What it says on standard error.
    log: PathBuf,
}

#[derive(Debug)]
enum Running {
    Thread(Served),
    Process(Executable),
}

impl Subject {
    /// Takes a command line apart, as a shell would: words, and quotes around spaces.
    ///
    /// # Errors
    /// One sentence for a line without words, without the end of a quote, or without a place for
    /// the address.
    pub fn command(line: &str) -> Result<Subject, String> {
        let words = words(line).ok_or("a quote in the command has no end")?;
        if words.is_empty() {
            return Err("the command is empty".into());
        }
        let told = |word: &String| word.contains("{port}") || word.contains("{addr}");
        if !words.iter().any(told) {
            return Err(format!(
                "`{line}` does not say where to listen: put {{port}} or {{addr}} where the server \
                 takes its port or its address"
            ));
        }
        Ok(Subject::Command(words))
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
            finding
        })?)
    }

    fn start(&self, tree: &Tree, config: Config) -> Result<Server, Problem> {
        let ours = |error: io::Error| Problem::NotJudged(error.to_string());
        let log = tree.log();
        let running = match self {
            Subject::Function(serve) => {
                let handler = handler(&tree.root()).map_err(ours)?;
                Running::Thread(Served::start(*serve, handler, config).map_err(ours)?)
            }
            Subject::Command(words) => {
                let borrowed: Vec<&str> = words.iter().map(String::as_str).collect();
                let started = Executable::start(&borrowed, &tree.root(), Some(&log));
                Running::Process(started.map_err(|error| not_started(words, &error, &log))?)
            }
        };
        Ok(Server { running, log })
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

    /// The process that serves: for a function, this one.
    pub fn pid(&self) -> u32 {
        match &self.running {
            Running::Thread(_) => std::process::id(),
            Running::Process(executable) => executable.pid(),
        }
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

/// The words of a command line; `None` where a quote has no end.
fn words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, Some(q)) if c == q => quote = None,
            ('\'' | '"', None) => {
                quote = Some(c);
                // Nothing between quotes is a word too.
                word.get_or_insert_default();
            }
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(chars.next()),
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

fn not_started(words: &[String], error: &io::Error, log: &Path) -> Problem {
    let program = words.first().map_or("", String::as_str);
    match error.kind() {
        ErrorKind::NotFound => Problem::NotJudged(format!(
            "there is no program `{program}`: check the spelling, or give the path to it"
        )),
        ErrorKind::PermissionDenied => Problem::NotJudged(format!(
            "`{program}` may not be run: try chmod +x {program}"
        )),
        ErrorKind::InvalidInput => Problem::NotJudged(error.to_string()),
        ErrorKind::TimedOut => Problem::NotServing(format!(
            "the server does not accept connections on its address within {START_AND_STOP:?}: \
             does its command use {{port}} or {{addr}}?{}",
            last_words(log)
        )),
        _ => Problem::NotServing(format!("the server: {error}{}", last_words(log))),
    }
}

/// The end of what a server said on standard error, as the end of a sentence.
fn last_words(log: &Path) -> String {
    let said = fs::read(log).unwrap_or_default();
    let from = said.len().saturating_sub(LAST_WORDS_BYTES);
    let text = String::from_utf8_lossy(&said[from..]);
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    match lines[..] {
        [] => String::new(),
        _ => format!("; its last words:\n    {}", lines.join("\n    ")),
    }
}

/// What the ladder's servers are given to serve: the tree, with listings, and two paths that are
/// no files.
fn handler(root: &Path) -> io::Result<Arc<dyn Handler + Send + Sync>> {
    let files = Files::new(root)?.listing(Listing::Shown);
    Ok(Arc::new(move |request: &Request| match request.path() {
        b"/echo" => {
            let collected = |_: &Request, content: Vec<u8>| {
                let mut response = Response::new(Status::OK);
                response.body = Body::Bytes(content.into());
                response
            };
            let collect = Collect::new(request.clone(), ECHO_BYTES, collected);
            Reply::Exchange(Box::new(collect))
        }
        // As a panic does, but without a hundred messages in whatever the grader prints.
        b"/panic" => std::panic::resume_unwind(Box::new("as it was asked to")),
        _ => files.handle(request),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<&[&str]>) {
        let expected = expected.map(|words| words.iter().map(|&word| word.into()).collect());
        assert_eq!(words(line), expected);
    }

    #[test]
    fn a_command_line_is_cut_as_a_shell_cuts_it() {
        check("a  b ", Some(&["a", "b"]));
        check("a 'b c' \"d e\"f \\ g", Some(&["a", "b c", "d ef", " g"]));
        check("a ''", Some(&["a", ""]));
        check("", Some(&[]));
        check("a 'b", None);
    }

    #[test]
    fn a_command_has_to_say_where_to_listen() {
        assert!(Subject::command("server {port}").is_ok());
        assert!(
            Subject::command("server 8080")
                .unwrap_err()
                .contains("{port}")
        );
        assert!(Subject::command(" ").unwrap_err().contains("empty"));
    }
}
