//! Bodies, from the wire.
//!
//! The decoder looks at the front of the bytes and says what stands there; the caller owns the
//! bytes, takes what it wants, and says how much that was:
//!
//! ```text
//!   5;x=y\r\n   Skip(7)        hello   Data(5)        \r\n    Skip(2)
//!   0\r\n       Skip(3)        \r\n    Skip(2), then End
//! ```
//!
//! Content is named in place, never copied, so a body of any size passes through a buffer of any
//! size; and content that nobody takes stays, which is what holds a fast sender back.
//!
//! Chunk extensions are checked and dropped: nothing has ever used them, and a reader that keeps
//! them keeps what a peer sends without bound.

use crate::chunk;
use crate::scan::{Stop, pays};
use crate::section::{self, Bounds};
use crate::{Fault, Fields, Framing, Limits, Reject};

/// What stands at the front of the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// So many bytes of framing, at least one: drop them.
    Skip(usize),
    /// So many bytes of content, at least one.
    Data(usize),
    /// Nothing can be said before more bytes come.
    NeedBytes,
    /// The body is over; the trailer section, mostly empty.
    End(Fields),
}

/// Finds content and framing in a body.
///
/// ```
/// use http_parse::{BodyDecoder, Framing, Limits, Piece};
///
/// let mut decoder = BodyDecoder::new(Framing::Chunked, &Limits::default());
/// let mut front = &b"5\r\nhello\r\n0\r\n\r\n"[..];
/// let mut content = Vec::new();
/// loop {
///     let n = match decoder.next(front, true)? {
///         Piece::Skip(n) => n,
///         Piece::Data(n) => { content.extend_from_slice(&front[..n]); n }
///         Piece::NeedBytes => unreachable!("it is all there"),
///         Piece::End(_) => break,
///     };
///     decoder.advance(n);
///     front = &front[n..];
/// }
/// assert_eq!(content, b"hello");
/// # Ok::<(), http_parse::Reject>(())
/// ```
///
/// Source: RFC 9112 §6, §7.1
#[derive(Debug)]
pub struct BodyDecoder {
    limits: Limits,
    /// What stands behind the framing octets of `skip`.
    state: State,
    /// Octets of framing that `next` has understood and nobody has dropped yet.
    skip: usize,
    /// Octets of the body dealt with so far.
    passed: usize,
    /// Octets of chunk extensions so far, over the whole body.
    extensions: usize,
}

#[derive(Debug)]
enum State {
    /// Content, of which so many octets are to come; never 0.
    Counted(u64),
    /// Content as long as the connection lasts.
    UntilClose,
    /// A chunk-size line.
    ChunkLine,
    /// Content of a chunk, of which so many octets are to come; never 0.
    Chunk(u64),
    /// The CR LF after a chunk's content.
    ChunkEnd,
    /// The trailer section, up to its empty line.
    Trailers {
        /// Octets that have been looked at in vain.
        searched: usize,
    },
    /// Nothing of this body.
    Over(Fields),
}

impl BodyDecoder {
    /// Makes a decoder at the first octet of a body.
    pub fn new(framing: Framing, limits: &Limits) -> BodyDecoder {
        let state = match framing {
            Framing::None | Framing::Length(0) => State::Over(Fields::new()),
            Framing::Length(octets) => State::Counted(octets),
            Framing::Chunked => State::ChunkLine,
            Framing::UntilClose => State::UntilClose,
        };
        BodyDecoder {
            limits: *limits,
            state,
            skip: 0,
            passed: 0,
            extensions: 0,
        }
    }

    /// Says what stands at the front of the bytes; `eof` when none will follow them.
    ///
    /// Calling it again without [`BodyDecoder::advance`] gives the same answer, or with more
    /// bytes a longer one.
    ///
    /// # Errors
    /// 400 for a malformed chunk or trailer section, or for the end of input before the end of
    /// the body; 431 for a trailer section beyond its limits. The offset counts from the first
    /// octet of the body.
    pub fn next(&mut self, front: &[u8], eof: bool) -> Result<Piece, Reject> {
        if self.skip == 0
            && let Err(stop) = self.read_framing(front, eof)
        {
            return match stop {
                Stop::Refused(reject) => Err(reject.shifted(self.passed)),
                Stop::Partial => self.starved(front, eof),
            };
        }
        if self.skip > 0 {
            return self.named(front, eof, Piece::Skip, self.skip);
        }
        let most = match self.state {
            State::Counted(left) | State::Chunk(left) => {
                usize::try_from(left).unwrap_or(usize::MAX)
            }
            State::UntilClose if front.is_empty() && eof => return Ok(Piece::End(Fields::new())),
            State::UntilClose => usize::MAX,
            State::Over(ref trailers) => return Ok(Piece::End(trailers.clone())),
            State::ChunkLine | State::ChunkEnd | State::Trailers { .. } => {
                unreachable!("framing that was read is to be skipped")
            }
        };
        self.named(front, eof, Piece::Data, most)
    }

