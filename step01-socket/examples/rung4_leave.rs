//! Chapter 1.4, leaving politely: answers lines until "bye", then says good-bye at length.

use socket::{Linger, Stop, accept_until, close_politely, echo};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// Bytes of one line: a guest who never ends a line gets no more memory than that.
const LINE: u64 = 1024;
/// What we hear of a guest who goes on talking.
const LINGER: Linger = Linger {
    bytes: 1024 * 1024,
    time: Duration::from_secs(2),
};

fn main() -> io::Result<()> {
    let addr = std::env::args().nth(1);
    let leave = match std::env::args().nth(2).as_deref() {
        Some("polite") => politely,
        _ => rudely,
    };
    let listener = TcpListener::bind(addr.as_deref().unwrap_or("127.0.0.1:7004"))?;
    println!("listening on {}", listener.local_addr()?);
    accept_until(&listener, &Stop::new(), |stream| {
        println!("a guest came");
        match talk(&stream).and_then(|()| leave(&stream)) {
            Ok(()) => println!("a guest left"),
            Err(error) => println!("a guest was lost: {error}"),
        }
    })
}

// ANCHOR: leave
fn rudely(_: &TcpStream) -> io::Result<()> {
    Ok(())
}

fn politely(stream: &TcpStream) -> io::Result<()> {
    close_politely(stream, LINGER)
}
// ANCHOR_END: leave

// ANCHOR: talk
fn talk(mut stream: &TcpStream) -> io::Result<()> {
    let mut guest = BufReader::new(stream);
    while let Some(line) = read_line(&mut guest)? {
        if line == b"bye" {
            let farewell = io::repeat(b'.').take(1_000_000);
            return echo(farewell, stream).map(|_| ());
        }
        let answer = format!("a line of {} bytes\n", line.len());
        stream.write_all(answer.as_bytes())?;
    }
    Ok(())
}
// ANCHOR_END: talk

/// Returns the next line without its end, or `None` at the end of input.
// ANCHOR: read_line
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
// ANCHOR_END: read_line
