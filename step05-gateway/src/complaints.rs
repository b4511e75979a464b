//! What goes wrong behind the server, line by line on the server's standard error.
//!
//! Two pipes lead there, each emptied by a thread of its own that may wait for the terminal as long
//! as it likes. Programs write into the first and wait when it is full: that is their affair.
//! The server writes into the second and *drops* what does not fit: a full disk behind a
//! log must not stop it from serving.
//!
//! Lines are bounded, and control characters are made visible: what a program prints may come
//! from a visitor, and a terminal obeys escape sequences.

use concurrency::sys;
use std::fmt::Display;
use std::io::{self, BufRead, BufReader, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::process::Stdio;
use std::sync::Arc;
use std::thread;

/// Octets of one line; the rest of a longer one continues on the next.
const LINE: usize = 1024;

/// The way to the server's standard error.
#[derive(Debug)]
pub struct Complaints {
    programs: PipeWriter,
    server: PipeWriter,
}

impl Complaints {
    /// Starts the two threads. They are not joined: a process that outlives its program may hold
    /// the first pipe open for ever, and they own nothing but their pipe.
    ///
    /// # Errors
    /// When the system has no pipe or thread left.
    pub fn new() -> io::Result<Arc<Complaints>> {
        Complaints::telling(io::stderr)
    }

    /// The same, written somewhere else than to standard error.
    ///
    /// # Errors
    /// As [`Complaints::new`].
    pub fn telling<W: Write + 'static>(to: fn() -> W) -> io::Result<Arc<Complaints>> {
        let (from_programs, programs) = io::pipe()?;
        let (from_server, server) = io::pipe()?;
        sys::set_nonblocking(server.as_fd())?;
        start_relay(from_programs, to)?;
        start_relay(from_server, to)?;
        Ok(Arc::new(Complaints { programs, server }))
    }

    /// A standard error for a program.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub(crate) fn for_program(&self) -> io::Result<Stdio> {
        self.programs.try_clone().map(Stdio::from)
    }

    /// Notes that something was wrong with the program of that name. Never waits.
    pub(crate) fn note(&self, program: &[u8], what: impl Display) {
        let mut line = format!("gateway: {} {what}", program.escape_ascii()).into_bytes();
        // So short, the line is written whole or not at all (PIPE_BUF, pipe(7)).
        line.truncate(LINE - 1);
        line.push(b'\n');
        // One that does not fit is lost: serving goes before complaining.
        let _ = (&self.server).write(&line);
    }
}

fn start_relay<W: Write + 'static>(from: PipeReader, to: fn() -> W) -> io::Result<()> {
    let run = move || relay(from, &mut to());
    let thread = thread::Builder::new().name("complaints".to_owned());
    thread.spawn(run).map(drop)
}

/// Copies lines until nobody can write them any more.
fn relay(from: impl Read, to: &mut impl Write) {
    let mut from = BufReader::new(from);
    let mut line = Vec::with_capacity(LINE);
    loop {
        line.clear();
        let mut limited = from.by_ref().take(LINE as u64);
        match limited.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        // Standard error may be closed or full. Reading goes on, or the programs would stop.
        let _ = to.write_all(&printable(&line));
    }
}

/// One line with every control character but the tab written out, and a line end.
fn printable(line: &[u8]) -> Vec<u8> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut shown = Vec::with_capacity(line.len() + 1);
    for octet in line {
        match octet {
            b'\t' | b' '..=b'~' | 0x80.. => shown.push(*octet),
            _ => shown.extend(std::ascii::escape_default(*octet)),
        }
    }
    shown.push(b'\n');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &[u8], expected: &str) {
        let mut out = Vec::new();
        relay(input, &mut out);
        assert_eq!(out.escape_ascii().to_string(), expected);
    }

    #[test]
    fn lines_are_copied_and_control_characters_shown() {
        check(b"one\r\ntwo\n", "one\\ntwo\\n");
        check(b"no end", "no end\\n");
        check(b"\x1b[31mred\x07\ttab\n", "\\\\x1b[31mred\\\\x07\\ttab\\n");
        check("é\n".as_bytes(), "\\xc3\\xa9\\n");
    }

    #[test]
    fn a_long_line_is_continued_on_the_next() {
        let mut out = Vec::new();
        relay(&[b'x'; LINE + 1][..], &mut out);
        assert_eq!(out.len(), LINE + 3);
        assert_eq!(out[LINE], b'\n');
    }
}
