//! An echo server that is right, made of two parts that can be replaced by wrong ones.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// What an echo server has to get right.
pub(crate) struct Parts {
    /// Serves one guest to the end.
    pub(crate) echo: fn(&TcpStream) -> io::Result<()>,
    /// What becomes of the server when that has failed.
    pub(crate) bear: fn(io::Error) -> io::Result<()>,
}

pub(crate) const PARTS: Parts = Parts {
    echo,
    // A guest who is gone is no loss.
    bear: |_| Ok(()),
};

pub(crate) fn serve(listener: &TcpListener, parts: &Parts) -> io::Result<()> {
    serve_within(listener, parts, None)
}

/// Serves guests who are silent no longer than this.
pub(crate) fn serve_within(
    listener: &TcpListener,
    parts: &Parts,
    patience: Option<Duration>,
) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        stream.set_read_timeout(patience)?;
        (parts.echo)(&stream).or_else(parts.bear)?;
    }
}

fn echo(mut stream: &TcpStream) -> io::Result<()> {
    let mut buf = [0; 4096];
    loop {
        match stream.read(&mut buf)? {
            0 => return Ok(()),
            count => stream.write_all(&buf[..count])?,
        }
    }
}
