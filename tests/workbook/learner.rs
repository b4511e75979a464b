//! A learner: a folder of their own, and the front door at their command.

use check::TempFolder;
use check::binary::{self, Profile};
use check::exercise::record;
use check::process::signal;
use check::terminal;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// For anything that is waited for: compiling a workbook on a busy machine is the longest of it.
const PATIENCE: Duration = Duration::from_secs(180);

pub(crate) static BOOK: LazyLock<PathBuf> =
    LazyLock::new(|| binary::build("book", "book", Profile::Dev).expect("the front door is built"));

/// Where workbooks are built: kept, so that the second run has little to do.
fn built() -> PathBuf {
    let program = std::env::current_exe().expect("this program has a path");
    let target = program.ancestors().nth(3).expect("it is in a build folder");
    target.join("exercises/target")
}

/// A learner with a workbook.
pub(crate) struct Learner {
    pub(crate) folder: TempFolder,
    /// What the workbook is called. Cargo keeps what it builds under this name, so no two learners may
    /// have the same one at once.
    pub(crate) name: String,
}

/// What a command has said, and how it ended.
pub(crate) struct Said {
    pub(crate) status: Option<i32>,
    pub(crate) text: String,
}

impl Said {
    /// Requires these parts in this order.
    #[track_caller]
    pub(crate) fn with(self, status: i32, parts: &[&str]) -> Said {
        assert_eq!(self.status, Some(status), "{}", self.text);
        let mut rest = self.text.as_str();
        for part in parts {
            let found = rest.split_once(part);
            let (_, after) = found.unwrap_or_else(|| panic!("no {part:?} in:\n{}", self.text));
            rest = after;
        }
        self
    }

    #[track_caller]
    pub(crate) fn without(self, part: &str) -> Said {
        assert!(!self.text.contains(part), "{part:?} in:\n{}", self.text);
        self
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        let both = [&output.stdout[..], &output.stderr].concat();
        Said {
            status: output.status.code(),
            text: String::from_utf8_lossy(&both).into_owned(),
        }
    }
}

impl Learner {
    /// One who has nothing yet.
    pub(crate) fn new() -> Learner {
        static SERIAL: AtomicU32 = AtomicU32::new(0);
        Learner {
            folder: TempFolder::new().expect("a folder can be made"),
            name: format!("wb{}", SERIAL.fetch_add(1, Ordering::Relaxed)),
        }
    }

    /// One who has solved everything but that exercise.
    pub(crate) fn left_with(id: &str) -> Learner {
        let learner = Learner::started();
        let exercises = book::exercises::catalogue().expect("the catalogue is right");
        for exercise in exercises.iter().filter(|exercise| exercise.id != id) {
            record(&learner.workbook(), &exercise.id, true).expect("it can be written down");
        }
        learner
    }

    /// One who has started.
    pub(crate) fn started() -> Learner {
        let learner = Learner::new();
        let name = learner.workbook().display().to_string();
        learner
            .types(&["start", "--at", &name])
            .with(0, &["Your workbook is"]);
        learner
    }

    pub(crate) fn workbook(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// Where Cargo puts what it builds for them.
    pub(crate) fn built(&self) -> PathBuf {
        built()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.workbook().join(name)
    }

    /// Types `cargo course` and these words, in the workbook where there is one.
    pub(crate) fn types(&self, words: &[&str]) -> Said {
        self.command(&BOOK, words)
            .output()
            .expect("the front door opens")
            .into()
    }

    /// Runs cargo in the workbook.
    pub(crate) fn cargo(&self, words: &[&str]) -> Said {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        self.command(Path::new(&cargo), words)
            .output()
            .expect("cargo runs")
            .into()
    }

    pub(crate) fn command(&self, program: &Path, words: &[&str]) -> Command {
        let folder = self.workbook();
        let folder = if folder.exists() {
            &folder
        } else {
            self.folder.path()
        };
        let mut command = terminal::command(program);
        command
            .args(words)
            .current_dir(folder)
            .env("CARGO_TARGET_DIR", built())
            // The workbook of whoever runs the tests is none of their business.
            .env_remove("COURSE_WORKBOOK")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        command
    }

    /// Writes the course's solution of an exercise.
    pub(crate) fn solves(&self, id: &str) {
        let exercises = book::exercises::catalogue().expect("the catalogue is right");
        let exercise = exercises.iter().find(|exercise| exercise.id == id);
        let solution = exercise.expect("it is there").solution();
        // A copy would keep the time of the original, and Cargo builds what is newer.
        let code = fs::read(solution).expect("it can be read");
        fs::write(self.file(&format!("{id}.rs")), code).expect("it can be written");
    }
}

/// A command that goes on while it is listened to; its whole group is gone on drop.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    heard: Vec<String>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Running {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("it starts");
        let (tell, lines) = mpsc::channel();
        let outputs: [Box<dyn Read + Send>; 2] = [
            Box::new(child.stdout.take().expect("it is a pipe")),
            Box::new(child.stderr.take().expect("it is a pipe")),
        ];
        for output in outputs {
            let tell = tell.clone();
            let listen = move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    // Nobody listens any more when the test is over.
                    let _ = tell.send(line);
                }
            };
            thread::Builder::new()
                .spawn(listen)
                .expect("there are threads");
        }
        Running {
            child,
            lines,
            heard: Vec::new(),
        }
    }

    /// Waits for a line with that in it.
    #[track_caller]
    pub(crate) fn says(&mut self, part: &str) {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|why| {
                panic!("no {part:?} ({why}) after:\n{}", self.heard.join("\n"))
            });
            self.heard.push(line);
            if self.heard.last().is_some_and(|line| line.contains(part)) {
                return;
            }
        }
    }

    pub(crate) fn types(&mut self, keys: &str) {
        let input = self.child.stdin.as_mut().expect("it is a pipe");
        input.write_all(keys.as_bytes()).expect("it listens");
    }

    /// Sends a signal to the one process that was started.
    pub(crate) fn tell(&self, name: &str) {
        signal(name, self.child.id()).expect("there is a shell");
    }

    /// Waits for its end.
    pub(crate) fn ends(&mut self) -> Option<i32> {
        // Its outputs end with it, and with all that it has started.
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.heard.push(line);
        }
        self.child.wait().expect("it is ours").code()
    }

    pub(crate) fn heard(&self) -> String {
        self.heard.join("\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        // A group that has gone is what it should be.
        let _ = Command::new("kill")
            .args(["-s", "KILL", "--", &group])
            .stderr(Stdio::null())
            .status();
        // As above.
        let _ = self.child.wait();
    }
}
