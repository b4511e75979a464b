//! Opening files without ever leaving a folder.

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

/// Opens for reading what `path` names below the folder `root`. Symbolic links are followed as long
/// as they stay below it, `..` included; the kernel resolves and opens in one step, so there is no
/// moment between the look and the opening in which somebody could put another link.
///
/// A folder can be opened too. A FIFO is opened without waiting for its writer.
///
/// # Errors
/// `CrossesDevices` (`EXDEV`) when the path leads out of `root`, and for every link that is an
/// absolute path; `NotFound` also for links in circles; `PermissionDenied` also for a socket;
/// `ResourceBusy` when the folders on the way are moved all the time;
/// `Unsupported` where the kernel is older than 5.6 or a sandbox forbids the call; `InvalidInput`
/// for a NUL in `path`; otherwise what openat2(2) reports.
pub fn open_beneath(root: BorrowedFd<'_>, path: &Path) -> io::Result<File> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let how = ffi::OpenHow {
        flags: ffi::O_RDONLY | ffi::O_CLOEXEC | ffi::O_NOCTTY | ffi::O_NONBLOCK_U64,
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
                Some(ffi::ENXIO) => return Err(io::ErrorKind::PermissionDenied.into()),
                Some(ffi::ENOSYS | ffi::EPERM) => return Err(io::ErrorKind::Unsupported.into()),
                _ => return Err(error),
            },
        }
    }
    Err(io::ErrorKind::ResourceBusy.into())
}
