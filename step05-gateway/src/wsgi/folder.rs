//! Where the sockets of workers are: a folder that nobody else may enter.
//!
//! Whoever can connect to a worker can claim to be any client, so the folder is closed to other
//! users (mode 0700). It goes away with the server; one that is killed leaves it behind in the
//! system's folder for temporary files, with nobody listening.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// The program that every worker runs.
const WORKER: &str = include_str!("../worker.py");

/// A folder of this process alone; removed when dropped.
#[derive(Debug)]
pub(super) struct SocketFolder {
    path: PathBuf,
    next: AtomicU32,
}

impl SocketFolder {
    /// Makes the folder, and puts the workers' program into it.
    ///
    /// # Errors
    /// What the system reports.
    pub(super) fn new() -> io::Result<SocketFolder> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("gateway-{}-{number}", process::id());
        let path = std::env::temp_dir().join(name);
        if path.exists() {
            // Left behind by a killed server whose number we have got. Another user's stays, and
            // then the next line fails.
            fs::remove_dir_all(&path)?;
        }
        DirBuilder::new().mode(0o700).create(&path)?;
        let folder = SocketFolder {
            path,
            next: AtomicU32::new(0),
        };
        fs::write(folder.program(), WORKER)?;
        Ok(folder)
    }

    /// The program's file.
    pub(super) fn program(&self) -> PathBuf {
        self.path.join("worker.py")
    }

    /// A name for a socket that no other one has.
    pub(super) fn socket(&self) -> PathBuf {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.path.join(format!("{number}.sock"))
    }
}

impl Drop for SocketFolder {
    fn drop(&mut self) {
        // The system clears its folder in time.
        let _ = fs::remove_dir_all(&self.path);
    }
}
