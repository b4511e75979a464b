//! How a client reads an answer: a head, then content by whichever of the three framings it has; and
//! the end behind the last one.

use crate::answer::{Answer, Asked, End, chunk_size, parse_field};
use crate::client::Client;
use crate::trouble::Trouble;
use std::mem;
use std::time::Instant;

/// Octets of a head, or of a chunk-size line, that are read before giving up.
const LINE_BYTES: usize = 64 * 1024;

impl Client {
    /// Reads one answer, interim or final, with its content.
    ///
    /// # Errors
    /// Every [`Trouble`] but `Connect` and `Send`.
    pub fn read_answer(&mut self, asked: Asked) -> Result<Answer, Trouble> {
        let mut content = Vec::new();
        let mut answer = self.read_answer_into(asked, &mut |octets| content.extend(octets))?;
        answer.content = content;
        Ok(answer)
    }

    /// Reads one answer and lends its content piece by piece, so that none of it is kept.
    ///
    /// # Errors
    /// As [`Client::read_answer`].
    pub fn read_answer_into(
        &mut self,
        asked: Asked,
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<Answer, Trouble> {
        let answer = self.read_head()?;
        match answer.end(asked)? {
            End::After(length) => self.read_exactly(length, each)?,
            End::LastChunk => self.read_chunks(each)?,
            End::Close => while self.read_some(each)? {},
        }
        Ok(answer)
    }

    /// Reads one answer's head; its content is to be read by the caller.
    ///
    /// # Errors
    /// As [`Client::read_answer`].
    pub fn read_head(&mut self) -> Result<Answer, Trouble> {
        let head = self.read_until(b"\r\n\r\n")?;
        Answer::parse(&head).map_err(Trouble::from)
    }

    /// Expects the server to end its side now, in an orderly way and without another octet.
    ///
    /// # Errors
    /// [`Trouble::Surplus`], [`Trouble::Reset`], and [`Trouble::Late`] when no end comes.
    pub fn expect_end(&mut self) -> Result<(), Trouble> {
        if self.surplus.is_empty() && self.receive(Instant::now() + self.patience)? == 0 {
            return Ok(());
        }
        Err(Trouble::Surplus(mem::take(&mut self.surplus)))
    }

    /// Expects the same of a server that was sent something behind the last request, against RFC 9112
    /// §9.6; a reset is an end then.
    ///
    /// # Errors
    /// [`Trouble::Surplus`], and [`Trouble::Late`] when no end comes.
    pub fn expect_end_or_reset(&mut self) -> Result<(), Trouble> {
        match self.expect_end() {
            Err(Trouble::Reset) => Ok(()),
            ended => ended,
        }
    }

    fn read_exactly(&mut self, length: u64, each: &mut dyn FnMut(&[u8])) -> Result<(), Trouble> {
        let mut left = length;
        while left > 0 {
            self.await_octets()?;
            let take = usize::try_from(left)
                .map_or(self.surplus.len(), |left| left.min(self.surplus.len()));
            each(&self.surplus[..take]);
            self.surplus.drain(..take);
            left -= take as u64;
        }
        Ok(())
    }

    fn read_chunks(&mut self, each: &mut dyn FnMut(&[u8])) -> Result<(), Trouble> {
        loop {
            let line = self.read_until(b"\r\n")?;
            let size = chunk_size(&line[..line.len() - 2]).ok_or(Trouble::Malformed {
                what: "a chunk size is not a hexadecimal number",
                at: 0,
            })?;
            if size == 0 {
                return self.read_trailers();
            }
            self.read_exactly(size, each)?;
            if self.read_until(b"\r\n")?.len() != 2 {
                return Err(Trouble::Malformed {
                    what: "a chunk's data is not followed by CR LF",
                    at: 0,
                });
            }
        }
    }

    /// Reads what follows the last chunk: fields, mostly none, and an empty line (RFC 9112 §7.1.2).
    fn read_trailers(&mut self) -> Result<(), Trouble> {
        loop {
            let line = self.read_until(b"\r\n")?;
            match line.strip_suffix(b"\r\n").unwrap_or(&line) {
                [] => return Ok(()),
                field => parse_field(field, 0).map(drop)?,
            }
        }
    }

    /// Waits until there is something to read.
    fn await_octets(&mut self) -> Result<(), Trouble> {
        if self.surplus.is_empty() && self.receive(Instant::now() + self.patience)? == 0 {
            return Err(Trouble::Ended);
        }
        Ok(())
    }

    /// Reads up to and with `mark`.
    fn read_until(&mut self, mark: &[u8]) -> Result<Vec<u8>, Trouble> {
        let until = Instant::now() + self.patience;
        let mut searched = 0;
        loop {
            let found = self.surplus[searched..]
                .windows(mark.len())
                .position(|window| window == mark);
            if let Some(at) = found {
                return Ok(self.surplus.drain(..searched + at + mark.len()).collect());
            }
            if self.surplus.len() > LINE_BYTES {
                return Err(Trouble::Malformed {
                    what: "a head or a chunk-size line does not end",
                    at: LINE_BYTES,
                });
            }
            searched = (self.surplus.len() + 1).saturating_sub(mark.len());
            if self.receive(until)? == 0 {
                return Err(Trouble::Ended);
            }
        }
    }
}
