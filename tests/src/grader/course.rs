//! The course's own servers, where a check is not pointed at another.

use crate::grader::table::Needs;
use crate::subject::Serve;
use concurrency::{SERVERS, event_loop};
use socket::{Linger, Stop, accept_until, close_politely, echo};
use static_files::{Config, Handler};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// What is heard of a guest who goes on talking.
const LINGER: Linger = Linger {
    bytes: 1 << 20,
    time: Duration::from_secs(2),
};

/// Octets of one line.
const LINE: u64 = 1024;

/// Octets of the long good-bye.
const FAREWELL: u64 = 1_000_000;

/// The server of the course that does what a check needs.
pub(super) fn server(needs: Needs) -> Serve {
    match needs {
        Needs::Echoes => echoes,
        Needs::Lines => lines,
        Needs::Pages | Needs::PagesAndEcho | Needs::Files => SERVERS[0].1,
        Needs::Company | Needs::Panics => event_loop,
    }
}

/// Step 1's server: sends back what it gets.
fn echoes(listener: &TcpListener, _: &dyn Handler, _: &Config, stop: &Stop) -> io::Result<()> {
    accept_until(listener, stop, |stream| {
        // A guest who is gone is no loss.
        let _ = echo(&stream, &stream).and_then(|_| close_politely(&stream, LINGER));
    })
}

/// Chapter 1.4's server: answers lines, and says a long good-bye.
fn lines(listener: &TcpListener, _: &dyn Handler, _: &Config, stop: &Stop) -> io::Result<()> {
    accept_until(listener, stop, |stream| {
        // As above.
        let _ = talk(&stream).and_then(|()| close_politely(&stream, LINGER));
    })
}

fn talk(mut stream: &TcpStream) -> io::Result<()> {
    let mut guest = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        guest.by_ref().take(LINE).read_until(b'\n', &mut line)?;
        match line.as_slice() {
            b"bye\n" => return echo(io::repeat(b'.').take(FAREWELL), stream).map(drop),
            [.., b'\n'] => {}
            _ => return Ok(()),
        }
        let answer = format!("a line of {} bytes\n", line.len() - 1);
        stream.write_all(answer.as_bytes())?;
    }
}
