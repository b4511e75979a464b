//! A server of lines that is right, made of two parts that can be replaced by wrong ones.
//!
//! It answers each line with a line, and `bye` with a long good-bye and the end.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

/// Octets of the good-bye.
const FAREWELL: usize = 1_000_000;

/// For a guest who is told good-bye and goes on talking.
const LINGER: Duration = Duration::from_secs(2);

/// What a server of lines has to get right.
pub(crate) struct Parts {
    /// Takes the next line, without its end, from what has come; none where it has none.
    pub(crate) line: fn(&mut Vec<u8>) -> Option<Vec<u8>>,
    /// Leaves.
    pub(crate) leave: fn(&TcpStream) -> io::Result<()>,
}

pub(crate) const PARTS: Parts = Parts { line, leave };

pub(crate) fn serve(listener: &TcpListener, parts: &Parts) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        // A guest who is gone is no loss.
        let _ = converse(&stream, parts).and_then(|()| (parts.leave)(&stream));
    }
}

fn converse(mut stream: &TcpStream, parts: &Parts) -> io::Result<()> {
    let (mut come, mut buf) = (Vec::new(), [0; 1024]);
    loop {
        let count = stream.read(&mut buf)?;
        if count == 0 {
            return Ok(());
        }
        come.extend(&buf[..count]);
        while let Some(line) = (parts.line)(&mut come) {
            if line == b"bye" {
                return stream.write_all(&vec![b'.'; FAREWELL]);
            }
            let answer = format!("a line of {} bytes\n", line.len());
            stream.write_all(answer.as_bytes())?;
        }
    }
}

fn line(come: &mut Vec<u8>) -> Option<Vec<u8>> {
    let end = come.iter().position(|&octet| octet == b'\n')?;
    let mut line: Vec<u8> = come.drain(..=end).collect();
    line.pop();
    Some(line)
}

fn leave(mut stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(LINGER))?;
    while stream.read(&mut [0; 4096])? > 0 {}
    Ok(())
}
