//! From a checked path to an open file, resolved in one step of the kernel.
//!
//! ```text
//! step 3's Disk   resolve every link ─► below the root? ─► what is it? ─► open ─► describe
//! Beneath         openat2(RESOLVE_BENEATH, O_PATH) ─► what is it? ─► open ─► describe
//! ```
//!
//! Whoever may write below the root can exchange a file for a link, or for a FIFO, between two of
//! [`Disk`]'s arrows. Here the first arrow ends at a descriptor, and the others start from it: what
//! is opened is what was found below the root and looked at, whatever has become of its name. The
//! number of system calls no longer grows with the depth of the folder.
//!
//! Where the kernel does not know the call, or there is no /proc, [`Disk`] answers, with its gap.

use crate::sys::{find_beneath, open_found};
use static_files::{Denied, Disk, Found, SitePath};
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

/// A folder of the file system that is a site's root, and out of which the kernel lets nothing
/// lead.
#[derive(Clone, Debug)]
pub struct Beneath {
    disk: Disk,
    way: Way,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Kernel,
    Disk,
}

impl Beneath {
    /// Takes a folder as the root.
    ///
    /// # Errors
    /// As [`Disk::new`].
    pub fn new(root: &Path) -> io::Result<Beneath> {
        let disk = Disk::new(root)?;
        let tried = find(&disk, Path::new(".")).and_then(|found| open_found(&found));
        let way = match tried {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Way::Disk,
            Ok(_) | Err(_) => Way::Kernel,
        };
        Ok(Beneath { disk, way })
    }

    /// Finds a file and opens it, or a folder.
    ///
    /// # Errors
    /// As [`Disk::find`].
    ///
    /// Source: openat2(2)
    pub fn find(&self, path: &SitePath) -> Result<Found, Denied> {
        if self.way == Way::Disk {
            return self.disk.find(path);
        }
        let relative = match path.file_name() {
            Some(_) => path.relative(),
            None => Path::new("."),
        };
        let found = match find(&self.disk, relative) {
            // Perhaps a link that leads to a place below the root, but by an absolute path. What it
            // is resolved to is found in the same way, so a lie in between gains nothing.
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                find(&self.disk, &self.resolve(relative)?)
            }
            outcome => outcome,
        };
        let found = found.map_err(|error| match error.kind() {
            io::ErrorKind::CrossesDevices => Denied::NotFound,
            _ => Denied::from(error),
        })?;
        let kind = found.metadata()?.file_type();
        match (kind.is_dir(), kind.is_file()) {
            (true, _) => Ok(Found::Folder),
            (false, true) => Found::describe(open_found(&found)?),
            (false, false) => Err(Denied::Forbidden),
        }
    }

    /// The same place without links, relative to the root.
    fn resolve(&self, relative: &Path) -> Result<PathBuf, Denied> {
        let resolved = self.disk.root().join(relative).canonicalize()?;
        let below = resolved.strip_prefix(self.disk.root());
        below
            .map(Path::to_path_buf)
            .map_err(|_outside| Denied::NotFound)
    }
}

