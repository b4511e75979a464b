//! Chapter 1.4, leaving politely: answers one line with a million bytes and leaves, as told.

use socket::{Linger, Stop, accept_until, close_politely, echo};
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// Bytes of one line with its end; a guest who never ends a line gets no more memory than that.
const LINE: u64 = 1024;
/// What we hear of a guest who goes on talking.
const LINGER: Linger = Linger {
    bytes: 1024 * 1024,
    time: Duration::from_secs(2),
};

fn main() -> io::Result<()> {
    let addr = std::env::args().nth(1);
    let rude = std::env::args().nth(2).is_some_and(|how| how == "rude");
    let listener = TcpListener::bind(addr.as_deref().unwrap_or("127.0.0.1:7004"))?;
    println!("listening on {}", listener.local_addr()?);
    accept_until(&listener, &Stop::new(), |stream| {
        let left = match talk(&stream) {
            Ok(()) if rude => Ok(()),
            Ok(()) => close_politely(&stream, LINGER),
            Err(error) => Err(error),
        };
        match left {
            Ok(()) => println!("a guest left"),
            Err(error) => println!("a guest was lost: {error}"),
        }
    })
}

fn talk(stream: &TcpStream) -> io::Result<()> {
    let mut guest = BufReader::new(stream);
    let line = read_line(&mut guest)?;
    let answer = io::repeat(b'.').take(1_000_000);
    if !line.is_empty() {
        echo(answer, stream)?;
    }
    Ok(())
}

/// Returns the next line with its end; empty at the end of input.
// ANCHOR: read_line
fn read_line(guest: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    guest.take(LINE).read_until(b'\n', &mut line)?;
    if line.len() as u64 == LINE && !line.ends_with(b"\n") {
        return Err(io::Error::new(ErrorKind::InvalidData, "line too long"));
    }
    Ok(line)
}
// ANCHOR_END: read_line
