//! CGI: a process for each request (RFC 3875).
//!
//! ```text
//!                 environment: REQUEST_METHOD=GET …
//!     request ──► stdin ──►┌─────────┐──► stdout ──► head, content ──► response
//!                          │ program │
//!                          └─────────┘──► stderr ──► the server's stderr
//! ```
//!
//! Here the program is found and started, which costs the server about a millisecond and is what a
//! process for each request is said to be slow for. Everything after it is waiting, and so an
//! [`Exchange`](static_files::Exchange). Its ends are pipes, not a socket pair: a program that opens
//! `/dev/stdout` fails on a socket, and some shells take one for a remote login.
//!
//! Not here: `nph-` programs, arguments made from the query (RFC 3875 §4.4), and answers that are
//! over before their program is: one that closes its output and works on holds its client up,
//! unless it has sent Content-Length.

use crate::environ::{Authorization, Environ, Mount};
use crate::path::{BadPath, Segments};
use crate::program::{Program, Programs};
use crate::remote::{bad_path, check_method};
use crate::route::Prefix;
use crate::script::{self, NoScript, Script};
use http_parse::Framing;
use socket::{AcceptFate, accept_fate};
use static_files::{Handler, Reply, Request, Response, gateway_failure};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Where programs are looked for when the server itself has no PATH.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A [`Handler`] that runs the programs of a folder.
///
/// Local redirects are for [`Redirects`](crate::Redirects) to follow, around the whole site; without
/// it they are answered 502.
///
/// ```no_run
/// use gateway::{Cgi, Programs};
/// use std::path::Path;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let programs = Programs::new(Programs::LIMIT)?;
/// // `/cgi/hello/there` runs `cgi-bin/hello` with PATH_INFO=/there.
/// let cgi = Cgi::new("/cgi".parse()?, Path::new("cgi-bin"), &programs)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Cgi {
    prefix: Prefix,
    /// Without links, so that programs can be compared with it.
    folder: PathBuf,
    document_root: PathBuf,
    authorization: Authorization,
    path: OsString,
    programs: Arc<Programs>,
}

impl Cgi {
    /// Runs the programs in `folder` for paths below `prefix`.
    ///
    /// # Errors
    /// When the folder is missing or may not be read.
    pub fn new(prefix: Prefix, folder: &Path, programs: &Arc<Programs>) -> io::Result<Cgi> {
        let folder = fs::canonicalize(folder)?;
        fs::read_dir(&folder)?;
        Ok(Cgi {
            prefix,
            document_root: folder.clone(),
            folder,
            authorization: Authorization::Withheld,
            path: std::env::var_os("PATH").unwrap_or_else(|| PATH.into()),
            programs: Arc::clone(programs),
        })
    }

    /// Tells the programs that the site's files are in `folder`; without this, they hear of their own.
    #[must_use]
    pub fn document_root(mut self, folder: &Path) -> Cgi {
        self.document_root = folder.to_path_buf();
        self
    }

    /// Decides whether the programs see `Authorization`.
    #[must_use]
    pub fn authorization(mut self, authorization: Authorization) -> Cgi {
        self.authorization = authorization;
        self
    }

    fn start(&self, request: &Request) -> Result<Program, Response> {
        check_method(request)?;
        let path = Segments::parse(request.path()).map_err(|BadPath| bad_path())?;
        let below = self.prefix.below(path.names()).ok_or(NoScript::Missing)?;
        let script = script::find(&self.folder, below)?;
        let depth = self.prefix.depth() + script.depth;
        let path_info = path.after(depth).map_err(|BadPath| bad_path())?;
        let script_name = path.up_to(depth);
        let mount = Mount {
            script_name: &script_name,
            path_info: &path_info,
            document_root: &self.document_root,
            script_filename: &script.file,
        };
        let environ = Environ::new(request, &mount, self.authorization);
        self.run(request, &script, &environ).map_err(|error| {
            let reason = explain(&error);
            self.programs.complain(&script_name, reason);
            start_failure(&error)
        })
    }

    // ANCHOR: run
    fn run(&self, request: &Request, script: &Script, environ: &Environ) -> io::Result<Program> {
        let folder = script.file.parent().unwrap_or(&self.folder);
        let mut command = Command::new(&script.file);
        command.current_dir(folder).env_clear();
        command.env("PATH", &self.path);
        for (name, value) in environ.iter() {
            command.env(OsStr::from_bytes(name), OsStr::from_bytes(value));
        }
        command.stdin(match request.framing {
            Framing::None => Stdio::null(),
            Framing::Length(_) | Framing::Chunked | Framing::UntilClose => Stdio::piped(),
        });
        let name = environ.get("SCRIPT_NAME").unwrap_or_default();
        self.programs.start(&mut command, name, request.method())
    }
    // ANCHOR_END: run
}

impl Handler for Cgi {
    fn handle(&self, request: &Request) -> Reply {
        match self.start(request) {
            Ok(program) => Reply::Exchange(Box::new(program)),
            Err(response) => Reply::Ready(response),
        }
    }
}

/// The answer to a request whose program could not even be started.
fn start_failure(error: &io::Error) -> Response {
    match error.kind() {
        // Found to be executable a moment ago: by others than us, or on a disk that forbids it.
        io::ErrorKind::PermissionDenied => NoScript::NotExecutable.into(),
        // Somebody is writing the program, or there is no room for another process.
        io::ErrorKind::ExecutableFileBusy | io::ErrorKind::WouldBlock => busy(),
        // The system has no descriptor or memory left.
        _ if accept_fate(error) == AcceptFate::Pause => busy(),
        _ => gateway_failure(error),
    }
}

/// Why a program was not started. The system's words are right and puzzling: the file that it
/// cannot find is not the program.
fn explain(error: &io::Error) -> String {
    /// Exec format error, the same number on every Linux.
    const ENOEXEC: i32 = 8;
    if error.kind() == io::ErrorKind::NotFound {
        return "names a program in its first line (#!) that does not exist".to_owned();
    }
    if error.raw_os_error() == Some(ENOEXEC) {
        return "has no first line that names its interpreter, such as #!/bin/sh".to_owned();
    }
    format!("was not started: {error}")
}

fn busy() -> Response {
    gateway_failure(&io::ErrorKind::ResourceBusy.into())
}
