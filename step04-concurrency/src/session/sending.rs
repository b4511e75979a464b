//! A ready response's content on its way out.

use super::outbox::Outbox;
use crate::sys;
use http_parse::{Connection, Encoder, LengthMismatch};
use static_files::Body;
use std::io::{self, Read};
use std::net::TcpStream;
use std::os::unix::fs::FileExt;

/// Octets that one turn of a session may hand to sendfile: enough to be worth the call, little
/// enough that the other connections do not wait for one fast download.
const SENDFILE_TURN: usize = 512 * 1024;

/// A file's content up to this size is read into the outbox, where it leaves in the same write as
/// its head; beyond it, sendfile spares the copy.
const SMALL_FILE: usize = crate::cache::SMALL;

/// Octets read from a stream in one turn.
const STREAM_TURN: usize = 16 * 1024;

/// How far one turn has brought the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// On by some octets.
    Some,
    /// On by so many that it is somebody else's turn.
    Enough,
    /// Nowhere: the client has to take what waits first.
    Blocked,
    /// To its end; what has not left yet is in the outbox.
    All,
}

/// The content of a response, and how much of it has been sent.
#[derive(Debug)]
pub(super) struct Sending {
    /// The part that is being sent.
    body: Body,
    /// Octets of it that have been sent.
    at: u64,
    /// Octets of all parts that have been sent.
    total: u64,
    /// The parts behind it; the next one stands last.
    rest: Vec<Body>,
}

impl Sending {
    pub(super) fn new(body: Body) -> Sending {
        Sending {
            body,
            at: 0,
            total: 0,
            rest: Vec::new(),
        }
    }

    /// Octets of content that are in the outbox or beyond it.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Moves a bounded amount of content into the outbox or the socket.
    ///
    /// # Errors
    /// The client's socket failed, or the content is not what the head promised: the connection
    /// has to be cut.
    pub(super) fn advance(
        &mut self,
        stream: &TcpStream,
        connection: &mut Connection,
        outbox: &mut Outbox,
    ) -> io::Result<Sent> {
        let bodiless = connection.encoder() == Some(Encoder::Bodiless);
        if bodiless || !self.find_part() {
            connection.finish(outbox.end()).map_err(broken_promise)?;
            return Ok(Sent::All);
        }
        if outbox.room() == 0 {
            outbox.flush(stream)?;
            if outbox.room() == 0 {
                return Ok(Sent::Blocked);
            }
        }
        match &mut self.body {
            Body::Empty | Body::Parts(_) => unreachable!("a part with octets has been found"),
            Body::Bytes(bytes) => {
                let start = usize::try_from(self.at).expect("an offset into memory");
                let end = bytes.len().min(start + outbox.room());
                connection
                    .send(&bytes[start..end], outbox.end())
                    .map_err(broken_promise)?;
                self.at = end as u64;
                self.total += (end - start) as u64;
                Ok(Sent::Some)
            }
            Body::File { len, .. } if *len - self.at > SMALL_FILE as u64 => {
                self.send_file(stream, connection, outbox)
            }
            Body::File { .. } => self.read_file(connection, outbox),
            Body::Stream(source) => {
                let mut buf = [0; STREAM_TURN];
                let n = source.read(&mut buf)?;
                if n == 0 {
                    (self.body, self.at) = (Body::Empty, 0);
                    return Ok(Sent::Some);
                }
                connection
                    .send(&buf[..n], outbox.end())
                    .map_err(broken_promise)?;
                self.total += n as u64;
                Ok(Sent::Some)
            }
        }
    }

    /// Turns to the next part that may have octets left; false when there is none.
    fn find_part(&mut self) -> bool {
        loop {
            if let Body::Parts(parts) = &mut self.body {
                self.rest.extend(parts.drain(..).rev());
            } else if self.body.len() != Some(self.at) {
                return true;
            }
            let Some(next) = self.rest.pop() else {
                return false;
            };
            (self.body, self.at) = (next, 0);
        }
    }

    /// The rest of a small file, read behind its head.
    fn read_file(&mut self, connection: &mut Connection, outbox: &mut Outbox) -> io::Result<Sent> {
        let Body::File { file, offset, len } = &self.body else {
            return Ok(Sent::All);
        };
        let mut buf = [0; SMALL_FILE];
        let left = usize::try_from(len - self.at)
            .unwrap_or(SMALL_FILE)
            .min(SMALL_FILE);
        let part = &mut buf[..left];
        let n = file.read_at(part, offset + self.at)?;
        if n == 0 {
            return Err(shorter_than_promised());
        }
        connection
            .send(&part[..n], outbox.end())
            .map_err(broken_promise)?;
        self.at += n as u64;
        self.total += n as u64;
        Ok(Sent::Some)
    }

    // ANCHOR: send_file
    /// A part of a large file, from the page cache to the socket.
    fn send_file(
        &mut self,
        stream: &TcpStream,
        connection: &mut Connection,
        outbox: &mut Outbox,
    ) -> io::Result<Sent> {
        let Body::File { file, offset, len } = &self.body else {
            return Ok(Sent::All);
        };
        outbox.flush_before_more(stream)?;
        if !outbox.is_empty() {
            return Ok(Sent::Blocked);
        }
        let count = usize::try_from(len - self.at)
            .unwrap_or(SENDFILE_TURN)
            .min(SENDFILE_TURN);
        match sys::sendfile(stream, file, offset + self.at, count) {
            Ok(0) => Err(shorter_than_promised()),
            Ok(n) => {
                connection.sent(n as u64).map_err(broken_promise)?;
                outbox.count(n);
                self.at += n as u64;
                self.total += n as u64;
                Ok(match self.body.len() {
                    Some(len) if len == self.at => Sent::Some,
                    // The socket has taken what it has room for; asking again would only cost a
                    // call to hear that.
                    Some(_) | None if n < count => Sent::Blocked,
                    Some(_) | None => Sent::Enough,
                })
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Sent::Blocked),
            Err(error) => Err(error),
        }
    }
    // ANCHOR_END: send_file
}

/// A file that was cut while it was being sent: padding would be a lie, so the connection ends
/// before the promised length (RFC 9112 §8).
fn shorter_than_promised() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "a file became shorter while it was sent",
    )
}

pub(super) fn broken_promise(mismatch: LengthMismatch) -> io::Error {
    let text = format!(
        "{} octets of the promised content are missing",
        mismatch.missing
    );
    io::Error::new(io::ErrorKind::InvalidData, text)
}
