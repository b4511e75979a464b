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

use crate::cgi_answer::{CgiAnswer, Opening};
use crate::protocol::Heard;
use http_parse::{Method, ResponseHead};
use std::io::{self, Read};

/// Octets asked for at a time while the head is not complete. Most heads fit.
const STEP: usize = 4096;

/// Reads one response from a program's output, which is handed in at every call and may answer
/// `WouldBlock`.
#[derive(Debug)]
pub(crate) struct Output {
    answer: CgiAnswer,
    /// Octets that came with the head; they go out first.
    early: io::Cursor<Vec<u8>>,
}

/// How an answer begins.
#[derive(Debug)]
pub(crate) enum Beginning {
    /// With a head for the client.
    Head(ResponseHead),
    /// The server is to answer with this path and query of its own (RFC 3875 §6.2.2).
    Local(Box<[u8]>),
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
        Output {
            answer: CgiAnswer::new(method, Opening::Fields),
            early: io::Cursor::default(),
        }
    }

    /// The head; `None` when the output ended before it. It is asked for until it is there, and
    /// never again.
    ///
    /// # Errors
    /// `WouldBlock`; `InvalidData` with a [`BadGateway`](crate::BadGateway) inside; whatever
    /// reading fails with.
    pub(crate) fn head(&mut self, from: &mut impl Read) -> io::Result<Option<Beginning>> {
        let mut part = [0; STEP];
        loop {
            let count = read_some(from, &mut part)?;
            if count == 0 {
                return Ok(None);
            }
            let part = &part[..count];
            match self.answer.hear(part)? {
                Heard::Head(end, head) => {
                    self.early = io::Cursor::new(part[end..].to_vec());
                    return Ok(Some(Beginning::Head(head)));
                }
                Heard::Local(path) => return Ok(Some(Beginning::Local(path))),
                Heard::Skip(_) => {}
                Heard::Data { .. }
                | Heard::Complaint { .. }
                | Heard::NeedBytes
                | Heard::Interim(..)
                | Heard::Overloaded
                | Heard::Whole
                | Heard::End(_) => unreachable!("a program's words begin with a head"),
            }
        }
    }

    /// Whether the response may have no content, whatever the program sends.
    pub(crate) fn is_silent(&self) -> bool {
        self.answer.is_silent()
    }

    /// Content, after the head, into a `buf` that has room.
    ///
    /// # Errors
    /// `WouldBlock`; `UnexpectedEof` when less came than was promised; whatever reading fails with.
    pub(crate) fn read(&mut self, from: &mut impl Read, buf: &mut [u8]) -> io::Result<Reading> {
        if self.answer.is_whole() {
            return Ok(Reading::Complete);
        }
        let mut count = self.early.read(buf)?;
        if count == 0 {
            count = read_some(from, buf)?;
        }
        if count == 0 {
            let ended = self.answer.end();
            ended.map_err(|bad| io::Error::new(io::ErrorKind::UnexpectedEof, bad))?;
            return Ok(Reading::Ended);
        }
        let Heard::Data { len, .. } = self.answer.hear(&buf[..count])? else {
            unreachable!("after the head, and before all has come, there is only content");
        };
        self.answer.took(len);
        Ok(Reading::Octets(len))
    }
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
