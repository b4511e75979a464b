//! Exchanges for tests: content that comes back as it arrives, and an answer that the test itself
//! gives when it pleases.
//!
//! Both are a pair of connected sockets, so that the kernel gives the bounded buffer and the
//! readiness, as it does for a real program behind the server.

use http_parse::{ResponseHead, Status};
use static_files::{Ends, Exchange};
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

/// Request content comes back as response content.
#[derive(Debug)]
pub struct Pipe {
    to: Option<UnixStream>,
    from: UnixStream,
}

impl Pipe {
    /// An empty pipe.
    ///
    /// # Errors
    /// When no descriptor is free.
    pub fn new() -> io::Result<Pipe> {
        let (to, from) = UnixStream::pair()?;
        to.set_nonblocking(true)?;
        from.set_nonblocking(true)?;
        Ok(Pipe { to: Some(to), from })
    }
}

impl Exchange for Pipe {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            Some(to) => to.write(data),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn close_write(&mut self) -> io::Result<()> {
        self.to = None;
        Ok(())
    }

    fn head(&mut self) -> io::Result<ResponseHead> {
        Ok(octets())
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.from.read(buf)
    }

    fn ends(&self) -> Ends<'_> {
        Ends::Pipes {
            to: self.to.as_ref().map(AsFd::as_fd),
            from: self.from.as_fd(),
        }
    }
}

/// The response is whatever the test writes into the other end; it is complete when that is closed.
#[derive(Debug)]
pub struct Gate {
    end: UnixStream,
}

impl Gate {
    /// A gate, and the end from which it is opened.
    ///
    /// # Errors
    /// When no descriptor is free.
    pub fn new() -> io::Result<(Gate, UnixStream)> {
        let (end, opener) = UnixStream::pair()?;
        end.set_nonblocking(true)?;
        Ok((Gate { end }, opener))
    }
}

impl Exchange for Gate {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.end.write(data)
    }

    fn close_write(&mut self) -> io::Result<()> {
        self.end.shutdown(Shutdown::Write)
    }

    fn head(&mut self) -> io::Result<ResponseHead> {
        Ok(octets())
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.end.read(buf)
    }

    fn ends(&self) -> Ends<'_> {
        Ends::Duplex(self.end.as_fd())
    }
}

fn octets() -> ResponseHead {
    let mut head = ResponseHead::new(Status::OK);
    head.fields.push("Content-Type", "application/octet-stream");
    head
}
