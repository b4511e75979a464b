//! Processes and their limits.

use super::{Signal, check, ffi};
use std::ffi::{c_int, c_uint};
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

/// Sends a signal to every process of a group, as kill(2) does for a negative number.
///
/// # Errors
/// `NotFound`-like (`ESRCH`) when the group has ended; `InvalidInput` for a number that names no
/// group: 0 and 1 would mean our own group and every process there is.
pub fn kill_group(leader: u32, signal: Signal) -> io::Result<()> {
    let group = c_int::try_from(leader).ok().filter(|group| *group > 1);
    let group = group.ok_or(io::ErrorKind::InvalidInput)?;
    check(ffi::kill(-group, signal.number())).map(drop)
}

/// A descriptor that becomes readable when the process ends: something to wait on, where `wait`
/// itself would block. Lend it to the server as `static_files::Ends::Ending`.
///
/// # Errors
/// What pidfd_open(2) reports: the process is gone and reaped, or no descriptor is left.
pub fn pidfd_open(pid: u32) -> io::Result<OwnedFd> {
    let pid = c_int::try_from(pid).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: pidfd_open takes two numbers and touches no memory of ours.
    let fd = unsafe { ffi::syscall(ffi::SYS_PIDFD_OPEN, pid, 0) };
    let fd = check(c_int::try_from(fd).unwrap_or(-1))?;
    // SAFETY: the kernel has just returned this descriptor, close-on-exec, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Marks every descriptor beyond the standard three close-on-exec. Those that Rust opens are so
/// already; this is for what the process was started with, which its own children need not see.
///
/// # Errors
/// What close_range(2) reports: a kernel before 5.11 does not know it.
pub fn close_inherited_on_exec() -> io::Result<()> {
    let (first, last): (c_uint, c_uint) = (3, c_uint::MAX);
    let flags = ffi::CLOSE_RANGE_CLOEXEC;
    // SAFETY: close_range takes three numbers; with this flag it closes nothing now.
    let result = unsafe { ffi::syscall(ffi::SYS_CLOSE_RANGE, first, last, flags) };
    check(c_int::try_from(result).unwrap_or(-1)).map(drop)
}

/// How many descriptors this process may have open: the soft limit of `RLIMIT_NOFILE`.
///
/// # Errors
/// What getrlimit(2) reports.
pub fn descriptor_limit() -> io::Result<usize> {
    let mut limit = ffi::Rlimit { soft: 0, hard: 0 };
    // SAFETY: `limit` is ours to be written to through the call.
    check(unsafe { ffi::getrlimit(ffi::RLIMIT_NOFILE, &raw mut limit) })?;
    Ok(usize::try_from(limit.soft).unwrap_or(usize::MAX))
}

/// What a call reports that needs a descriptor where none is left: `EMFILE`.
pub fn too_many_open_files() -> io::Error {
    io::Error::from_raw_os_error(ffi::EMFILE)
}

/// Raises this process's soft limit on open descriptors to the hard one and returns it. The usual
/// soft limit of 1,024 dates from `select`, which could count no further.
///
/// # Errors
/// What getrlimit(2) and setrlimit(2) report.
pub fn raise_descriptor_limit() -> io::Result<u64> {
    let mut limit = ffi::Rlimit { soft: 0, hard: 0 };
    // SAFETY: `limit` is ours to be written to through the call.
    check(unsafe { ffi::getrlimit(ffi::RLIMIT_NOFILE, &raw mut limit) })?;
    limit.soft = limit.hard;
    // SAFETY: `limit` is only read.
    check(unsafe { ffi::setrlimit(ffi::RLIMIT_NOFILE, &raw const limit) })?;
    Ok(limit.hard)
}

// ANCHOR: interrupt
/// From now on this thread, and every thread and process that it starts, waits for its turn when it is
/// woken: it does not interrupt whoever has the processor (`SCHED_BATCH`, sched(7)). Who is woken
/// often by those it works with finds more to do at a time, and they get further before they
/// are interrupted. On a processor that is idle nothing changes.
///
/// # Errors
/// What sched_setscheduler(2) reports.
pub fn interrupt_nobody() -> io::Result<()> {
    let param = ffi::SchedParam { priority: 0 };
    // SAFETY: `param` is only read.
    check(unsafe { ffi::sched_setscheduler(0, ffi::SCHED_BATCH, &raw const param) }).map(drop)
}
// ANCHOR_END: interrupt

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{Interest, Pollable, poll};
    use std::os::fd::AsFd;
    use std::os::unix::process::CommandExt;
    use std::process::Command;
    use std::time::{Duration, Instant};
    use std::{fs, thread};

    #[test]
    fn a_pidfd_is_readable_once_its_process_group_was_killed() {
        let mut child = Command::new("sleep")
            .arg("60")
            .process_group(0)
            .spawn()
            .expect("sleep starts");
        let pidfd = pidfd_open(child.id()).expect("the child exists");
        kill_group(child.id(), Signal::Kill).expect("the group exists");
        let mut fds = [Pollable::new(pidfd.as_fd(), Interest::READ)];
        let now = Instant::now();
        poll(&mut fds, now, Some(now + Duration::from_secs(5))).expect("poll works");
        assert!(
            fds[0].is_ready(),
            "the end of a process makes its pidfd readable"
        );
        assert!(!child.wait().expect("the child can be waited for").success());
    }

    #[test]
    fn numbers_that_mean_more_than_one_group_are_refused() {
        for leader in [0, 1, u32::MAX] {
            let error = kill_group(leader, Signal::Terminate).expect_err("no group");
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{leader}");
        }
    }

    #[test]
    fn who_interrupts_nobody_starts_nobody_who_does() {
        fn policy() -> Option<String> {
            let stat = fs::read_to_string("/proc/thread-self/stat").ok()?;
            // Field 41 of proc_pid_stat(5); the second, which may hold blanks, ends with the last `)`.
            let (_, rest) = stat.rsplit_once(')')?;
            rest.split_whitespace().nth(38).map(str::to_owned)
        }
        let start = |what: fn()| {
            thread::Builder::new()
                .spawn(what)
                .expect("a thread is left")
        };
        let normal = policy();
        let batch = thread::Builder::new().spawn(move || {
            interrupt_nobody().expect("it takes no privilege");
            assert_eq!(policy().as_deref(), Some("3"));
            start(|| assert_eq!(policy().as_deref(), Some("3"))).join()
        });
        let started = batch.expect("a thread is left").join();
        started
            .expect("who asks is changed")
            .expect("who is started is like it");
        assert_eq!(policy(), normal);
    }
}
