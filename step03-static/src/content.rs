//! Reading a response's content piece by piece, wherever it lies.

use crate::Body;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

/// A [`Body`] and how far it has been read.
#[derive(Debug)]
pub(crate) struct Content {
    /// The part that is being read.
    body: Body,
    /// Octets of it read so far.
    at: u64,
    /// The parts behind it; the next one stands last.
    rest: Vec<Body>,
}

impl Content {
    /// Stands before the first octet.
    pub(crate) fn new(body: Body) -> Content {
        Content {
            body,
            at: 0,
            rest: Vec::new(),
        }
    }

    /// Reads from the current part; 0 is its end.
    fn read_part(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = match &mut self.body {
            Body::Empty => 0,
            Body::Bytes(bytes) => {
                let at = usize::try_from(self.at).expect("it is at most the length of a slice");
                (&bytes[at..]).read(buf)?
            }
            // ANCHOR: file_part
            Body::File { file, offset, len } => {
                let left = *len - self.at;
                if left == 0 {
                    return Ok(0);
                }
                let most = usize::try_from(left).map_or(buf.len(), |left| left.min(buf.len()));
                let n = file.read_at(&mut buf[..most], *offset + self.at)?;
                if n == 0 && most > 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                n
            }
            // ANCHOR_END: file_part
            Body::Stream(stream) => stream.read(buf)?,
            Body::Parts(parts) => {
                self.rest.extend(parts.drain(..).rev());
                0
            }
        };
        self.at += n as u64;
        Ok(n)
    }
}

impl Read for Content {
    /// Reads on. A file is read at an offset, so that many responses can share it open.
    ///
    /// # Errors
    /// `UnexpectedEof` when a file has become shorter than was promised; what the file or the
    /// stream reports.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = self.read_part(buf)?;
            if n > 0 || buf.is_empty() {
                return Ok(n);
            }
            let Some(next) = self.rest.pop() else {
                return Ok(0);
            };
            (self.body, self.at) = (next, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::sync::Arc;

    /// This source file, from the 10th octet on.
    fn rest_of_this_file(promised: u64) -> Body {
        let file = File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/src/content.rs")).unwrap();
        Body::File {
            file: Arc::new(file),
            offset: 10,
            len: promised,
        }
    }

    #[track_caller]
    fn check(body: Body, expected: &[u8]) {
        let mut content = Vec::new();
        Content::new(body).read_to_end(&mut content).unwrap();
        assert_eq!(content, expected);
    }

    #[test]
    fn content_is_read_to_its_end() {
        let all = include_bytes!("content.rs");
        check(Body::Empty, b"");
        check(Body::Bytes(Arc::from(&b"abc"[..])), b"abc");
        check(Body::Stream(Box::new(&b"abc"[..])), b"abc");
        check(rest_of_this_file(0), b"");
        check(rest_of_this_file(3), &all[10..13]);
        check(rest_of_this_file(all.len() as u64 - 10), &all[10..]);
    }

    #[test]
    fn parts_are_read_in_their_order_however_deep() {
        let bytes = |text: &'static str| Body::Bytes(Arc::from(text.as_bytes()));
        let inner = Body::Parts(vec![bytes("c"), Body::Stream(Box::new(&b"de"[..]))]);
        let all = include_bytes!("content.rs");
        let expected = [&b"abcde"[..], &all[10..13], b"f"].concat();
        let file = rest_of_this_file(3);
        let parts = vec![bytes("ab"), Body::Empty, inner, file, bytes("f")];
        check(Body::Parts(parts), &expected);
        check(Body::Parts(vec![]), b"");
    }

    #[test]
    fn a_file_that_is_too_short_is_an_error() {
        let len = include_bytes!("content.rs").len() as u64;
        let mut content = Content::new(rest_of_this_file(len - 9));
        let error = content.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
