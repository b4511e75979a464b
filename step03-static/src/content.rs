//! Reading a response's content piece by piece, wherever it lies.

use crate::Body;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

/// A [`Body`] and how far it has been read.
#[derive(Debug)]
pub(crate) struct Content {
    body: Body,
    /// Octets read so far.
    at: u64,
}

impl Content {
    /// Stands before the first octet.
    pub(crate) fn new(body: Body) -> Content {
        Content { body, at: 0 }
    }
}

impl Read for Content {
    /// Reads on. A file is read at an offset, so that many responses can share it open.
    ///
    /// # Errors
    /// `UnexpectedEof` when a file has become shorter than was promised; what the file or the
    /// stream reports.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = match &mut self.body {
            Body::Empty => 0,
            Body::Bytes(bytes) => {
                let at = usize::try_from(self.at).expect("it is at most the length of a slice");
                (&bytes[at..]).read(buf)?
            }
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
            Body::Stream(stream) => stream.read(buf)?,
        };
        self.at += n as u64;
        Ok(n)
    }
}
