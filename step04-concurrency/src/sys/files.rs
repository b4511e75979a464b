//! Finding files without ever leaving a folder.

use super::{check, ffi};
use std::ffi::{CString, c_int};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Attempts before a folder counts as too restless. The kernel gives up one when something is
/// renamed while it follows a `..`, for then it cannot know whether it is still inside.
const ATTEMPTS: u32 = 16;

/// Finds what `path` names below the folder `root`. Symbolic links are followed as long as they
/// stay below it, `..` included; the kernel resolves all of it in one step, so there is no moment
/// in which somebody could put another link.
///
/// The file is found and not opened: the result can be asked what it is, and opened with
/// [`open_found`], and nothing else. So a FIFO has no reader by it, and a device does nothing.
///
/// # Errors
/// `CrossesDevices` (`EXDEV`) when the path leads out of `root`, and for every link that is an
/// absolute path; `NotFound` also for links in circles; `ResourceBusy` when the folders on the way
/// are moved all the time; `Unsupported` where the kernel is older than 5.6 or a sandbox forbids
/// the call; `InvalidInput` for a NUL in `path`; otherwise what openat2(2) reports.
pub fn find_beneath(root: BorrowedFd<'_>, path: &Path) -> io::Result<File> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let how = ffi::OpenHow {
        flags: ffi::O_PATH | ffi::O_CLOEXEC,
        mode: 0,
        resolve: ffi::RESOLVE_BENEATH | ffi::RESOLVE_NO_MAGICLINKS,
    };
    for _ in 0..ATTEMPTS {
        let root = root.as_raw_fd();
        let (path_at, how_at) = (path.as_ptr(), &raw const how);
        let size = size_of::<ffi::OpenHow>();
        // SAFETY: `path_at` is a C string and `how_at` points to `size` octets; both are only read.
        let fd = unsafe { ffi::syscall(ffi::SYS_OPENAT2, root, path_at, how_at, size) };
        match check(c_int::try_from(fd).unwrap_or(-1)) {
            // SAFETY: the kernel has just returned this descriptor, and nobody else knows it.
            Ok(fd) => return Ok(unsafe { File::from_raw_fd(fd) }),
            Err(error) => match error.raw_os_error() {
                Some(ffi::EAGAIN | ffi::EINTR) => {}
                Some(ffi::ELOOP) => return Err(io::ErrorKind::NotFound.into()),
                Some(ffi::ENOSYS | ffi::EPERM) => return Err(io::ErrorKind::Unsupported.into()),
                _ => return Err(error),
            },
        }
    }
    Err(io::ErrorKind::ResourceBusy.into())
}

/// Opens for reading what [`find_beneath`] found: that very file, whatever its name means by now.
///
/// # Errors
/// `Unsupported` where /proc is missing, through which it is done; otherwise what open(2) reports.
///
/// Source: proc(5), `/proc/self/fd`
pub fn open_found(found: &File) -> io::Result<File> {
    let opened = File::open(format!("/proc/self/fd/{}", found.as_raw_fd()));
    opened.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => io::ErrorKind::Unsupported.into(),
        _ => error,
    })
}