    /// Tells that `n` bytes of what `next` named are dealt with.
    ///
    /// # Panics
    /// When `next` has not named so many.
    pub fn advance(&mut self, n: usize) {
        self.passed = self.passed.saturating_add(n);
        if self.skip > 0 {
            assert!(n <= self.skip, "no more is dropped than was named");
            self.skip -= n;
            return;
        }
        let octets = n as u64;
        match &mut self.state {
            State::Counted(left) if *left == octets => self.state = State::Over(Fields::new()),
            State::Chunk(left) if *left == octets => self.state = State::ChunkEnd,
            State::Counted(left) | State::Chunk(left) => {
                assert!(octets < *left, "no more is consumed than was named");
                *left -= octets;
            }
            State::UntilClose => {}
            State::ChunkLine | State::ChunkEnd | State::Trailers { .. } | State::Over(_) => {
                assert!(n == 0, "nothing was named");
            }
        }
    }

    /// Tells whether no octet of this body is left to be dealt with.
    pub(crate) fn is_over(&self) -> bool {
        self.skip == 0 && matches!(self.state, State::Over(_))
    }

    /// Names the octets at hand of `most`, or asks for some.
    fn named(
        &self,
        front: &[u8],
        eof: bool,
        piece: fn(usize) -> Piece,
        most: usize,
    ) -> Result<Piece, Reject> {
        match front.len().min(most) {
            0 => self.starved(front, eof),
            at_hand => Ok(piece(at_hand)),
        }
    }

    fn starved(&self, front: &[u8], eof: bool) -> Result<Piece, Reject> {
        if eof {
            return Err(Reject::new(Fault::BodyCutOff, front.len()).shifted(self.passed));
        }
        Ok(Piece::NeedBytes)
    }

    /// Where framing stands at the front, reads it: notes its length in `skip`, and in `state`
    /// what comes behind it.
    fn read_framing(&mut self, front: &[u8], eof: bool) -> Result<(), Stop> {
        (self.state, self.skip) = match self.state {
            State::ChunkLine => self.chunk_line(front)?,
            State::ChunkEnd => (State::ChunkLine, chunk::end(front)?),
            State::Trailers { searched } if pays(searched, front, eof) => self.trailers(front)?,
            State::Trailers { .. } => return Err(Stop::Partial),
            State::Counted(_) | State::UntilClose | State::Chunk(_) | State::Over(_) => {
                return Ok(());
            }
        };
        Ok(())
    }

    /// A chunk-size line, within what extensions may cost over a whole body.
    fn chunk_line(&mut self, front: &[u8]) -> Result<(State, usize), Stop> {
        let line = chunk::size_line(front, self.limits.chunk_line)?;
        let extensions = self.extensions + line.extensions;
        if extensions > self.limits.chunk_extensions {
            return Stop::refuse(Fault::ChunkExtensionsTooLong, line.digits);
        }
        self.extensions = extensions;
        let state = match line.size {
            0 => State::Trailers { searched: 0 },
            size => State::Chunk(size),
        };
        Ok((state, line.len))
    }

    fn trailers(&mut self, front: &[u8]) -> Result<(State, usize), Stop> {
        self.state = State::Trailers {
            searched: front.len(),
        };
        let mut fields = Fields::new();
        let len = section::parse(front, 0, &Bounds::trailers(&self.limits), &mut fields)?;
        for name in FORBIDDEN_TRAILERS {
            if let Some((_, at)) = fields.located(name).next() {
                return Stop::refuse(Fault::TrailerForbidden, at);
            }
        }
        Ok((State::Over(fields), len))
    }
}

