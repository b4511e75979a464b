//! 1e No reset: the last answer arrives, also when the guest goes on talking.
//!
//! A half-close says that this was all; reading to the guest's own end says that he has it. Both have
//! a bound, because a stranger decides how long it takes.

use check::exercise::{self, Given};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Octets of one line.
const LINE: u64 = 1024;

/// Octets of the long good-bye.
const FAREWELL: usize = 1_000_000;

/// What is heard of a guest who goes on talking: octets, and for how long.
const UNHEARD: u64 = 1 << 20;
const LINGER: Duration = Duration::from_secs(2);

/// Ends a connection so that what was sent arrives. The guest is heard for at most so many octets
/// and so long.
fn leave(mut stream: &TcpStream, bytes: u64, time: Duration) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    let deadline = Instant::now() + time;
    let mut buf = [0; 4096];
    let mut heard = 0;
    while heard < bytes {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        // One octet now and then would renew a timeout; it cannot move a deadline.
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut buf) {
            Ok(0) => break,
            Ok(count) => heard += count as u64,
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => {}
                ErrorKind::WouldBlock | ErrorKind::TimedOut => break,
                _ => return Err(error),
            },
        }
    }
    Ok(())
}

/// Answers every line with its length, and `bye` with the long good-bye.
fn talk(mut stream: &TcpStream) -> io::Result<()> {
    let mut guest = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        guest.by_ref().take(LINE).read_until(b'\n', &mut line)?;
        match line.as_slice() {
            b"bye\n" => return stream.write_all(&[b'.'; FAREWELL]),
            [line @ .., b'\n'] => {
                let answer = format!("a line of {} bytes\n", line.len());
                stream.write_all(answer.as_bytes())?;
            }
            _ => return Ok(()),
        }
    }
}

/// One guest after the other. A guest who is gone is no loss to the next one.
fn serve(given: &Given) -> io::Result<()> {
    let listener = given.listener()?;
    loop {
        let (stream, _) = listener.accept()?;
        if let Err(error) = talk(&stream).and_then(|()| leave(&stream, UNHEARD, LINGER)) {
            eprintln!("a guest was lost: {error}");
        }
    }
}

fn main() -> ExitCode {
    exercise::main("1e", serve)
}
