//! All processes of one submission, wherever they have gone.
//!
//! A process inherits the environment of its parent, also when it leaves the session and its parent has
//! ended; so a mark in the environment finds it. Whoever has lost the mark is found by a parent in the
//! herd, or by an output that leads into the herd's own folder. Being stopped, a process cannot make
//! another: so all are stopped before any is killed.
//!
//! Source: proc(5), environ

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// The name of the mark.
const NAME: &str = "COURSE_SUBMISSION";

/// Looks until nobody new is found; each takes as long as a process that forks has for doing so.
const ROUNDS: usize = 100;

/// The processes with one mark.
#[derive(Debug)]
pub(super) struct Herd {
    mark: String,
    /// Where nobody else writes to.
    place: PathBuf,
}

impl Herd {
    /// A mark that no other process has, for processes that write to the folder `place`.
    pub(super) fn new(place: &Path) -> Herd {
        static SERIAL: AtomicU32 = AtomicU32::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        Herd {
            mark: format!("{}-{serial}", process::id()),
            place: place.to_owned(),
        }
    }

    /// Marks what a command starts.
    pub(super) fn mark(&self, command: &mut Command) {
        command.env(NAME, &self.mark);
    }

    /// Everybody who lives.
    ///
    /// # Errors
    /// What reading `/proc` reports.
    pub(super) fn all(&self) -> io::Result<BTreeSet<u32>> {
        let mark = format!("{NAME}={}\0", self.mark).into_bytes();
        let (mut herd, mut parents) = (BTreeSet::new(), BTreeMap::new());
        for entry in fs::read_dir("/proc")?.flatten() {
            let name = entry.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            // Of somebody else's process nothing can be read, and nothing need be.
            let Ok(environ) = fs::read(entry.path().join("environ")) else {
                continue;
            };
            let mut pairs = environ.split_inclusive(|octet| *octet == 0);
            if pairs.any(|pair| pair == mark) || self.writes_here(&entry.path()) {
                herd.insert(pid);
            }
            parents.insert(pid, parent(pid));
        }
        // Children of the herd belong to it, and so do theirs.
        loop {
            let before = herd.len();
            let of_the_herd = |parent: &Option<u32>| parent.is_some_and(|pid| herd.contains(&pid));
            let more = parents.iter().filter(|(_, parent)| of_the_herd(parent));
            let more: Vec<u32> = more.map(|(pid, _)| *pid).collect();
            herd.extend(more);
            if herd.len() == before {
                return Ok(herd);
            }
        }
    }

    /// Whether a process has its output, or its messages, in the herd's folder.
    fn writes_here(&self, process: &Path) -> bool {
        let mut outputs = ["fd/1", "fd/2"].into_iter();
        outputs.any(|output| {
            let target = fs::read_link(process.join(output));
            target.is_ok_and(|target| target.starts_with(&self.place))
        })
    }

    /// Ends everybody.
    pub(super) fn kill(&self) {
        let mut stopped = BTreeSet::new();
        for _ in 0..ROUNDS {
            // Without /proc there was nobody to be found in the first place.
            let all = self.all().unwrap_or_default();
            let new: BTreeSet<u32> = all.difference(&stopped).copied().collect();
            if new.is_empty() {
                break;
            }
            signal("STOP", &new);
            stopped.extend(new);
        }
        for _ in 0..ROUNDS {
            let all = self.all().unwrap_or_default();
            if all.is_empty() {
                break;
            }
            signal("KILL", &all);
        }
    }
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it may hold anything, a parenthesis too.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}

fn signal(name: &str, pids: &BTreeSet<u32>) {
    let pids = pids.iter().map(u32::to_string);
    let sent = Command::new("kill")
        .args(["-s", name, "--"])
        .args(pids)
        .stderr(Stdio::null())
        .status();
    if let Err(error) = sent {
        anstream::eprintln!("{name} cannot be sent: {error}");
    }
}

/// Tasks of all processes: what a limit for one user has to be above of.
pub(super) fn tasks() -> usize {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| fs::read_dir(entry.path().join("task")).ok())
        .map(Iterator::count)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use check::TempFolder;
    use std::fs::File;
    use std::time::{Duration, Instant};

    #[test]
    fn nobody_gets_away_by_one_way_out() {
        let folder = TempFolder::new().unwrap();
        let herd = Herd::new(folder.path());
        let mut command = Command::new("sh");
        let script = "setsid sleep 600 & env -i sleep 600 & (setsid sh -c 'sleep 600 & exec sleep 600' &); \
                      (env -i setsid sleep 600 &) ; wait";
        command.args(["-c", script]);
        command.stderr(File::create(folder.path().join("log")).unwrap());
        herd.mark(&mut command);
        let mut child = command.spawn().unwrap();
        // The shell and five that sleep; how many of them are shells for a moment does not matter.
        let started = Instant::now();
        while herd.all().unwrap().len() < 6 {
            assert!(started.elapsed() < Duration::from_secs(30), "{herd:?}");
        }
        herd.kill();
        assert_eq!(herd.all().unwrap(), BTreeSet::new());
        assert!(!child.wait().unwrap().success());
    }

    #[test]
    fn this_process_has_tasks_and_is_in_no_herd() {
        assert!(tasks() > 0);
        let folder = TempFolder::new().unwrap();
        assert!(Herd::new(folder.path()).all().unwrap().is_empty());
    }
}
