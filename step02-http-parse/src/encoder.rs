//! Bodies, onto the wire.
//!
//! The encoder holds the server to the promise of its own head. A body that is shorter or longer
//! than Content-Length said would make the client take octets of one response for another's, so
//! either is an error here, and never goes out as if it were well.
//!
//! How a body is framed is decided once, in [`crate::Connection::start`].

use crate::Fields;
use std::fmt;

/// A body whose length is not the one its head promised: a mistake of the sender, which breaks
/// the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LengthMismatch {
    /// Octets promised and not sent; 0 when too many came.
    pub missing: u64,
}

impl fmt::Display for LengthMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.missing {
            0 => f.write_str("the content is longer than its head promised"),
            missing => write!(
                f,
                "the content is {missing} octets shorter than its head promised"
            ),
        }
    }
}

impl std::error::Error for LengthMismatch {}

/// Frames a body on its way out.
///
/// ```
/// use http_parse::Encoder;
///
/// let (mut encoder, mut out) = (Encoder::Chunked, Vec::new());
/// encoder.send(b"hello", &mut out)?;
/// encoder.finish(&mut out)?;
/// assert_eq!(out, b"5\r\nhello\r\n0\r\n\r\n");
/// # Ok::<(), http_parse::LengthMismatch>(())
/// ```
///
/// Source: RFC 9112 §6
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoder {
    /// No body goes out (HEAD, 1xx, 204, 304): what is given is dropped.
    Bodiless,
    /// So many octets are still owed.
    Length(u64),
    /// In chunks.
    Chunked,
    /// Until the connection closes.
    UntilClose,
}

impl Encoder {
    /// Appends framed content to `out`; no content appends nothing.
    ///
    /// # Errors
    /// When more comes than the head promised; nothing beyond the promise is appended.
    pub fn send(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), LengthMismatch> {
        match self {
            Encoder::Bodiless => {}
            Encoder::Length(owed) => {
                let most = usize::try_from(*owed).unwrap_or(usize::MAX);
                let within = &data[..data.len().min(most)];
                out.extend_from_slice(within);
                *owed -= within.len() as u64;
                if within.len() < data.len() {
                    return Err(LengthMismatch { missing: 0 });
                }
            }
            // An empty chunk is the last one.
            Encoder::Chunked if data.is_empty() => {}
            Encoder::Chunked => {
                push_hex(data.len(), out);
                out.extend_from_slice(b"\r\n");
                out.extend_from_slice(data);
                out.extend_from_slice(b"\r\n");
            }
            Encoder::UntilClose => out.extend_from_slice(data),
        }
        Ok(())
    }

    /// Accounts for `n` content octets that left without passing through `send` (sendfile).
    ///
    /// # Errors
    /// When more left than the head promised.
    ///
    /// # Panics
    /// When the encoder would have framed or dropped them: in chunks, or where no body goes out.
    pub fn sent(&mut self, n: u64) -> Result<(), LengthMismatch> {
        match self {
            Encoder::Length(owed) if n > *owed => {
                *owed = 0;
                Err(LengthMismatch { missing: 0 })
            }
            Encoder::Length(owed) => {
                *owed -= n;
                Ok(())
            }
            Encoder::UntilClose => Ok(()),
            Encoder::Bodiless | Encoder::Chunked => {
                assert!(
                    n == 0,
                    "only a body that is sent as it is can bypass its encoder"
                );
                Ok(())
            }
        }
    }

