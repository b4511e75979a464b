//! The finished server, as a process of its own, over the site and three programs.
//!
//! ```text
//! /…             the files of `check::site`
//! /cgi/cat       answers with what it is sent
//! /cgi/silent    begins an answer and says no more
//! /cgi/dies      begins an answer and is killed
//! ```

use crate::binary::{Profile, gateway};
use crate::folder::TempFolder;
use crate::site::Site;
use crate::subject::Executable;
use std::io;
use std::path::PathBuf;
use std::sync::LazyLock;

const PROGRAMS: [(&str, &str); 3] = [
    ("cat", "exec cat"),
    ("silent", "printf so; exec sleep 60"),
    ("dies", "printf so; kill -s KILL $$"),
];

const TIMEOUTS: &str = "head=120s,body=120s,send=120s,idle=120s,gateway=120s";

static GATEWAY: LazyLock<Result<PathBuf, String>> = LazyLock::new(|| gateway(Profile::Dev));

/// The folders that the finished server serves.
#[derive(Debug)]
pub struct Place {
    /// The files.
    pub site: Site,
    /// What the server is told after `--timeout`. At first every wait is longer than any test's, so that
    /// none ends while a test watches; the grace period is left as it is.
    pub timeouts: String,
    /// Further words of its command line.
    pub options: Vec<String>,
    programs: TempFolder,
}

impl Place {
    /// Writes files and programs.
    ///
    /// # Errors
    /// What the file system reports.
    pub fn new() -> io::Result<Place> {
        let programs = TempFolder::new()?;
        let head = "printf 'Content-Type: application/octet-stream\\r\\n\\r\\n'";
        for (name, body) in PROGRAMS {
            programs.write_script(name, &format!("#!/bin/sh\n{head}\n{body}\n"))?;
        }
        Ok(Place {
            site: Site::new()?,
            timeouts: TIMEOUTS.into(),
            options: Vec::new(),
            programs,
        })
    }

    /// Starts the finished server, to serve in the way that the ladder calls `server`.
    ///
    /// # Errors
    /// When it cannot be built or does not start.
    pub fn serve(&self, server: &str) -> io::Result<Executable> {
        self.serve_under(&[], server)
    }

    /// Starts the finished server as the last arguments of another command, such as `strace`.
    ///
    /// # Errors
    /// As [`Place::serve`].
    pub fn serve_under(&self, command: &[&str], server: &str) -> io::Result<Executable> {
        let program = GATEWAY
            .as_ref()
            .map_err(|error| io::Error::other(error.clone()))?;
        let cgi = format!("/cgi={}", self.programs.path().display());
        let mut words = command.to_vec();
        words.extend([program.to_str().unwrap_or_default(), "{root}"]);
        words.extend(["--listen", "{addr}", "--server", server]);
        words.extend(["--cgi", &cgi, "--timeout", &self.timeouts]);
        words.extend(self.options.iter().map(String::as_str));
        Executable::start(&words, &self.site.root(), None)
    }
}
