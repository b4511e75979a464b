//! A server that believes anything, for tests of whoever stands before it.

use socket::{Stop, accept_until};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How long it waits for somebody to go on.
const DEADLINE: Duration = Duration::from_secs(30);

/// A server that takes line feeds for line ends, the last of several lengths, `chunked` wherever it
/// stands, and numbers with anything around them. It answers each request with its target, in a
/// field `X-Seen`. Gone on drop.
#[derive(Debug)]
pub(crate) struct Gullible {
    addr: SocketAddr,
    seen: Seen,
    stop: Arc<Stop>,
}

type Seen = Arc<Mutex<Vec<String>>>;

impl Gullible {
    /// Starts one at a port of its own.
    ///
    /// # Errors
    /// When there is no port or no thread left.
    pub(crate) fn start() -> io::Result<Gullible> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (addr, seen, stop) = (
            listener.local_addr()?,
            Seen::default(),
            Arc::new(Stop::new()),
        );
        let (noted, stopped) = (Arc::clone(&seen), Arc::clone(&stop));
        let each = move |stream: TcpStream| {
            let seen = Arc::clone(&noted);
            // Whoever talks nonsense, or leaves, ends its own connection only; and one for which there
            // is no thread is closed.
            let talk = move || drop(converse(&stream, &seen));
            drop(thread::Builder::new().spawn(talk));
        };
        thread::Builder::new().spawn(move || accept_until(&listener, &stopped, each))?;
        Ok(Gullible { addr, seen, stop })
    }

    /// Where it is.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The targets of the requests that it has seen since this was asked last.
    pub(crate) fn seen(&self) -> Vec<String> {
        // Targets that are whole at any time.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut seen)
    }
}

impl Drop for Gullible {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

fn converse(stream: &TcpStream, seen: &Seen) -> io::Result<()> {
    stream.set_read_timeout(Some(DEADLINE))?;
    let mut from = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let target = line.split(' ').nth(1).unwrap_or("?").to_owned();
        let (mut length, mut chunked) = (0, false);
        loop {
            let mut line = String::new();
            from.read_line(&mut line)?;
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if line.starts_with("content-length") {
                length = number(&line);
            }
            chunked |= line.starts_with("transfer-encoding") && line.contains("chunked");
        }
        if chunked {
            skip_chunks(&mut from)?;
        } else {
            skip(&mut from, length)?;
        }
        let answer = format!("HTTP/1.1 200 OK\r\nX-Seen: {target}\r\nContent-Length: 0\r\n\r\n");
        let mut all = seen.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(target);
        drop(all);
        (&*stream).write_all(answer.as_bytes())?;
    }
}

fn number(text: &str) -> u64 {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// Reads content and forgets it; a request without all of it is none.
fn skip(from: &mut impl BufRead, len: u64) -> io::Result<()> {
    match io::copy(&mut from.take(len), &mut io::sink())? {
        came if came == len => Ok(()),
        _less => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn skip_chunks(from: &mut impl BufRead) -> io::Result<()> {
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let digits = line.trim().split(';').next().unwrap_or_default();
        let size = u64::from_str_radix(digits, 16).unwrap_or(0);
        skip(from, size)?;
        from.read_line(&mut String::new())?;
        if size == 0 {
            return Ok(());
        }
    }
}