    /// Ends the body: appends the last chunk where there are chunks.
    ///
    /// # Errors
    /// When less came than the head promised: the connection must be cut.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), LengthMismatch> {
        self.finish_with(&Fields::new(), out)
    }

    /// Ends the body with a trailer section, which goes out behind the last chunk and is dropped
    /// where there are no chunks.
    ///
    /// # Errors
    /// As [`Encoder::finish`].
    ///
    /// Source: RFC 9112 §7.1.2
    pub fn finish_with(
        &mut self,
        trailers: &Fields,
        out: &mut Vec<u8>,
    ) -> Result<(), LengthMismatch> {
        match self {
            Encoder::Length(0) | Encoder::Bodiless | Encoder::UntilClose => Ok(()),
            Encoder::Length(missing) => Err(LengthMismatch { missing: *missing }),
            Encoder::Chunked => {
                out.extend_from_slice(b"0\r\n");
                out.extend_from_slice(trailers.wire());
                out.extend_from_slice(b"\r\n");
                Ok(())
            }
        }
    }
}

/// Appends a number in hexadecimal digits.
fn push_hex(number: usize, out: &mut Vec<u8>) {
    let digits = (usize::BITS - number.leading_zeros()).div_ceil(4).max(1);
    for place in (0..digits).rev() {
        out.push(b"0123456789abcdef"[number >> (place * 4) & 15]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(mut encoder: Encoder, pieces: &[&str], expected: Result<&str, LengthMismatch>) {
        let mut out = Vec::new();
        let sent = pieces
            .iter()
            .try_for_each(|piece| encoder.send(piece.as_bytes(), &mut out));
        let outcome = sent.and_then(|()| encoder.finish(&mut out));
        let wire = String::from_utf8_lossy(&out).into_owned();
        assert_eq!(
            outcome.map(|()| wire),
            expected.map(str::to_owned),
            "{pieces:?}"
        );
    }

    #[test]
    fn chunks_carry_their_sizes_in_hexadecimal() {
        check(
            Encoder::Chunked,
            &["hello", "!"],
            Ok("5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"),
        );
        check(Encoder::Chunked, &[], Ok("0\r\n\r\n"));
        let long = "x".repeat(0x1a0);
        let expected = format!("1a0\r\n{long}\r\n0\r\n\r\n");
        check(Encoder::Chunked, &[&long], Ok(&expected));
    }

    #[test]
    fn what_bypasses_the_encoder_is_held_to_the_promise_too() {
        let mut encoder = Encoder::Length(5);
        assert_eq!(encoder.sent(4), Ok(()));
        assert_eq!(encoder.sent(1), Ok(()));
        let mismatch = encoder.sent(1).unwrap_err();
        assert_eq!(mismatch, LengthMismatch { missing: 0 });
        assert!(!mismatch.to_string().is_empty());
    }

    #[test]
    fn no_content_is_no_chunk() {
        check(Encoder::Chunked, &["", "a", ""], Ok("1\r\na\r\n0\r\n\r\n"));
    }

    #[test]
    fn a_body_is_held_to_its_promise() {
        check(Encoder::Length(5), &["he", "llo"], Ok("hello"));
        check(
            Encoder::Length(5),
            &["he"],
            Err(LengthMismatch { missing: 3 }),
        );
        check(
            Encoder::Length(5),
            &["hello!"],
            Err(LengthMismatch { missing: 0 }),
        );
        check(Encoder::Length(0), &[], Ok(""));
    }

    #[test]
    fn nothing_beyond_the_promise_goes_out() {
        let mut out = Vec::new();
        assert!(Encoder::Length(3).send(b"hello", &mut out).is_err());
        assert_eq!(out, b"hel");
    }

    #[test]
    fn content_where_none_goes_out_is_dropped() {
        check(Encoder::Bodiless, &["hello"], Ok(""));
    }

    #[test]
    fn content_that_took_another_way_counts() {
        let mut encoder = Encoder::Length(5);
        assert_eq!(encoder.sent(3), Ok(()));
        assert_eq!(
            encoder.finish(&mut Vec::new()),
            Err(LengthMismatch { missing: 2 })
        );
        assert_eq!(encoder.sent(3), Err(LengthMismatch { missing: 0 }));
    }

    #[test]
    #[should_panic(expected = "bypass its encoder")]
    fn chunks_cannot_be_bypassed() {
        let _ = Encoder::Chunked.sent(1);
    }
}
