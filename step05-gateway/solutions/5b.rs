//! 5b CGI misbehaves: a program that is slow, mute or endless, and a client who leaves.
//!
//! Nothing here waits. What cannot be done now is `WouldBlock`, and the server, which hears the client
//! and the program at once, says when to try again and when to give up.

use check::exercise::{self, Given};
use concurrency::sys::{self, Signal};
use gateway::{Answer, Authorization, Environ, HeadReader, Mount};
use http_parse::{Parsed, ResponseHead};
use static_files::{Ends, Exchange, Reply, Request, SitePath, gateway_failure};
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};

/// A program that answers a request.
#[derive(Debug)]
struct Running {
    /// The leader of a process group, so that its own children can be ended with it.
    program: Child,
    /// `None` once the request's content is complete, or not wanted.
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    /// What was read of its output and not passed on.
    said: Vec<u8>,
    /// Readable when the program has ended; `None` as long as its output has not.
    end: Option<OwnedFd>,
}

impl Exchange for Running {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let input = self.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        input.write(data)
    }

    fn close_write(&mut self) -> io::Result<()> {
        self.stdin = None;
        Ok(())
    }

    fn head(&mut self) -> io::Result<ResponseHead> {
        let mut piece = [0; PIECE];
        loop {
            if let Some(head) = take_head(&mut self.said)? {
                return Ok(head);
            }
            match self.stdout.read(&mut piece)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.said.extend(&piece[..count]),
            }
        }
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if !self.said.is_empty() {
            let count = self.said.as_slice().read(buf)?;
            self.said.drain(..count);
            return Ok(count);
        }
        match self.stdout.read(buf)? {
            0 => self.settle(),
            count => Ok(count),
        }
    }

    fn ends(&self) -> Ends<'_> {
        match &self.end {
            Some(end) => Ends::Ending(end.as_fd()),
            None => Ends::Pipes {
                to: self.stdin.as_ref().map(AsFd::as_fd),
                from: self.stdout.as_fd(),
            },
        }
    }
}

/// Octets asked for at a time while the head is not complete.
const PIECE: usize = 4096;

impl Running {
    /// All has been said. Was it meant to be all? The exit status knows (decided without waiting).
    fn settle(&mut self) -> io::Result<usize> {
        match self.program.try_wait()? {
            Some(status) if status.success() => Ok(0),
            Some(status) => Err(io::Error::other(format!("the program failed: {status}"))),
            None => {
                self.end = Some(sys::pidfd_open(self.program.id())?);
                Err(io::ErrorKind::WouldBlock.into())
            }
        }
    }
}

impl Drop for Running {
    /// Whatever became of the request, nothing of its program stays.
    fn drop(&mut self) {
        if let Ok(None) = self.program.try_wait() {
            // It may have ended since; then there is nobody to be killed, and nothing lost.
            let _ = sys::kill_group(self.program.id(), Signal::Kill);
            let _ = self.program.wait();
        }
    }
}

/// Takes the head of an answer off the front of what a program has said, once it is complete.
fn take_head(said: &mut Vec<u8>) -> io::Result<Option<ResponseHead>> {
    match HeadReader::default().read(said)? {
        Parsed::Complete(Answer::Client { head, .. }, end) => {
            said.drain(..end);
            Ok(Some(head))
        }
        Parsed::Complete(Answer::Local(_), _) => Err(io::ErrorKind::Unsupported.into()),
        Parsed::Partial => Ok(None),
    }
}

/// Starts the program that is meant.
fn start(folder: &Path, request: &Request) -> io::Result<Running> {
    let path = SitePath::parse(request.path()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut names = path.segments().skip(1);
    let name = names.next().unwrap_or_default();
    let below: Vec<u8> = names.flat_map(|name| [b"/", name].concat()).collect();
    let file = folder.join(OsStr::from_bytes(name));
    let mount = Mount {
        script_name: &[b"/cgi/", name].concat(),
        path_info: &below,
        document_root: folder,
        script_filename: &file,
    };
    let environ = Environ::new(request, &mount, Authorization::Withheld);
    let pairs = environ.iter();
    let mut program = Command::new(&file)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(pairs.map(|(name, value)| (OsStr::from_bytes(name), OsStr::from_bytes(value))))
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let stdin = program.stdin.take();
    let stdout = program.stdout.take().expect("it was asked for");
    sys::set_nonblocking(stdout.as_fd())?;
    stdin
        .as_ref()
        .map_or(Ok(()), |stdin| sys::set_nonblocking(stdin.as_fd()))?;
    Ok(Running {
        program,
        stdin,
        stdout,
        said: Vec::new(),
        end: None,
    })
}

fn serve(given: &Given) -> io::Result<()> {
    given.serve_below("/cgi", || {
        let folder = given.programs()?;
        let programs = move |request: &Request| match start(&folder, request) {
            Ok(running) => Reply::Exchange(Box::new(running)),
            Err(error) => Reply::Ready(gateway_failure(&error)),
        };
        Ok(programs)
    })
}

fn main() -> ExitCode {
    exercise::main("5b", serve)
}
