//! Where it runs, and on which of its cores.

use crate::Outcome;
use check::needs;
use std::fs;
use std::process::{Command, Stdio};
use std::thread::available_parallelism;

/// Which cores work.
#[allow(dead_code, reason = "each of two programs has its own of them")]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cores {
    /// One for the server, with one worker, and another for the load.
    OneEach,
    /// The same one for everybody.
    Shared,
    /// Whichever the kernel chooses, for two workers and two threads of load.
    Two,
}

/// The words before a server's command that give it a core of its own.
pub(crate) fn pin_server(cores: Cores) -> &'static [&'static str] {
    match cores {
        Cores::OneEach | Cores::Shared if can_pin() => &["taskset", "-c", "0"],
        Cores::OneEach | Cores::Shared | Cores::Two => &[],
    }
}

/// Moves this process, and the threads it starts from now on, to where the load comes from.
pub(crate) fn place_load(cores: Cores) -> Outcome<()> {
    if !can_pin() {
        return Ok(());
    }
    let list = match cores {
        Cores::OneEach => "1".to_owned(),
        Cores::Shared => "0".to_owned(),
        Cores::Two => format!("0-{}", self::cores() - 1),
    };
    let pid = std::process::id().to_string();
    let placed = Command::new("taskset")
        .args(["-c", "-p", &list, &pid])
        .stdout(Stdio::null())
        .status()?;
    if placed.success() {
        Ok(())
    } else {
        Err("taskset failed".into())
    }
}

fn can_pin() -> bool {
    cores() > 1 && needs::find("taskset").is_some()
}

fn cores() -> usize {
    // What is online, not what this process may use after it was placed.
    let online = fs::read_to_string("/sys/devices/system/cpu/online").unwrap_or_default();
    let last = online.trim().rsplit(['-', ',']).next();
    last.and_then(|last| last.parse::<usize>().ok())
        .map_or_else(
            || available_parallelism().map_or(1, usize::from),
            |last| last + 1,
        )
}

/// Processor, kernel and date, in one line.
pub(crate) fn describe() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("an unknown processor", |(_, model)| model);
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let release: String = release
        .trim()
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let pinned = if can_pin() { "" } else { ", nothing pinned" };
    format!(
        "{} cores of an {model}, Linux {}{pinned}, {}",
        cores(),
        release.trim_end_matches('.'),
        today()
    )
}

/// Processes that have wanted a core at once over the last minute, ours included.
pub(crate) fn load_average() -> f64 {
    let average = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = average.split(' ').next().unwrap_or_default();
    first.parse().unwrap_or_default()
}

/// The date, as the system writes it.
fn today() -> String {
    let date = Command::new("date").args(["-u", "+%Y-%m-%d"]).output();
    date.map_or_else(
        |_| "on an unknown day".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
