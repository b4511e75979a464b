//! CGI: a process for each request (RFC 3875).
//!
//! ```text
//!                 environment: REQUEST_METHOD=GET …
//!     request ──► stdin ──►┌─────────┐──► stdout ──► head, content ──► response
//!                          │ program │
//!                          └─────────┘──► stderr ──► the server's stderr
//! ```
//!
//! Starting is one call; everything else waits, and so is an [`Exchange`]: two nonblocking pipes and,
//! when they are done, the end of the process. Pipes, not a socket pair: a program that opens
//! `/dev/stdout` fails on a socket, and some shells take a socket for a remote login.
//!
//! The end of the output is the end of the response only if the program meant it. One that ends by
//! a signal or with an exit code other than 0 has failed, and the response is broken off, unless
//! a Content-Length says that it was complete.
//!
//! Not here: `nph-` programs, arguments made from the query (RFC 3875 §4.4), and programs that go
//! on working after they have closed their output: their response ends when they do.

use crate::cgi_head::Answer;
use crate::complaints::Complaints;
use crate::environ::{Authorization, Environ, Mount};
use crate::output::{Output, Reading};
use crate::path::{BadPath, Segments};
use crate::reaper::{Reaper, Started, Ward};
use crate::route::Prefix;
use crate::script::{self, Script};
use concurrency::sys;
use http_parse::{Framing, Method, ResponseHead, Status};
use socket::{AcceptFate, accept_fate};
use static_files::{Ends, Exchange, Handler, Reply, Request, Response, gateway_failure};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;

/// Where programs are looked for when the server itself has no PATH.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What the programs behind one server share: somebody who sees them end, and a place for their
/// complaints.
#[derive(Debug)]
pub struct Programs {
    reaper: Reaper,
    complaints: Complaints,
}

impl Programs {
    /// Programs at once, if nothing else is said. A small interpreter takes ten megabytes, so these
    /// are two and a half gigabytes.
    pub const LIMIT: usize = 256;

    /// Gets ready to run at most `limit` programs at once; a request for one more is answered 503.
    ///
    /// # Errors
    /// When the system has no pipe or thread left.
    pub fn new(limit: usize) -> io::Result<Arc<Programs>> {
        Ok(Arc::new(Programs {
            reaper: Reaper::new(limit)?,
            complaints: Complaints::new()?,
        }))
    }
}

