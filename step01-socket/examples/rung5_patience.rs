//! Chapter 1.5, one guest at a time: a second of patience, for each read or for each line.

use socket::{Linger, Stop, accept_until, close_politely};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// Bytes of one line: a guest who never ends a line gets no more memory than that.
const LINE: u64 = 1024;
/// For the guest who has the door while the others wait.
const PATIENCE: Duration = Duration::from_secs(1);
/// What we hear of a guest who goes on talking.
const LINGER: Linger = Linger {
    bytes: 1024 * 1024,
    time: PATIENCE,
};

fn main() -> io::Result<()> {
    let addr = std::env::args().nth(1);
    let talk = match std::env::args().nth(2).as_deref() {
        Some("line") => second_per_line,
        _ => second_per_read,
    };
    let listener = TcpListener::bind(addr.as_deref().unwrap_or("127.0.0.1:7005"))?;
    println!("listening on {}", listener.local_addr()?);
    accept_until(&listener, &Stop::new(), |stream| {
        println!("a guest came");
        match talk(&stream).and_then(|()| close_politely(&stream, LINGER)) {
            Ok(()) => println!("a guest left"),
            Err(error) => println!("a guest was lost: {}", error.kind()),
        }
    })
}

// ANCHOR: second_per_read
fn second_per_read(stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut guest = BufReader::new(stream);
    while let Some(line) = read_line(&mut guest)? {
        answer(stream, &line)?;
    }
    Ok(())
}
// ANCHOR_END: second_per_read

// ANCHOR: second_per_line
fn second_per_line(stream: &TcpStream) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let deadline = Instant::now() + PATIENCE;
    let mut guest = BufReader::new(Until { stream, deadline });
    while let Some(line) = read_line(&mut guest)? {
        answer(stream, &line)?;
        guest.get_mut().deadline = Instant::now() + PATIENCE;
    }
    Ok(())
}
// ANCHOR_END: second_per_line

/// A stream that can be read until a moment, however many reads that takes.
// ANCHOR: until
struct Until<'s> {
    stream: &'s TcpStream,
    deadline: Instant,
}

impl Read for Until<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(buf)
    }
}
// ANCHOR_END: until

fn answer(mut stream: &TcpStream, line: &[u8]) -> io::Result<()> {
    let answer = format!("a line of {} bytes\n", line.len());
    stream.write_all(answer.as_bytes())
}

/// Returns the next line without its end, or `None` at the end of input.
fn read_line(guest: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    guest.take(LINE).read_until(b'\n', &mut line)?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) if line.len() as u64 == LINE - 1 => Err(ErrorKind::InvalidData.into()),
        // What is cut off is not a line: who would know what was still to come?
        Some(_) => Err(ErrorKind::UnexpectedEof.into()),
    }
}
