//! A program that answers a request: an [`Exchange`] made of two pipes and the end of a process.
//!
//! ```text
//!     write ──► stdin ──►┌─────────┐──► stdout ──► head, read     Ends::Pipes
//!     close_write: EOF   │ program │    EOF: has it ended well?   Ends::Ending
//!                        └─────────┘──► stderr ──► complaints
//! ```
//!
//! The end of the output is the end of the response only if the program meant it. One that ends by
//! a signal or with an exit code other than 0 has failed, and the response is broken off, unless
//! a Content-Length says that it was complete.

use crate::complaints::Complaints;
use crate::output::{Beginning, Output, Reading};
use crate::reaper::Reaper;
use crate::redirect::LocalRedirect;
use crate::ward::{Started, Ward};
use concurrency::sys;
use http_parse::{Method, ResponseHead};
use static_files::{Ends, Exchange};
use std::fmt::Display;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::process::{ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;

/// What the programs behind one server share: somebody who sees them end, and a place for their
/// complaints.
#[derive(Debug)]
pub struct Programs {
    reaper: Reaper,
    complaints: Arc<Complaints>,
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
        Programs::complaining(limit, &Complaints::new()?)
    }

    /// The same, with complaints that others write to as well.
    ///
    /// # Errors
    /// When the system has no pipe or thread left.
    pub fn complaining(limit: usize, complaints: &Arc<Complaints>) -> io::Result<Arc<Programs>> {
        Ok(Arc::new(Programs {
            reaper: Reaper::new(limit)?,
            complaints: Arc::clone(complaints),
        }))
    }

    /// Starts a program, of which the folder, the arguments and the environment are set, to answer
    /// a request of this method. `name` is what complaints about it begin with.
    ///
    /// # Errors
    /// `ResourceBusy` when as many programs as may run do; otherwise why it could not be started.
    pub(crate) fn start(
        self: &Arc<Programs>,
        command: &mut Command,
        name: &[u8],
        method: &Method,
    ) -> io::Result<Program> {
        let complaints = self.complaints.for_program()?;
        command.stdout(Stdio::piped()).stderr(complaints);
        let Started {
            ward,
            stdin,
            stdout,
        } = self.reaper.start(command)?;
        let ends = [
            stdin.as_ref().map(AsFd::as_fd),
            stdout.as_ref().map(AsFd::as_fd),
        ];
        ends.into_iter()
            .flatten()
            .try_for_each(sys::set_nonblocking)?;
        Ok(Program {
            name: name.into(),
            output: Output::new(method.clone()),
            stdin,
            stdout,
            ward,
            programs: Arc::clone(self),
        })
    }

    /// Starts a program that answers many requests, not through its descriptors 0 and 1.
    ///
    /// # Errors
    /// `ResourceBusy` when as many programs as may run do; otherwise why it could not be started.
    pub(crate) fn start_worker(&self, command: &mut Command) -> io::Result<Started> {
        let complaints = self.complaints.for_program()?;
        command.stdout(Stdio::piped()).stderr(complaints);
        self.reaper.start(command)
    }

    /// Notes that something was wrong with the program of that name. Never waits.
    pub(crate) fn complain(&self, name: &[u8], what: impl Display) {
        self.complaints.note(name, what);
    }
}

/// A program that answers a request.
#[derive(Debug)]
pub(crate) struct Program {
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

impl Program {
    fn complain(&self, error: io::Error) -> io::Error {
        if error.kind() != io::ErrorKind::WouldBlock {
            self.programs.complain(&self.name, &error);
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

    // ANCHOR: settle
    /// All output has been read. Was it all there was to say?
    fn settle(&mut self) -> io::Result<usize> {
        match self.ward.ended()? {
            None => Err(io::ErrorKind::WouldBlock.into()),
            Some(status) if status.success() => Ok(0),
            Some(status) => Err(self.complain(broken_off(status))),
        }
    }
    // ANCHOR_END: settle
}

fn broken_off(status: ExitStatus) -> io::Error {
    let reason = format!(
        "failed after it had begun to answer ({status}), so the answer was broken off; a program whose \
         answer is whole ends with exit code 0 or sends Content-Length"
    );
    io::Error::new(io::ErrorKind::UnexpectedEof, reason)
}

impl Exchange for Program {
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
            Ok(Some(Beginning::Head(head))) => {
                if self.output.is_silent() {
                    self.ward.has_answered();
                }
                Ok(head)
            }
            Ok(Some(Beginning::Local(path))) => {
                self.ward.has_answered();
                Err(io::Error::other(LocalRedirect {
                    path,
                    from: self.name.clone(),
                    complaints: Arc::clone(&self.programs.complaints),
                }))
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
