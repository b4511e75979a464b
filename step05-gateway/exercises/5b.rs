//! 5b CGI misbehaves: a program that is slow, mute or endless, and a client who leaves.
//!
//! Write the bodies of `impl Exchange`, and what else it takes. Starting a program and reading the
//! head of its answer are given; `cargo test --test 5b` judges it.

use check::exercise::{self, Given};
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
        // How long can this take, if the program says more than a pipe holds?
        input.write_all(data)?;
        Ok(data.len())
    }

    fn close_write(&mut self) -> io::Result<()> {
        self.stdin = None;
        Ok(())
    }

    fn head(&mut self) -> io::Result<ResponseHead> {
        if self.stdin.is_some() {
            // The program is heard when it has been told everything.
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.stdout.read_to_end(&mut self.said)?;
        self.program.wait()?;
        take_head(&mut self.said)?.ok_or(io::ErrorKind::UnexpectedEof.into())
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.said.as_slice().read(buf)?;
        self.said.drain(..count);
        Ok(count)
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
