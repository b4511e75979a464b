//! 5e WSGI: what stands between a request and a Python function.
//!
//! The head is kept until there is content, since an application may still change its mind; and the
//! end is told to whoever answers, however it comes.

use check::exercise::{self, Given};
use gateway::{Answer, App, Authorization, Environ, HeadReader, Mount, Offload, Pool, Responder};
use http_parse::Parsed;
use static_files::{Request, SitePath};
use std::ffi::OsStr;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::{ChildStdout, Command, ExitCode, Stdio};
use std::thread;

/// Answers one request: `out` takes a head as CGI has it, and then content.
const WORKER: &str = r#"
import os, sys

def run(application, environ, out):
    head, sent = [], False

    def start_response(status, headers, exc_info=None):
        if exc_info and sent:
            raise exc_info[1].with_traceback(exc_info[2])  # half a page cannot become an error page
        if head and not exc_info:
            raise AssertionError("start_response was called twice")
        head[:] = [f"{name}: {value}\r\n" for name, value in [("Status", status), *headers]]
        return write

    def write(piece):
        nonlocal sent
        if not sent:
            out.write(("".join(head) + "\r\n").encode("latin-1"))
            sent = True
        out.write(piece)
        out.flush()

    answer = application(environ, start_response)
    try:
        for piece in answer:
            if piece:
                write(piece)
        if not sent:
            write(b"")
    finally:
        if hasattr(answer, "close"):
            answer.close()

environ = {name.decode("latin-1"): value.decode("latin-1") for name, value in os.environb.items()}
environ.update({
    "wsgi.version": (1, 0), "wsgi.url_scheme": environ["REQUEST_SCHEME"],
    "wsgi.input": sys.stdin.buffer, "wsgi.errors": sys.stderr,
    "wsgi.multithread": False, "wsgi.multiprocess": True, "wsgi.run_once": True,
})
sys.path.insert(0, sys.argv[1])
import app
run(app.application, environ, sys.stdout.buffer)
"#;

/// Octets of content that an application is given.
const CONTENT: u64 = 1 << 20;

/// Python, in a process for each request.
struct Python {
    /// The folder in which the application is.
    folder: PathBuf,
}

impl App for Python {
    fn call(&self, request: &Request, content: &mut dyn Read, to: Responder<'_>) -> io::Result<()> {
        let path = SitePath::parse(request.path()).map_err(|_| ErrorKind::InvalidInput)?;
        let below = path.relative().as_os_str().as_bytes();
        let mount = Mount {
            script_name: b"/wsgi",
            path_info: below.strip_prefix(b"wsgi").unwrap_or_default(),
            document_root: &self.folder,
            script_filename: &self.folder,
        };
        let environ = Environ::new(request, &mount, Authorization::Passed);
        let pairs = environ.iter();
        let pairs = pairs.map(|(name, value)| (OsStr::from_bytes(name), OsStr::from_bytes(value)));
        let mut given = Vec::new();
        content.take(CONTENT).read_to_end(&mut given)?;

        let mut worker = Command::new("python3")
            .args(["-c", WORKER])
            .arg(&self.folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(pairs)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        if let Some(mut input) = worker.stdin.take() {
            // An application need not read what it is given.
            thread::Builder::new().spawn(move || drop(input.write_all(&given)))?;
        }
        let output = worker.stdout.take().expect("it was asked for");
        // When nobody takes its words any more, the output is closed, and the worker notices.
        let passed = pass_on(output, to);
        match worker.wait()?.success() {
            true => passed,
            false => Err(io::Error::other("the application has failed")),
        }
    }
}

/// Passes on what a worker says, as it comes.
fn pass_on(mut output: ChildStdout, to: Responder<'_>) -> io::Result<()> {
    let (mut said, mut piece) = (Vec::new(), [0; 16 * 1024]);
    let (head, end) = loop {
        match HeadReader::default().read(&said)? {
            Parsed::Complete(Answer::Client { head, .. }, end) => break (head, end),
            Parsed::Complete(Answer::Local(_), _) => return Err(ErrorKind::Unsupported.into()),
            Parsed::Partial => match output.read(&mut piece)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                count => said.extend(&piece[..count]),
            },
        }
    };
    let mut body = to.start(&head)?;
    body.write_all(&said[end..])?;
    io::copy(&mut output, &mut body).map(drop)
}

fn serve(given: &Given) -> io::Result<()> {
    given.serve_below("/wsgi", || {
        let folder = given.place("wsgi")?.into();
        let python = Offload::new(Python { folder }, Pool::default())?;
        Ok(python)
    })
}

fn main() -> ExitCode {
    exercise::main("5e", serve)
}
