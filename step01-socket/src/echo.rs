//! Copies until the end of input.
//!
//! Reading and writing a stream have one trap each, and both are counts. `read` may return less
//! than there is to come, and 0 means the end: now and at every later call. `write` may take less
//! than it was given, and the rest is still ours to send. `Interrupted` is neither: a signal
//! arrived first and nothing was moved.
//!
//! The buffer is the bound: however much passes, [`BUFFER`] bytes are in memory. A receiver that
//! stops reading stops the writing, that stops the reading, and the sender's own kernel stops the
//! sender. Nothing here had to be written for that.
//!
//! It does not flush: a socket keeps nothing back, and who wraps one in a buffer owns the buffer.

use std::io::{self, ErrorKind, Read, Write};

/// Bytes moved at a time: two pages. More saves few system calls, less costs many.
const BUFFER: usize = 8 * 1024;

/// Copies `from` into `to` until the end of input and returns the number of bytes.
///
/// ```
/// let mut heard = Vec::new();
/// let bytes = socket::echo(&b"hello"[..], &mut heard)?;
/// assert_eq!((bytes, &heard[..]), (5, &b"hello"[..]));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// What either side reports, except `Interrupted`, which is retried; `WriteZero` when `to` takes
/// no more. A socket with a timeout reports it as `WouldBlock` or `TimedOut`, by system.
///
/// Source: POSIX read(), write()
// ANCHOR: echo
pub fn echo(mut from: impl Read, mut to: impl Write) -> io::Result<u64> {
    let mut buf = [0; BUFFER];
    let mut total = 0;
    loop {
        match from.read(&mut buf) {
            Ok(0) => return Ok(total),
            Ok(n) => {
                write_fully(&mut to, &buf[..n])?;
                total += n as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
// ANCHOR_END: echo

/// Writes until nothing is left: `Write::write_all`, spelled out because it is the lesson.
// ANCHOR: write_fully
fn write_fully(to: &mut impl Write, mut rest: &[u8]) -> io::Result<()> {
    while !rest.is_empty() {
        match to.write(rest) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(n) => rest = &rest[n..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
// ANCHOR_END: write_fully

#[cfg(test)]
mod tests {
    use super::*;

    /// What the next call of `read` or `write` does.
    #[derive(Clone, Copy)]
    enum Turn {
        Bytes(usize),
        Fail(ErrorKind),
    }
    use Turn::{Bytes, Fail};

    /// Both ends of a conversation in which every call goes as scripted, then without bound.
    struct Scripted<'t> {
        turns: std::slice::Iter<'t, Turn>,
        input: &'t [u8],
        output: Vec<u8>,
    }

    impl<'t> Scripted<'t> {
        fn new(turns: &'t [Turn], input: &'t [u8]) -> Scripted<'t> {
            Scripted {
                turns: turns.iter(),
                input,
                output: Vec::new(),
            }
        }

        fn turn(&mut self) -> io::Result<usize> {
            match self.turns.next() {
                Some(&Bytes(n)) => Ok(n),
                Some(&Fail(kind)) => Err(kind.into()),
                None => Ok(usize::MAX),
            }
        }
    }

    impl Read for Scripted<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let n = self.turn()?.min(buf.len());
            self.input.read(&mut buf[..n])
        }
    }

    impl Write for Scripted<'_> {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            let n = self.turn()?.min(buf.len());
            self.output.extend_from_slice(&buf[..n]);
            Ok(n)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[track_caller]
    fn check(reads: &[Turn], writes: &[Turn], expected: Result<&[u8], ErrorKind>) {
        let mut from = Scripted::new(reads, b"abcdefghij");
        let mut to = Scripted::new(writes, b"");
        let result = echo(&mut from, &mut to).map_err(|error| error.kind());
        assert_eq!(result, expected.map(|bytes| bytes.len() as u64));
        if let Ok(bytes) = expected {
            assert_eq!(
                to.output.escape_ascii().to_string(),
                bytes.escape_ascii().to_string()
            );
        }
    }

    #[test]
    fn zero_is_the_end() {
        check(&[Bytes(3), Bytes(0)], &[], Ok(b"abc"));
        check(&[Bytes(0)], &[], Ok(b""));
    }

    #[test]
    fn short_reads_lose_nothing() {
        check(&[Bytes(1); 10], &[], Ok(b"abcdefghij"));
        check(&[Bytes(1), Bytes(7)], &[], Ok(b"abcdefghij"));
    }

    #[test]
    fn short_writes_lose_nothing() {
        check(&[], &[Bytes(1); 10], Ok(b"abcdefghij"));
        check(&[], &[Bytes(9)], Ok(b"abcdefghij"));
    }

    #[test]
    fn interruption_is_retried_on_both_sides() {
        let interrupted = [
            Fail(ErrorKind::Interrupted),
            Bytes(4),
            Fail(ErrorKind::Interrupted),
        ];
        check(&interrupted, &[], Ok(b"abcdefghij"));
        check(&[], &interrupted, Ok(b"abcdefghij"));
    }

    #[test]
    fn other_errors_end_the_copy() {
        let reset = [Bytes(4), Fail(ErrorKind::ConnectionReset)];
        check(&reset, &[], Err(ErrorKind::ConnectionReset));
        check(&[], &reset, Err(ErrorKind::ConnectionReset));
    }

    #[test]
    fn writer_that_takes_nothing_is_an_error_not_a_loop() {
        check(&[], &[Bytes(4), Bytes(0)], Err(ErrorKind::WriteZero));
    }

    #[test]
    fn input_larger_than_the_buffer_arrives_whole() {
        let input: Vec<u8> = (0..=250).cycle().take(3 * BUFFER + 1).collect();
        let mut output = Vec::new();
        let bytes = echo(&input[..], &mut output).expect("memory does not fail");
        assert_eq!(bytes, input.len() as u64);
        assert!(output == input, "the copy differs");
    }
}