/// Fields that decide where a message ends, to whom it goes, or what becomes of the connection.
/// After the body that has been decided, and a reader that merges trailers into the head would
/// decide again. Refused, as any other second opinion about a message.
///
/// Source: RFC 9110 §6.5.1
const FORBIDDEN_TRAILERS: [&str; 8] = [
    "Content-Length",
    "Transfer-Encoding",
    "Host",
    "Connection",
    "TE",
    "Upgrade",
    "Expect",
    "Trailer",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            chunk_line: 12,
            chunk_extensions: 20,
            trailers: 20,
            ..Limits::default()
        }
    }

    /// Content, trailer section, and octets left over.
    type Decoded = (Vec<u8>, Vec<u8>, usize);

    /// Feeds `cut` octets at a time, and holds no more than are needed.
    fn decode(framing: Framing, wire: &[u8], cut: usize) -> Result<Decoded, Reject> {
        let mut decoder = BodyDecoder::new(framing, &limits());
        let (mut front, mut end, mut content) = (0, 0, Vec::new());
        loop {
            let eof = end == wire.len();
            let piece = decoder.next(&wire[front..end], eof)?;
            assert_eq!(decoder.next(&wire[front..end], eof)?, piece, "asked twice");
            let n = match piece {
                Piece::Skip(n) => n,
                Piece::Data(n) => {
                    content.extend_from_slice(&wire[front..front + n]);
                    n
                }
                Piece::NeedBytes => {
                    assert!(!eof, "more is asked for at the end of input");
                    end = wire.len().min(end + cut);
                    continue;
                }
                Piece::End(trailers) => {
                    return Ok((content, trailers.wire().to_vec(), wire.len() - front));
                }
            };
            assert!(n > 0, "a piece has octets");
            decoder.advance(n);
            front += n;
        }
    }

    #[track_caller]
    fn check(framing: Framing, wire: &str, expected: Result<(&str, &str, usize), (Fault, usize)>) {
        let expected = expected.map(|(content, trailers, left)| {
            (
                content.as_bytes().to_vec(),
                trailers.as_bytes().to_vec(),
                left,
            )
        });
        for cut in 1..=wire.len().max(1) {
            let found = decode(framing, wire.as_bytes(), cut);
            let found = found.map_err(|reject| (reject.fault, reject.at));
            assert_eq!(found, expected, "{wire:?} cut every {cut}");
        }
    }

    #[track_caller]
    fn chunked(wire: &str, expected: Result<(&str, &str, usize), (Fault, usize)>) {
        check(Framing::Chunked, wire, expected);
    }

    #[test]
    fn a_counted_body_ends_by_its_count() {
        check(Framing::Length(5), "hello!!", Ok(("hello", "", 2)));
        check(Framing::Length(0), "!!", Ok(("", "", 2)));
        check(Framing::None, "!!", Ok(("", "", 2)));
        check(Framing::Length(5), "hell", Err((Fault::BodyCutOff, 4)));
    }

    #[test]
    fn a_body_may_last_until_the_connection_closes() {
        check(Framing::UntilClose, "hello", Ok(("hello", "", 0)));
        check(Framing::UntilClose, "", Ok(("", "", 0)));
    }

    #[test]
    fn chunks_are_joined() {
        chunked(
            "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\nGET",
            Ok(("hello!", "", 3)),
        );
        chunked("0\r\n\r\n", Ok(("", "", 0)));
        chunked("a\r\n0123456789\r\n000\r\n\r\n", Ok(("0123456789", "", 0)));
        chunked("00A\r\n0123456789\r\n0\r\n\r\n", Ok(("0123456789", "", 0)));
    }

    #[test]
    fn a_size_is_hexadecimal_digits_and_nothing_else() {
        for size in ["x", "-1", "+1", "0x1", " 1", "1 ", "1g", "", "\t1", "1_0"] {
            let at = size.bytes().take_while(u8::is_ascii_hexdigit).count();
            // Whitespace is known to be wrong when no semicolon follows it.
            let at = if size == "1 " { 2 } else { at };
            chunked(
                &format!("{size}\r\n!\r\n0\r\n\r\n"),
                Err((Fault::ChunkSize, at)),
            );
        }
    }

    #[test]
    fn a_size_fits_a_counter() {
        let wire = "ffffffffffffffff;";
        let mut decoder = BodyDecoder::new(Framing::Chunked, &Limits::default());
        assert_eq!(
            decoder.next(b"ffffffffffffffff\r\nx", false),
            Ok(Piece::Skip(18))
        );
        decoder.advance(18);
        assert_eq!(decoder.next(b"x", false), Ok(Piece::Data(1)));
        let larger = format!("1{wire}");
        let mut decoder = BodyDecoder::new(Framing::Chunked, &Limits::default());
        let reject = decoder.next(larger.as_bytes(), false).unwrap_err();
        assert_eq!((reject.fault, reject.at), (Fault::ChunkSizeTooLarge, 16));
    }

    #[test]
    fn extensions_are_skipped_within_their_limits() {
        chunked("1;a=b\r\n!\r\n0 ;c\r\n\r\n", Ok(("!", "", 0)));
        chunked("1;4567890123\r\n!\r\n0\r\n\r\n", Ok(("!", "", 0)));
        chunked(
            "1;45678901234\r\n!\r\n0\r\n\r\n",
            Err((Fault::ChunkLineTooLong, 12)),
        );
        let ten = "1;234567890\r\n!\r\n";
        chunked(&format!("{ten}{ten}0\r\n\r\n"), Ok(("!!", "", 0)));
        chunked(
            &format!("{ten}{ten}0;\r\n\r\n"),
            Err((Fault::ChunkExtensionsTooLong, 33)),
        );
    }

    #[test]
    fn control_characters_in_extensions_are_refused() {
        chunked("1;a\0\r\n!\r\n0\r\n\r\n", Err((Fault::ChunkExtension, 3)));
        chunked("1;a\n!\r\n0\r\n\r\n", Err((Fault::BareLf, 3)));
        chunked("1\n!\n0\n\n", Err((Fault::BareLf, 1)));
        chunked("1;a\rb\r\n!\r\n0\r\n\r\n", Err((Fault::BareCr, 3)));
        chunked("1\rX\n!", Err((Fault::BareCr, 1)));
    }

    #[test]
    fn a_chunk_is_followed_by_cr_lf() {
        chunked("1\r\n!!\r\n0\r\n\r\n", Err((Fault::ChunkEnd, 4)));
        chunked("1\r\n!\n0\r\n\r\n", Err((Fault::ChunkEnd, 4)));
        chunked("1\r\n!\rx\n\r\n", Err((Fault::ChunkEnd, 5)));
    }

    #[test]
    fn a_trailer_section_obeys_the_rules_of_a_heads() {
        chunked("0\r\nA: b\r\nC:d\r\n\r\n", Ok(("", "A: b\r\nC: d\r\n", 0)));
        chunked("0\r\nA: b\n\r\n", Err((Fault::BareLf, 7)));
        chunked("0\r\nA : b\r\n\r\n", Err((Fault::FieldNameSpace, 4)));
        chunked("0\r\nA : b", Err((Fault::FieldNameSpace, 4)));
        chunked(
            "0\r\nA: 6789012345678901\r\n\r\n",
            Err((Fault::SectionTooLong, 23)),
        );
    }

    #[test]
    fn trailers_that_would_change_the_request_are_refused() {
        for name in FORBIDDEN_TRAILERS {
            let wire = format!("0\r\n{name}: 5\r\n\r\n");
            let mut decoder = BodyDecoder::new(Framing::Chunked, &Limits::default());
            decoder.next(wire.as_bytes(), true).unwrap();
            decoder.advance(3);
            let reject = decoder.next(&wire.as_bytes()[3..], true).unwrap_err();
            let at = 3 + name.len() + 2;
            assert_eq!(
                (reject.fault, reject.at),
                (Fault::TrailerForbidden, at),
                "{name}"
            );
        }
    }

    #[test]
    fn the_end_of_input_within_chunks_is_no_end_of_the_body() {
        let whole = "5;a\r\nhello\r\n0\r\nA: b\r\n\r\n";
        for end in 0..whole.len() {
            chunked(&whole[..end], Err((Fault::BodyCutOff, end)));
        }
        chunked(whole, Ok(("hello", "A: b\r\n", 0)));
    }

    #[test]
    fn an_unfinished_trailer_section_is_not_looked_at_again_for_each_octet() {
        let wire = "A: 34567890123".as_bytes();
        let mut decoder = BodyDecoder::new(Framing::Chunked, &Limits::default());
        assert_eq!(decoder.next(b"0\r\n", false), Ok(Piece::Skip(3)));
        decoder.advance(3);
        for end in 0..=wire.len() {
            assert_eq!(decoder.next(&wire[..end], false), Ok(Piece::NeedBytes));
            let State::Trailers { searched } = decoder.state else {
                panic!("the section has no end yet");
            };
            assert_eq!(searched, end.min(1), "looked at only when it began");
        }
    }
}