/// A [`Handler`] that runs the programs of a folder.
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

    fn start(&self, request: &Request) -> Result<Running, Response> {
        if matches!(request.method(), Method::Trace | Method::Connect) {
            let sentence = "Programs here are not asked with this method. Use GET or POST.";
            return Err(Response::error(Status::METHOD_NOT_ALLOWED, sentence)
                .with("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
        }
        let path = Segments::parse(request.path()).map_err(bad_path)?;
        let names = path.names();
        let mounted = self.prefix.depth().min(names.len());
        let script = script::find(&self.folder, &names[mounted..])?;
        let depth = mounted + script.depth;
        let path_info = path.after(depth).map_err(bad_path)?;
        let script_name = [b"/", names[..depth].join(&b'/').as_slice()].concat();
        let mount = Mount {
            script_name: &script_name,
            path_info: &path_info,
            document_root: &self.document_root,
            script_filename: &script.file,
        };
        let environ = Environ::new(request, &mount, self.authorization);
        self.run(request, &script, &environ).map_err(|error| {
            let response = start_failure(&error);
            self.programs
                .complaints
                .note(&script_name, format_args!("did not start: {error}"));
            response
        })
    }

    fn run(&self, request: &Request, script: &Script, environ: &Environ) -> io::Result<Running> {
        let folder = script.file.parent().unwrap_or(&self.folder);
        let mut command = Command::new(&script.file);
        command
            .current_dir(folder)
            .env_clear()
            .env("PATH", &self.path)
            .stdin(match request.framing {
                Framing::None => Stdio::null(),
                Framing::Length(_) | Framing::Chunked | Framing::UntilClose => Stdio::piped(),
            })
            .stdout(Stdio::piped())
            .stderr(self.programs.complaints.for_program()?);
        for (name, value) in environ.iter() {
            command.env(OsStr::from_bytes(name), OsStr::from_bytes(value));
        }
        let Started {
            ward,
            stdin,
            stdout,
        } = self.programs.reaper.start(&mut command)?;
        for pipe in [
            stdin.as_ref().map(AsFd::as_fd),
            stdout.as_ref().map(AsFd::as_fd),
        ] {
            pipe.map_or(Ok(()), sys::set_nonblocking)?;
        }
        Ok(Running {
            name: environ.get("SCRIPT_NAME").unwrap_or_default().into(),
            output: Output::new(request.method().clone()),
            stdin,
            stdout,
            ward,
            programs: Arc::clone(&self.programs),
        })
    }
}

impl Handler for Cgi {
    fn handle(&self, request: &Request) -> Reply {
        match self.start(request) {
            Ok(running) => Reply::Exchange(Box::new(running)),
            Err(response) => Reply::Ready(response),
        }
    }
}

fn bad_path(_: BadPath) -> Response {
    Response::error(
        Status::BAD_REQUEST,
        "This address cannot be read: it has an incomplete % escape, or leads above the top of the site.",
    )
}

/// The answer to a request whose program could not even be started.
fn start_failure(error: &io::Error) -> Response {
    match error.kind() {
        // Found to be executable a moment ago: by others than us, or on a disk that forbids it.
        io::ErrorKind::PermissionDenied => script::NoScript::NotExecutable.into(),
        // Somebody is writing the program, or there is no room for another process.
        io::ErrorKind::ExecutableFileBusy | io::ErrorKind::WouldBlock => busy(),
        // The system has no descriptor or memory left.
        _ if accept_fate(error) == AcceptFate::Pause => busy(),
        _ => gateway_failure(error),
    }
}

fn busy() -> Response {
    gateway_failure(&io::ErrorKind::ResourceBusy.into())
}

/// A program that answers a request.
#[derive(Debug)]
struct Running {
    /// SCRIPT_NAME, for complaints.
    name: Box<[u8]>,
    output: Output,
    /// `None` once the request's content has been handed over, or is not wanted.
    stdin: Option<ChildStdin>,
    /// `None` once it has ended; what is left to know is how the program did.
    stdout: Option<ChildStdout>,
    ward: Ward,
    programs: Arc<Programs>,
}

impl Running {
    fn complain(&self, error: io::Error) -> io::Error {
        if error.kind() != io::ErrorKind::WouldBlock {
            self.programs.complaints.note(&self.name, &error);
        }
        error
    }

    fn ended_without_head(&mut self) -> io::Error {
        let how = match self.ward.ended() {
            Ok(Some(status)) => format!("ended without an answer ({status})"),
            Ok(None) | Err(_) => "closed its output without an answer".to_owned(),
        };
        self.complain(io::Error::new(io::ErrorKind::UnexpectedEof, how))
    }

    /// All output has been read. Was it all there was to say?
    fn settle(&mut self) -> io::Result<usize> {
        match self.ward.ended()? {
            None => Err(io::ErrorKind::WouldBlock.into()),
            Some(status) if status.success() => Ok(0),
            Some(status) => Err(self.complain(broken_off(status))),
        }
    }
}

fn broken_off(status: ExitStatus) -> io::Error {
    let reason = format!(
        "failed after it had begun to answer ({status}), so the answer was broken off; a program whose \
         answer is whole ends with exit code 0 or sends Content-Length"
    );
    io::Error::new(io::ErrorKind::UnexpectedEof, reason)
}

impl Exchange for Running {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let Some(stdin) = &mut self.stdin else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let written = stdin.write(data);
        match &written {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            // EPIPE: the program has closed its input. It need not read what it does not want.
            Err(_) => self.stdin = None,
            Ok(_) => {}
        }
        written
    }

    fn close_write(&mut self) -> io::Result<()> {
        self.stdin = None;
        Ok(())
    }

    fn head(&mut self) -> io::Result<ResponseHead> {
        let Some(stdout) = &mut self.stdout else {
            return Err(self.ended_without_head());
        };
        match self.output.head(stdout) {
            Ok(Some(Answer::Client { head, .. })) => {
                if self.output.is_silent() {
                    self.ward.has_answered();
                }
                Ok(head)
            }
            Ok(Some(Answer::Local(_))) => {
                let reason = "asked for a local redirect, which this server does not follow";
                Err(self.complain(io::Error::other(reason)))
            }
            Ok(None) => Err(self.ended_without_head()),
            Err(error) => Err(self.complain(error)),
        }
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(stdout) = &mut self.stdout else {
            return self.settle();
        };
        match self.output.read(stdout, buf) {
            Ok(Reading::Octets(count)) => Ok(count),
            Ok(Reading::Complete) => {
                self.ward.has_answered();
                Ok(0)
            }
            Ok(Reading::Ended) => {
                (self.stdin, self.stdout) = (None, None);
                self.settle()
            }
            Err(error) => Err(self.complain(error)),
        }
    }

    fn ends(&self) -> Ends<'_> {
        match (&self.stdout, self.ward.end()) {
            (Some(stdout), _) => Ends::Pipes {
                to: self.stdin.as_ref().map(AsFd::as_fd),
                from: stdout.as_fd(),
            },
            (None, Some(end)) => Ends::Ending(end),
            (None, None) => Ends::None,
        }
    }
}