/// Finds a path below the root. The root is opened anew each time: a site that is rebuilt by
/// replacing its folder is another folder under the same name.
fn find(disk: &Disk, relative: &Path) -> io::Result<File> {
    find_beneath(File::open(disk.root())?.as_fd(), relative)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::process::Command;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    /// A folder with a site and what is beside it, gone with the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let name = format!("lookup-{}-{name}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            fs::create_dir_all(folder.join("site/sub")).unwrap();
            fs::write(folder.join("secret"), "secret").unwrap();
            fs::write(folder.join("site/file"), "content").unwrap();
            fs::write(folder.join("site/sub/file"), "below").unwrap();
            Folder(folder)
        }

        fn site(&self) -> PathBuf {
            self.0.join("site")
        }

        fn link(&self, target: impl AsRef<Path>, name: &str) {
            symlink(target, self.site().join(name)).unwrap();
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            // Left behind, it harms nothing but tidiness.
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn content(found: Found) -> String {
        match found {
            Found::File(file) => io::read_to_string(&*file.file).unwrap(),
            Found::Folder => "a folder".to_owned(),
        }
    }

    /// The kernel's way, and the one where the kernel has none.
    #[track_caller]
    fn check(folder: &Folder, path: &str, expected: Result<&str, Denied>) {
        let kernel = Beneath::new(&folder.site()).unwrap();
        if kernel.way == Way::Disk {
            println!("skipped: this kernel has no openat2");
        }
        let disk = Beneath {
            way: Way::Disk,
            ..kernel.clone()
        };
        let path = SitePath::parse(path.as_bytes()).unwrap();
        for beneath in [kernel, disk] {
            let found = beneath.find(&path).map(content);
            let way = beneath.way;
            assert_eq!(found, expected.map(str::to_owned), "{way:?} {path:?}");
        }
    }

    #[test]
    fn files_and_folders_are_found() {
        let folder = Folder::new("found");
        check(&folder, "/", Ok("a folder"));
        check(&folder, "/sub", Ok("a folder"));
        check(&folder, "/file", Ok("content"));
        check(&folder, "/sub/file", Ok("below"));
        check(&folder, "/none", Err(Denied::NotFound));
        check(&folder, "/file/below", Err(Denied::NotFound));
        check(
            &folder,
            &format!("/{}", "x".repeat(300)),
            Err(Denied::NotFound),
        );
    }

    #[test]
    fn links_are_followed_within_the_root_only() {
        let folder = Folder::new("links");
        folder.link("sub/file", "inside");
        folder.link("../file", "sub/up");
        folder.link(folder.site().join("sub"), "absolute");
        folder.link("../secret", "out");
        folder.link(folder.0.join("secret"), "absolutely-out");
        folder.link("../site/file", "out-and-in");
        folder.link("circle", "circle");
        folder.link("nowhere", "dangling");
        folder.link("/proc/self/root", "magic");
        check(&folder, "/inside", Ok("below"));
        check(&folder, "/sub/up", Ok("content"));
        check(&folder, "/absolute/file", Ok("below"));
        check(&folder, "/out-and-in", Ok("content"));
        for name in ["/out", "/absolutely-out", "/circle", "/dangling", "/magic"] {
            check(&folder, name, Err(Denied::NotFound));
        }
    }

    #[test]
    fn what_is_no_file_is_not_for_reading() {
        let folder = Folder::new("special");
        let _socket = UnixListener::bind(folder.site().join("socket")).unwrap();
        check(&folder, "/socket", Err(Denied::Forbidden));
        let fifo = folder.site().join("fifo");
        let made = Command::new("mkfifo").arg(fifo).status();
        if !made.is_ok_and(|status| status.success()) {
            println!("skipped: no mkfifo");
            return;
        }
        check(&folder, "/fifo", Err(Denied::Forbidden));
    }

    #[test]
    fn a_fifo_is_never_opened() {
        let folder = Folder::new("fifo");
        let fifo = folder.site().join("fifo");
        let made = Command::new("mkfifo").arg(&fifo).status();
        if !made.is_ok_and(|status| status.success()) {
            println!("skipped: no mkfifo");
            return;
        }
        let beneath = Beneath::new(&folder.site()).unwrap();
        let path = SitePath::parse(b"/fifo").unwrap();
        // Opening a FIFO to write waits until somebody opens it to read, be it for a moment.
        let (tell, told) = mpsc::channel();
        thread::scope(|scope| {
            let _writing = scope.spawn(|| {
                tell.send("opens").unwrap();
                let held = File::options().write(true).open(&fifo).unwrap();
                tell.send("has a reader").unwrap();
                held
            });
            assert_eq!(told.recv(), Ok("opens"));
            let mut heard = told.try_recv().ok();
            for _ in 0..1_000 {
                assert_eq!(beneath.find(&path).map(content), Err(Denied::Forbidden));
                heard = heard.or(told.try_recv().ok());
            }
            heard = heard.or(told.recv_timeout(Duration::from_millis(50)).ok());
            drop(File::open(&fifo).unwrap());
            assert_eq!(heard, None);
        });
    }

    #[test]
    fn the_unreadable_is_forbidden() {
        let folder = Folder::new("unreadable");
        let file = folder.site().join("file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
        if File::open(file).is_ok() {
            println!("skipped: nothing is unreadable to root");
            return;
        }
        check(&folder, "/file", Err(Denied::Forbidden));
    }

    #[test]
    fn no_exchange_of_a_folder_for_a_link_lets_anything_out() {
        let folder = Folder::new("race");
        fs::create_dir(folder.0.join("outside")).unwrap();
        fs::write(folder.0.join("outside/file"), "secret").unwrap();
        let (sub, link) = (folder.site().join("sub"), folder.site().join("link"));
        folder.link("../outside", "link");
        let aside = folder.site().join("aside");
        let beneath = Beneath::new(&folder.site()).unwrap();
        if beneath.way == Way::Disk {
            println!("skipped: this kernel has no openat2");
            return;
        }
        let path = SitePath::parse(b"/sub/file").unwrap();
        let looked = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !looked.load(Ordering::Relaxed) {
                    fs::rename(&sub, &aside).unwrap();
                    fs::rename(&link, &sub).unwrap();
                    fs::rename(&sub, &link).unwrap();
                    fs::rename(&aside, &sub).unwrap();
                }
            });
            let mut seen: Vec<_> = (0..20_000)
                .map(|_| beneath.find(&path).map(content))
                .collect();
            looked.store(true, Ordering::Relaxed);
            seen.retain(|found| *found != Ok("below".to_owned()));
            seen.retain(|found| *found != Err(Denied::NotFound));
            seen.retain(|found| *found != Err(Denied::Failed(io::ErrorKind::ResourceBusy)));
            assert_eq!(seen, []);
        });
    }

    #[test]
    fn a_folder_that_is_replaced_is_the_new_one() {
        let folder = Folder::new("replaced");
        let beneath = Beneath::new(&folder.site()).unwrap();
        fs::rename(folder.site(), folder.0.join("old")).unwrap();
        fs::create_dir(folder.site()).unwrap();
        fs::write(folder.site().join("file"), "new").unwrap();
        let path = SitePath::parse(b"/file").unwrap();
        assert_eq!(beneath.find(&path).map(content), Ok("new".to_owned()));
    }
}
