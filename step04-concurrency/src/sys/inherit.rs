//! Descriptors that go from one program to the next.
//!
//! `std` opens every descriptor close-on-exec, and so does this folder. So one that is *not* marked was
//! open before the program began: whoever started it has passed it on, and nothing here owns it yet.

use super::{check, ffi};
use std::ffi::c_int;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The first number behind standard input, output and error.
const FIRST: RawFd = 3;

/// Lets the program that `command` will start keep `fds`, under the numbers they have here.
///
/// The mark is taken away between fork and exec, in the new process only: no other program that is
/// started meanwhile gets them.
pub fn pass_on(command: &mut Command, fds: Vec<OwnedFd>) {
    let keep = move || fds.iter().try_for_each(unmark);
    // SAFETY: between fork and exec only calls that signal-safety(7) allows are made: fcntl, on
    // descriptors that the closure owns. It allocates nothing and takes no lock.
    unsafe { command.pre_exec(keep) };
}

/// Takes possession of a descriptor that the process was started with, and marks it close-on-exec.
///
/// # Errors
/// `InvalidInput` for one of the standard three and for one that was opened here, or has been claimed
/// before; what fcntl(2) reports when nothing is open under that number.
pub fn claim(fd: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: F_GETFD takes no argument of weight and touches no memory.
    let flags = check(unsafe { ffi::fcntl(fd, ffi::F_GETFD) })?;
    if fd < FIRST || flags & ffi::FD_CLOEXEC != 0 {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    set_flags(fd, flags | ffi::FD_CLOEXEC)?;
    // SAFETY: it is open, and was not marked, so nothing in this process owns it; from now on it
    // is marked, so it cannot be claimed again.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn unmark(fd: &OwnedFd) -> io::Result<()> {
    set_flags(fd.as_raw_fd(), 0)
}

fn set_flags(fd: RawFd, flags: c_int) -> io::Result<()> {
    // SAFETY: F_SETFD takes a number and touches no memory.
    check(unsafe { ffi::fcntl(fd, ffi::F_SETFD, flags) }).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::fd::IntoRawFd;

    #[test]
    fn what_is_passed_on_arrives_and_nothing_else_does() {
        let (mut reader, writer) = io::pipe().expect("a pipe");
        let (_kept, other) = io::pipe().expect("a pipe");
        let (fd, other_fd) = (writer.as_raw_fd(), other.as_raw_fd());
        let mut command = Command::new("sh");
        let script = format!("echo passed > /dev/fd/{fd}; test ! -e /dev/fd/{other_fd}");
        command.args(["-c", &script]);
        pass_on(&mut command, vec![writer.into()]);
        let status = command.status().expect("sh starts");
        assert!(status.success(), "the other one does not arrive");
        // The closure owns the last writing end.
        drop(command);
        let mut text = String::new();
        reader.read_to_string(&mut text).expect("the end of input");
        assert_eq!(text, "passed\n");
    }

    #[test]
    fn only_what_nobody_owns_can_be_claimed_and_only_once() {
        let refused = |fd| {
            claim(fd)
                .map(drop)
                .expect_err("it cannot be claimed")
                .kind()
        };
        let (mut reader, writer) = io::pipe().expect("a pipe");
        assert_eq!(refused(writer.as_raw_fd()), io::ErrorKind::InvalidInput);
        assert_eq!(refused(2), io::ErrorKind::InvalidInput);
        assert!(claim(RawFd::MAX).is_err());
        let fd = writer.into_raw_fd();
        set_flags(fd, 0).expect("it is open");
        let mut claimed = io::PipeWriter::from(claim(fd).expect("nobody owns it"));
        assert_eq!(refused(fd), io::ErrorKind::InvalidInput);
        claimed.write_all(b"x").expect("the reader is there");
        reader.read_exact(&mut [0]).expect("an octet");
    }
}
