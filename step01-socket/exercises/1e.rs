//! 1e No reset: the last answer arrives, also when the guest goes on talking.
//!
//! Write the body of `leave`. The server around it is given; `cargo test --test 1e` judges it.

use check::exercise::{self, Given};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

/// Octets of one line.
const LINE: u64 = 1024;

/// Octets of the long good-bye.
const FAREWELL: usize = 1_000_000;

/// What is heard of a guest who goes on talking: octets, and for how long.
const UNHEARD: u64 = 1 << 20;
const LINGER: Duration = Duration::from_secs(2);

/// Ends a connection so that what was sent arrives. The guest is heard for at most so many octets
/// and so long.
fn leave(stream: &TcpStream, bytes: u64, time: Duration) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(time))?;
    // What lies there unread is read now. All of it?
    stream.take(bytes).read(&mut [0; 4096]).map(drop)
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
