//! A client that sends octets, not requests, and never waits for ever.
//!
//! Every call that waits has the client's patience as its deadline, counted from the call. Octets that
//! arrive before they are asked for are kept, so pipelined answers are read one by one.
//!
//! ```no_run
//! use check::{Asked, Client};
//!
//! let mut client = Client::connect("127.0.0.1:8080".parse().unwrap())?;
//! client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")?;
//! let answer = client.read_answer(Asked::Other)?;
//! assert_eq!(answer.status, 200);
//! # Ok::<(), check::Trouble>(())
//! ```
//!
//! It deliberately knows nothing of what a request should look like, and repairs nothing of
//! what an answer looks like.

use crate::trouble::Trouble;
use concurrency::sys::reset_on_close;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How long a call waits unless told otherwise: long for loopback, short for a person.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Octets from the server that are remembered for reports.
const SEEN_BYTES: usize = 16 * 1024;

/// What one read takes: more than any one segment of loopback needs to be.
const READ_BYTES: usize = 64 * 1024;

/// What a client that only listened for a moment has met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Octets came, and are kept for the next read.
    Octets,
    /// The moment passed in silence.
    Silence,
    /// The server ended its side.
    End,
}

/// One connection to a server under test.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    pub(crate) patience: Duration,
    /// Received and not yet read by the caller.
    pub(crate) surplus: Vec<u8>,
    /// The first octets received, for reports.
    seen: Vec<u8>,
    ended: bool,
    /// The kernel tells of a reset once, to whoever reads or writes first; from then on the input
    /// looks as if it had ended.
    reset: bool,
}

impl Client {
    /// Connects with the usual [`PATIENCE`].
    ///
    /// # Errors
    /// [`Trouble::Connect`].
    pub fn connect(addr: SocketAddr) -> Result<Client, Trouble> {
        Client::connect_with(addr, PATIENCE)
    }

    /// Connects; every later call waits for at most `patience`.
    ///
    /// # Errors
    /// [`Trouble::Connect`].
    pub fn connect_with(addr: SocketAddr, patience: Duration) -> Result<Client, Trouble> {
        let stream = TcpStream::connect_timeout(&addr, patience).map_err(Trouble::Connect)?;
        Client::on(stream, patience)
    }

    /// A client on a connection that stands.
    pub(crate) fn on(stream: TcpStream, patience: Duration) -> Result<Client, Trouble> {
        // A piece leaves when it is sent, or cutting a request would cut nothing.
        stream.set_nodelay(true).map_err(Trouble::Connect)?;
        Ok(Client {
            stream,
            patience,
            surplus: Vec::new(),
            seen: Vec::new(),
            ended: false,
            reset: false,
        })
    }

    /// The first octets received so far, whether or not they made an answer.
    pub fn seen(&self) -> &[u8] {
        &self.seen
    }

