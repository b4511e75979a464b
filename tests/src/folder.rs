//! A folder for one test, gone when the test is over.
//!
//! Passing or failing makes no difference: it is removed on drop, which also runs while a
//! failed assertion unwinds.

use std::fs::{self, File, FileTimes, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

/// A folder of its own under the system's temporary folder.
#[derive(Debug)]
pub struct TempFolder {
    path: PathBuf,
}

impl TempFolder {
    /// Creates an empty folder.
    ///
    /// # Errors
    /// What `mkdir` reports.
    pub fn new() -> io::Result<TempFolder> {
        static SERIAL: AtomicU32 = AtomicU32::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        if serial == 0 {
            sweep(&std::env::temp_dir());
        }
        let path = std::env::temp_dir().join(format!("check-{}-{serial}", process::id()));
        // Left behind by a process of the same number that was killed.
        if path.exists() {
            fs::remove_dir_all(&path)?;
        }
        fs::create_dir_all(&path)?;
        // A symbolic link in the way (/tmp itself, on some systems) would make confinement tests
        // compare two names of one folder.
        Ok(TempFolder {
            path: path.canonicalize()?,
        })
    }

    /// The folder's absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file, with the folders that lead to it.
    ///
    /// # Errors
    /// What the file system reports.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> io::Result<PathBuf> {
        let path = self.path.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, content)?;
        Ok(path)
    }

    /// Writes a file last modified `age_seconds` after 1970, so that its date is known beforehand.
    ///
    /// # Errors
    /// What the file system reports.
    pub fn write_dated(&self, name: &str, content: &[u8], age_seconds: u64) -> io::Result<()> {
        let path = self.write(name, content)?;
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(age_seconds);
        File::options()
            .write(true)
            .open(path)?
            .set_times(FileTimes::new().set_modified(modified))
    }

    /// Writes an executable script.
    ///
    /// # Errors
    /// What the file system reports.
    pub fn write_script(&self, name: &str, content: &str) -> io::Result<PathBuf> {
        let path = self.write(name, content)?;
        fs::set_permissions(&path, Permissions::from_mode(0o755))?;
        Ok(path)
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        // A folder that cannot be removed is no reason to fail the test that used it.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Age at which a folder that nobody owns is no longer kept.
const STALE: Duration = Duration::from_secs(3600);

/// Removes what processes have left behind that are gone: a static is never dropped, and who is killed
/// drops nothing. Failures are left to the next one.
fn sweep(folder: &Path) {
    let is_gone = |name: &str| {
        let pid = name.strip_prefix("check-")?.split('-').next()?;
        let pid: u32 = pid.parse().ok()?;
        Some(Path::new("/proc/self").exists() && !Path::new(&format!("/proc/{pid}")).exists())
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let gone = entry.file_name().to_str().and_then(is_gone) == Some(true);
        let made = entry.metadata().and_then(|metadata| metadata.modified());
        let age = made.ok().and_then(|made| made.elapsed().ok());
        if gone && age.is_some_and(|age| age > STALE) {
            // Another process may be sweeping too.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_is_gone_after_the_test() {
        let folder = TempFolder::new().unwrap();
        let path = folder.path().to_owned();
        folder.write("a/b.txt", "x").unwrap();
        assert_eq!(fs::read(path.join("a/b.txt")).unwrap(), b"x");
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn dated_file_has_its_date() {
        let folder = TempFolder::new().unwrap();
        folder.write_dated("a", b"x", 1_577_836_800).unwrap();
        let modified = fs::metadata(folder.path().join("a"))
            .unwrap()
            .modified()
            .unwrap();
        let since = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(since.as_secs(), 1_577_836_800);
    }

    #[test]
    fn only_old_folders_of_the_dead_are_swept_away() {
        let base = TempFolder::new().unwrap();
        // Above every number that Linux gives to a process.
        let names = ["check-4999999-0", "check-4999998-0", "check-1-0", "other"];
        for name in names {
            let folder = base.path().join(name);
            fs::create_dir(&folder).unwrap();
            if name != "check-4999998-0" {
                let old = SystemTime::now() - 2 * STALE;
                let times = FileTimes::new().set_modified(old);
                File::open(&folder).unwrap().set_times(times).unwrap();
            }
        }
        sweep(base.path());
        let left = names.map(|name| base.path().join(name).exists());
        assert_eq!(left, [!Path::new("/proc/self").exists(), true, true, true]);
    }
}
