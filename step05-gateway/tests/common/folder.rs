//! A folder that goes away with its test, and programs in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder of its own for one test, removed when dropped.
#[derive(Debug)]
pub(crate) struct TempDir {
    path: PathBuf,
}

impl TempDir {
    /// Makes an empty folder.
    pub(crate) fn new() -> TempDir {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("gateway-test-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a new folder can be made");
        let path = fs::canonicalize(path).expect("it exists");
        TempDir { path }
    }

    /// Where it is, without links.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path.join(name);
        let folder = path.parent().expect("a file is in a folder");
        fs::create_dir_all(folder).expect("folders can be made");
        fs::write(&path, content).expect("a file can be written");
        path
    }

    /// Writes a `sh` program.
    ///
    /// Another process writes it. Were the file open for writing here while another test starts a
    /// program, that program would hold a copy of the descriptor for a moment, and running this
    /// one would fail: "text file busy".
    pub(crate) fn program(&self, name: &str, script: &str) -> PathBuf {
        let path = self.path.join(name);
        let write = "mkdir -p \"$(dirname \"$1\")\" && printf '#!/bin/sh\\n%s' \"$2\" >\"$1\" && chmod 755 \"$1\"";
        let status = Command::new("sh")
            .args(["-c", write, "sh"])
            .arg(&path)
            .arg(script)
            .status();
        assert!(status.expect("sh runs").success(), "{name} can be written");
        path
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        // A test that failed may have left anything; the system empties the folder above in time.
        let _ = fs::remove_dir_all(&self.path);
    }
}
