//! A program's output as a response: first the head, then content, then the question whether the
//! end was meant.
//!
//! ```text
//!     Status: 200␤ Content-Length: 5␤ ␤ hello        any cut into pieces
//!     └────────── head() ──────────────┘└ read() ┘
//! ```
//!
//! Programs in processes and applications in threads both answer like this, so both exchanges
//! read through here. What the end of the output means only they know: a process has an exit
//! status, an application a result.

use crate::cgi_head::{Answer, BadGateway, HEAD_LIMIT, HeadReader};
use http_parse::{Method, Parsed};
use std::io::{self, Read};

/// Octets asked for at a time while the head is not complete. Most heads fit.
const STEP: usize = 4096;

/// Reads one response from a program's output, which is handed in at every call and may answer
/// `WouldBlock`.
#[derive(Debug)]
pub(crate) struct Output {
    state: State,
    method: Method,
}

#[derive(Debug)]
enum State {
    /// At most [`HEAD_LIMIT`] + [`STEP`] octets are kept.
    Head {
        received: Vec<u8>,
        reader: HeadReader,
    },
    Content {
        /// Octets that came with the head; they go out first.
        early: io::Cursor<Vec<u8>>,
        /// What the program has promised and not yet sent; `None` where it promised nothing.
        left: Option<u64>,
    },
    /// The response may have no content, whatever the program sends (RFC 9110 §6.4.1).
    Silent,
}

/// What reading content came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// So many octets, at least one.
    Octets(usize),
    /// All that was promised has come. What the program still says is not part of the response.
    Complete,
    /// The output ended, and nothing was promised: who runs the program knows whether it ended well.
    Ended,
}

impl Output {
    /// The output of a program that answers a request of this method.
    pub(crate) fn new(method: Method) -> Output {
        let state = State::Head {
            received: Vec::new(),
            reader: HeadReader::default(),
        };
        Output { state, method }
    }

    /// The head; `None` when the output ended before it.
    ///
    /// # Errors
    /// `WouldBlock`; `InvalidData` with a [`BadGateway`] inside; whatever reading fails with.
    pub(crate) fn head(&mut self, from: &mut impl Read) -> io::Result<Option<Answer>> {
        let State::Head { received, reader } = &mut self.state else {
            unreachable!("the head is asked for until it is there, and never again");
        };
        loop {
            if let Parsed::Complete(answer, taken) = reader.read(received)? {
                received.drain(..taken);
                let early = io::Cursor::new(std::mem::take(received));
                self.state = after_head(&answer, &self.method, early);
                return Ok(Some(answer));
            }
            let start = received.len();
            debug_assert!(start < HEAD_LIMIT, "a longer head has been refused");
            received.resize(start + STEP, 0);
            let read = read_some(from, &mut received[start..]);
            received.truncate(start + read.as_ref().map_or(0, |count| *count));
            if read? == 0 {
                return Ok(None);
            }
        }
    }

    /// Whether the response has no content to wait for.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self.state, State::Silent)
    }

    /// Content, after the head.
    ///
    /// # Errors
    /// `WouldBlock`; `UnexpectedEof` when less came than was promised; whatever reading fails with.
    pub(crate) fn read(&mut self, from: &mut impl Read, buf: &mut [u8]) -> io::Result<Reading> {
        let (early, left) = match &mut self.state {
            State::Head { .. } => unreachable!("content is asked for after the head"),
            State::Silent => return Ok(Reading::Complete),
            State::Content { early, left } => (early, left),
        };
        let wanted = left.map_or(buf.len(), |left| at_most(left, buf.len()));
        if wanted == 0 {
            return Ok(Reading::Complete);
        }
        let mut count = early.read(&mut buf[..wanted])?;
        if count == 0 {
            count = read_some(from, &mut buf[..wanted])?;
        }
        match left {
            Some(left) if count == 0 => {
                let reason = format!("ended {left} octets short of its Content-Length");
                let bad = BadGateway::new(reason);
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, bad))
            }
            None if count == 0 => Ok(Reading::Ended),
            Some(left) => {
                *left -= count as u64;
                Ok(Reading::Octets(count))
            }
            None => Ok(Reading::Octets(count)),
        }
    }
}

