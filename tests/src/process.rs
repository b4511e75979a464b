//! What a process costs: memory, threads, processor time, descriptors.
//!
//! Read from `/proc`, hence Linux only. Peak figures are those of the kernel, not of samples.
//!
//! Source: proc(5)

use std::fs;
use std::io::{self, ErrorKind};
use std::time::Duration;

/// Memory of a process, in octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// The most that was ever resident (`VmHWM`).
    pub peak: u64,
    /// Resident now (`VmRSS`).
    pub resident: u64,
    /// Resident now and not backed by a file (`RssAnon`): heap and stacks.
    pub anonymous: u64,
}

impl Memory {
    /// Of two processes together; what they share is counted twice.
    #[must_use]
    pub fn plus(self, other: Memory) -> Memory {
        Memory {
            peak: self.peak + other.peak,
            resident: self.resident + other.resident,
            anonymous: self.anonymous + other.anonymous,
        }
    }
}

/// Reads the memory of process `pid`.
///
/// # Errors
/// `NotFound` when there is no such process.
pub fn memory(pid: u32) -> io::Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let size = |key| {
        line_of(&status, key)
            .and_then(kibibytes)
            .ok_or_else(|| unexpected(key))
    };
    Ok(Memory {
        peak: size("VmHWM")?,
        resident: size("VmRSS")?,
        anonymous: size("RssAnon")?,
    })
}

/// Counts the threads of process `pid`.
///
/// # Errors
/// `NotFound` when there is no such process.
pub fn threads(pid: u32) -> io::Result<usize> {
    Ok(fs::read_dir(format!("/proc/{pid}/task"))?.count())
}

/// Counts the open descriptors of process `pid`.
///
/// # Errors
/// `NotFound` when there is no such process.
pub fn descriptors(pid: u32) -> io::Result<usize> {
    Ok(fs::read_dir(format!("/proc/{pid}/fd"))?.count())
}

/// Reads the processor time of process `pid`, user and system, in clock ticks of 10 ms.
///
/// # Errors
/// `NotFound` when there is no such process.
pub fn cpu_ticks(pid: u32) -> io::Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    ticks_of(&stat).ok_or_else(|| unexpected("stat"))
}

/// Reads the processor time of process `pid`, user and system.
///
/// Its threads know theirs in nanoseconds, and take that along when they end; the process counts
/// those too, in hundredths of a second. The larger of the two is nearer to the truth.
///
/// # Errors
/// `NotFound` when there is no such process.
pub fn cpu_time(pid: u32) -> io::Result<Duration> {
    let mut nanoseconds = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end between the two looks.
        let stat = fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
        let own = stat.split_whitespace().next();
        nanoseconds += own.and_then(|own| own.parse().ok()).unwrap_or(0);
    }
    let ticks = Duration::from_millis(10 * cpu_ticks(pid)?);
    Ok(ticks.max(Duration::from_nanos(nanoseconds)))
}

/// The state of process `pid`, as ps(1) shows it: `R` runs or wants to, `S` waits, `Z` has ended.
///
/// # Errors
/// `NotFound` when there is no such process.
pub fn state(pid: u32) -> io::Result<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name before it may hold anything, a parenthesis too.
    let state = stat
        .rsplit_once(')')
        .and_then(|(_, rest)| rest.trim_start().chars().next());
    state.ok_or_else(|| unexpected("stat"))
}

/// The children of process `pid`, whichever of its threads has started them.
///
/// # Errors
/// `NotFound` when there is no such process.
pub fn children(pid: u32) -> io::Result<Vec<u32>> {
    let mut all = Vec::new();
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end while it is looked at; its children are another's then.
        let list = fs::read_to_string(thread?.path().join("children")).unwrap_or_default();
        all.extend(
            list.split_whitespace()
                .filter_map(|pid| pid.parse::<u32>().ok()),
        );
    }
    Ok(all)
}

/// A process, and its children: many servers have a parent who only looks after those that serve.
pub fn family(pid: u32) -> Vec<u32> {
    // One that is gone has none.
    let mut all = children(pid).unwrap_or_default();
    all.push(pid);
    all
}

/// The processes of a group that have not ended.
///
/// # Errors
/// What reading `/proc` reports.
pub fn group(leader: u32) -> io::Result<Vec<u32>> {
    let entries = fs::read_dir("/proc")?.flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    Ok(pids
        .filter(|pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            // Field 5; the name in parentheses is field 2.
            let fields = stat
                .rsplit_once(')')
                .map(|(_, rest)| rest.split_whitespace());
            let group = fields.and_then(|mut fields| fields.nth(2)?.parse().ok());
            group == Some(leader) && is_alive(*pid)
        })
        .collect())
}

/// Sends the signal of that name (`TERM`, `HUP`) to a process, with the shell's own `kill`.
///
/// # Errors
/// When there is no shell.
pub fn signal(name: &str, pid: u32) -> io::Result<()> {
    crate::subject::kill(name, &pid.to_string())
}

/// Whether there is a process `pid` that has not ended: a zombie has.
pub fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest.as_bytes()[0]);
    state.is_some_and(|state| !matches!(state, b'Z' | b'X'))
}

/// The number of descriptors this process may have (`ulimit -n`).
///
/// # Errors
/// What reading `/proc` reports.
pub fn descriptor_limit() -> io::Result<u64> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .ok_or_else(|| unexpected("limits"))
}

fn unexpected(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("/proc has no {what}"))
}

fn line_of<'s>(status: &'s str, key: &str) -> Option<&'s str> {
    status
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))
}

fn kibibytes(value: &str) -> Option<u64> {
    let number: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(number * 1024)
}

fn ticks_of(stat: &str) -> Option<u64> {
    // The name in parentheses may itself hold spaces and parentheses: fields are counted from its
    // end. Field 14 is user time, 15 system time; the first after the name is field 3.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_in_octets() {
        let status = "Name:\tx\nVmHWM:\t   1616 kB\nVmRSS:\t 12 kB\n";
        assert_eq!(
            line_of(status, "VmHWM").and_then(kibibytes),
            Some(1616 * 1024)
        );
        assert_eq!(line_of(status, "RssAnon"), None);
    }

    #[test]
    fn a_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let stat = "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 70 5 0 0 20";
        assert_eq!(ticks_of(stat), Some(75));
    }

    #[test]
    fn this_process_has_memory_threads_and_descriptors() {
        let pid = std::process::id();
        let memory = memory(pid).unwrap();
        assert!(memory.peak >= memory.anonymous && memory.anonymous > 0);
        assert!(threads(pid).unwrap() >= 1);
        assert!(descriptors(pid).unwrap() >= 3);
        assert!(descriptor_limit().unwrap() >= 3);
        let ticks = cpu_ticks(pid).unwrap();
        assert!(cpu_time(pid).unwrap() >= Duration::from_millis(10 * ticks));
    }
}