    /// Sends all of `data`.
    ///
    /// # Errors
    /// [`Trouble::Send`], also when the server takes nothing until the deadline.
    pub fn send(&mut self, data: &[u8]) -> Result<(), Trouble> {
        let until = Instant::now() + self.patience;
        let mut rest = data;
        while !rest.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Trouble::Send(ErrorKind::TimedOut.into()));
            }
            self.stream
                .set_write_timeout(Some(left))
                .map_err(Trouble::Io)?;
            match self.stream.write(rest) {
                Ok(n) => rest = &rest[n..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.reset |= error.kind() == ErrorKind::ConnectionReset;
                    return Err(Trouble::Send(error));
                }
            }
        }
        Ok(())
    }

    /// Another handle on the connection, for a thread that sends while this one reads.
    ///
    /// # Errors
    /// [`Trouble::Io`] when no descriptor is free.
    pub fn sender(&self) -> Result<TcpStream, Trouble> {
        let sender = self.stream.try_clone().map_err(Trouble::Io)?;
        sender
            .set_write_timeout(Some(self.patience))
            .map_err(Trouble::Io)?;
        Ok(sender)
    }

    /// Says that nothing more will be sent, and can still read.
    ///
    /// # Errors
    /// [`Trouble::Io`]. A connection that the server has reset meanwhile is no error here: the
    /// next read tells.
    pub fn close_write(&mut self) -> Result<(), Trouble> {
        match self.stream.shutdown(Shutdown::Write) {
            Err(error) if error.kind() != ErrorKind::NotConnected => Err(Trouble::Io(error)),
            _ => Ok(()),
        }
    }

    /// Listens for at most `moment`, and keeps what comes.
    ///
    /// # Errors
    /// [`Trouble::Reset`] and [`Trouble::Io`].
    pub fn listen(&mut self, moment: Duration) -> Result<Heard, Trouble> {
        match self.receive(Instant::now() + moment) {
            Ok(0) => Ok(Heard::End),
            Ok(_) => Ok(Heard::Octets),
            Err(Trouble::Late { .. }) => Ok(Heard::Silence),
            Err(trouble) => Err(trouble),
        }
    }

    /// Reads the octets that come next, whatever they are; none at the end of input.
    ///
    /// # Errors
    /// [`Trouble::Reset`], and [`Trouble::Late`] when nothing comes.
    pub fn read_piece(&mut self) -> Result<Vec<u8>, Trouble> {
        let mut piece = Vec::new();
        self.read_some(&mut |octets| piece.extend(octets))?;
        Ok(piece)
    }

    /// Reads at most `limit` of the octets that come next, and leaves the others where they are; none
    /// at the end of input.
    ///
    /// # Errors
    /// As [`Client::read_piece`].
    pub fn read_at_most(&mut self, limit: usize) -> Result<Vec<u8>, Trouble> {
        if self.surplus.is_empty() {
            self.receive_at_most(limit, Instant::now() + self.patience)?;
        }
        let taken = self.surplus.len().min(limit);
        Ok(self.surplus.drain(..taken).collect())
    }

    /// Reads up to the next line feed, and with it.
    ///
    /// # Errors
    /// [`Trouble::Ended`] at the end of input, [`Trouble::Reset`], and [`Trouble::Late`].
    pub fn read_line(&mut self) -> Result<Vec<u8>, Trouble> {
        let until = Instant::now() + self.patience;
        loop {
            if let Some(at) = self.surplus.iter().position(|&octet| octet == b'\n') {
                return Ok(self.surplus.drain(..=at).collect());
            }
            if self.receive(until)? == 0 {
                return Err(Trouble::Ended);
            }
        }
    }

    /// Reads whatever comes until the server ends its side in an orderly way.
    ///
    /// # Errors
    /// [`Trouble::Reset`], and [`Trouble::Late`] when no end comes.
    pub fn read_to_end(&mut self) -> Result<Vec<u8>, Trouble> {
        let mut all = Vec::new();
        while self.read_some(&mut |octets| all.extend(octets))? {}
        Ok(all)
    }

    /// Leaves with a reset: the kernel sends one when a socket is closed that still has unread input.
    ///
    /// # Errors
    /// [`Trouble::Late`] when the server has sent nothing that could be left unread.
    pub fn abort(self) -> Result<(), Trouble> {
        self.stream
            .set_read_timeout(Some(self.patience))
            .map_err(Trouble::Io)?;
        match self.stream.peek(&mut [0]) {
            Ok(1) => Ok(()),
            Ok(_) => Err(Trouble::Ended),
            Err(_) => Err(Trouble::Late {
                waited: self.patience,
            }),
        }
    }

    /// Leaves with a reset, whatever has come.
    ///
    /// # Errors
    /// [`Trouble::Io`].
    pub fn vanish(self) -> Result<(), Trouble> {
        reset_on_close(&self.stream).map_err(Trouble::Io)
    }

    /// Lends what has come; false at the end of input.
    pub(crate) fn read_some(&mut self, each: &mut dyn FnMut(&[u8])) -> Result<bool, Trouble> {
        let came = !self.surplus.is_empty() || self.receive(Instant::now() + self.patience)? > 0;
        each(&self.surplus);
        self.surplus.clear();
        Ok(came)
    }

    /// One read into `surplus`; 0 at the end of input, which stays the end.
    pub(crate) fn receive(&mut self, until: Instant) -> Result<usize, Trouble> {
        self.receive_at_most(READ_BYTES, until)
    }

    fn receive_at_most(&mut self, limit: usize, until: Instant) -> Result<usize, Trouble> {
        let mut buf = [0; READ_BYTES];
        let buf = &mut buf[..limit.min(READ_BYTES)];
        while !self.ended {
            let started = Instant::now();
            let left = until.saturating_duration_since(started);
            let late = || Trouble::Late {
                waited: self.patience.saturating_sub(left),
            };
            if left.is_zero() {
                return Err(late());
            }
            self.stream
                .set_read_timeout(Some(left))
                .map_err(Trouble::Io)?;
            match self.stream.read(buf) {
                Ok(0) if self.reset => return Err(Trouble::Reset),
                Ok(n) => {
                    self.ended = n == 0;
                    let room = SEEN_BYTES.saturating_sub(self.seen.len());
                    self.seen.extend(&buf[..n.min(room)]);
                    self.surplus.extend(&buf[..n]);
                    return Ok(n);
                }
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                        return Err(Trouble::Late { waited: left });
                    }
                    ErrorKind::ConnectionReset => {
                        self.reset = true;
                        return Err(Trouble::Reset);
                    }
                    _ => return Err(Trouble::Io(error)),
                },
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Asked;
    use std::net::TcpListener;
    use std::thread;

    const MOMENT: Duration = Duration::from_millis(50);

    /// A client of a server that does `serve` to its one guest.
    fn against(serve: impl FnOnce(TcpStream) + Send + 'static) -> Client {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let guest = move || serve(listener.accept().unwrap().0);
        thread::Builder::new().spawn(guest).unwrap();
        Client::connect(addr).unwrap()
    }

    /// A client of a server that says `octets`, one by one, and ends.
    fn hearing(octets: &'static [u8]) -> Client {
        against(move |mut stream| {
            stream.set_nodelay(true).unwrap();
            for octet in octets {
                stream.write_all(&[*octet]).unwrap();
            }
        })
    }

    #[test]
    fn pipelined_answers_are_read_one_by_one() {
        let mut client = hearing(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 204 No Content\r\n\r\n\
              HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n\
              HTTP/1.1 200 OK\r\n\r\nuntil the end",
        );
        let mut content = || client.read_answer(Asked::Other).unwrap().content;
        assert_eq!(content(), b"ab");
        assert_eq!(content(), b"");
        assert_eq!(content(), b"abc0123456789");
        assert_eq!(content(), b"until the end");
        client.expect_end().unwrap();
    }

    #[test]
    fn a_line_is_read_up_to_its_end_and_half_a_line_is_none() {
        let mut client = hearing(b"one\n\ntwo\nhalf");
        let mut line = || client.read_line();
        assert_eq!(line().unwrap(), b"one\n");
        assert_eq!(line().unwrap(), b"\n");
        assert_eq!(line().unwrap(), b"two\n");
        assert!(matches!(line(), Err(Trouble::Ended)));
    }

    #[test]
    fn an_answer_that_breaks_off_is_not_complete() {
        let heads: [&'static [u8]; 3] = [
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            b"HTTP/1.1 200 OK\r\n",
        ];
        for octets in heads {
            let outcome = hearing(octets).read_answer(Asked::Other);
            assert!(matches!(outcome, Err(Trouble::Ended)), "{outcome:?}");
        }
    }

    #[test]
    fn an_orderly_end_is_told_from_a_reset_and_from_surplus() {
        against(drop).expect_end().unwrap();
        let mut surplus = hearing(b"x");
        assert!(matches!(surplus.expect_end(), Err(Trouble::Surplus(_))));
        // Closing with unread input is what makes a reset.
        let mut reset = against(|stream| {
            stream.peek(&mut [0]).unwrap();
        });
        reset.send(b"unread").unwrap();
        assert!(matches!(reset.expect_end(), Err(Trouble::Reset)));
        assert!(matches!(reset.expect_end(), Err(Trouble::Reset)), "again");
    }

    #[test]
    fn a_silent_server_is_waited_for_as_long_as_patience_lasts() {
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let mut client = against(move |_stream| {
            // Ends with the test, which never says a word.
            let _ = held.recv();
        });
        client.patience = MOMENT;
        let started = Instant::now();
        assert!(matches!(client.listen(MOMENT), Ok(Heard::Silence)));
        assert!(matches!(client.expect_end(), Err(Trouble::Late { .. })));
        assert!(started.elapsed() >= 2 * MOMENT);
        drop(hold);
    }
}