fn after_head(answer: &Answer, method: &Method, early: io::Cursor<Vec<u8>>) -> State {
    match answer {
        Answer::Local(_) => State::Silent,
        Answer::Client { head, .. }
            if *method == Method::Head || matches!(head.status.code(), 204 | 205 | 304) =>
        {
            State::Silent
        }
        Answer::Client { length, .. } => State::Content {
            early,
            left: *length,
        },
    }
}

/// The smaller of what is left of a length and what fits a buffer.
fn at_most(left: u64, fits: usize) -> usize {
    usize::try_from(left).map_or(fits, |left| left.min(fits))
}

fn read_some(from: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(buf) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    /// Output that arrives in pieces, with a `WouldBlock` before each.
    struct Pieces {
        pieces: VecDeque<Vec<u8>>,
        blocks: bool,
    }

    impl Pieces {
        fn new(whole: &str, cut: usize) -> Pieces {
            let pieces = whole.as_bytes().chunks(cut).map(<[u8]>::to_vec);
            Pieces {
                pieces: pieces.collect(),
                blocks: true,
            }
        }
    }

    impl Read for Pieces {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.blocks = !self.blocks;
            if !self.blocks {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let Some(mut piece) = self.pieces.pop_front() else {
                return Ok(0);
            };
            let count = piece.len().min(buf.len());
            buf[..count].copy_from_slice(&piece[..count]);
            let rest = piece.split_off(count);
            if !rest.is_empty() {
                self.pieces.push_front(rest);
            }
            Ok(count)
        }
    }

    fn until_ready<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        loop {
            match call() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
        }
    }

    /// Reads a whole answer: its content, and how it ended.
    fn answer(method: Method, whole: &str, cut: usize) -> (String, io::Result<Reading>) {
        let mut from = Pieces::new(whole, cut);
        let mut output = Output::new(method);
        let head = until_ready(|| output.head(&mut from));
        assert!(matches!(head, Ok(Some(_))), "{head:?} of {whole:?}");
        let mut content = Vec::new();
        let mut buf = [0; 7];
        loop {
            match until_ready(|| output.read(&mut from, &mut buf)) {
                Ok(Reading::Octets(count)) => content.extend_from_slice(&buf[..count]),
                end => return (String::from_utf8_lossy(&content).into_owned(), end),
            }
        }
    }

    #[track_caller]
    fn check(method: &Method, whole: &str, content: &str, end: &str) {
        for cut in 1..=whole.len() {
            let (seen, how) = answer(method.clone(), whole, cut);
            let how = match how {
                Ok(reading) => format!("{reading:?}"),
                Err(error) => format!("{:?}", error.kind()),
            };
            assert_eq!(
                (seen.as_str(), how.as_str()),
                (content, end),
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn content_without_a_length_goes_on_to_the_end_of_output() {
        check(
            &Method::Get,
            "Status: 200\n\nhello, world",
            "hello, world",
            "Ended",
        );
        check(&Method::Get, "Status: 200\n\n", "", "Ended");
    }

    #[test]
    fn a_length_is_the_end_however_much_more_comes() {
        let head = "Status: 200\nContent-Length: 5\n\n";
        check(
            &Method::Get,
            &format!("{head}hello, world"),
            "hello",
            "Complete",
        );
        check(&Method::Get, &format!("{head}hello"), "hello", "Complete");
    }

    #[test]
    fn less_than_promised_is_an_error() {
        let head = "Status: 200\nContent-Length: 5\n\n";
        check(
            &Method::Get,
            &format!("{head}hell"),
            "hell",
            "UnexpectedEof",
        );
        check(&Method::Get, head, "", "UnexpectedEof");
    }

    #[test]
    fn responses_that_may_have_no_content_have_none() {
        let page = "Status: 200\nContent-Length: 5\n\nhello";
        check(&Method::Head, page, "", "Complete");
        check(&Method::Get, "Status: 204\n\nhello", "", "Complete");
        check(&Method::Get, "Status: 205\n\nhello", "", "Complete");
        check(&Method::Get, "Status: 304\n\nhello", "", "Complete");
    }

    #[test]
    fn output_that_ends_before_its_head_is_told() {
        let mut from = Pieces::new("Content-Type: a/b\n", 5);
        let mut output = Output::new(Method::Get);
        let head = until_ready(|| output.head(&mut from));
        assert!(matches!(head, Ok(None)), "{head:?}");
    }
}
