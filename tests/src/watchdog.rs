//! Kills a process group when this process is gone, however it went.
//!
//! ```text
//! this process ── a pipe ──▶ sh: read ── a line:       all is well, nothing to do
//!                                     └─ end of input: nobody is left to write one; kill
//! ```
//!
//! Destructors do not run in a process that is killed; the end of a pipe is noticed all the same.
//! A program that leaves its process group is not found.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};

/// A shell that waits for a line, or for the end of us.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
    leash: ChildStdin,
}

impl Watchdog {
    /// Watches over `group` until dropped.
    pub(crate) fn over(group: u32) -> io::Result<Watchdog> {
        // A line means that all is well; the end of input, that nobody is left to write one.
        let script = r#"read -r line || kill -s KILL -- "-$0""#;
        let mut shell = Command::new("sh")
            .args(["-c", script, &group.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is for the whole group of the terminal; this one has to survive it.
            .process_group(0)
            .spawn()?;
        let leash = shell.stdin.take().expect("its input is a pipe");
        Ok(Watchdog { shell, leash })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // A shell that somebody has killed needs no line, and is waited for all the same.
        let _ = self.leash.write_all(b"\n");
        let _ = self.shell.wait();
    }
}
