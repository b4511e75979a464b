//! A client that shows octets.

use super::PATIENCE;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Between two drops: much less than any deadline.
const DRIP: Duration = Duration::from_millis(20);

/// A client that knows little: one connection, octets in, octets out.
pub(crate) struct Client(BufReader<TcpStream>);

impl From<TcpStream> for Client {
    fn from(stream: TcpStream) -> Client {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Client(BufReader::new(stream))
    }
}

impl Client {
    pub(crate) fn send(&mut self, octets: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(octets.as_ref()).unwrap();
    }

    /// Sends these octets again and again until the connection takes no more.
    pub(crate) fn drip(&self, octets: &'static str) -> JoinHandle<()> {
        let mut stream = self.0.get_ref().try_clone().unwrap();
        let drip = move || {
            while stream.write_all(octets.as_bytes()).is_ok() {
                thread::park_timeout(DRIP);
            }
        };
        thread::Builder::new().spawn(drip).unwrap()
    }

    /// Says that nothing more will come.
    pub(crate) fn half_close(&mut self) {
        self.0.get_mut().shutdown(Shutdown::Write).unwrap();
    }

    /// Reads one response, to a request with that method.
    pub(crate) fn answer(&mut self, method: &str) -> Answer {
        let mut answer = self.head();
        if method != "HEAD" && answer.status >= 200 && ![204, 304].contains(&answer.status) {
            answer.body = self.body(&answer).unwrap();
        }
        answer
    }

    pub(crate) fn head(&mut self) -> Answer {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let n = self.0.read_until(b'\n', &mut head).unwrap();
            assert!(n > 0, "ended in the head: {}", head.escape_ascii());
        }
        let head = String::from_utf8(head).unwrap();
        Answer {
            status: head[9..12].parse().unwrap(),
            head,
            body: Vec::new(),
        }
    }

    /// Reads content as the head says; an error is a broken response.
    pub(crate) fn body(&mut self, answer: &Answer) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if let Some(length) = answer.field("Content-Length") {
            body.resize(length.parse().unwrap(), 0);
            self.0.read_exact(&mut body)?;
        } else if answer.field("Transfer-Encoding") == Some("chunked") {
            while self.chunk(&mut body)? {}
        } else {
            self.0.read_to_end(&mut body)?;
        }
        Ok(body)
    }

    fn chunk(&mut self, body: &mut Vec<u8>) -> io::Result<bool> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let len = usize::from_str_radix(line.trim_end(), 16)
            .map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        let mut chunk = vec![0; len + 2];
        self.0.read_exact(&mut chunk)?;
        assert!(chunk.ends_with(b"\r\n"), "a chunk ends in CR LF");
        body.extend_from_slice(&chunk[..len]);
        Ok(len > 0)
    }

    /// Makes sure that the server closes without another octet.
    pub(crate) fn expect_end(&mut self) {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        assert_eq!(rest.escape_ascii().to_string(), "");
    }
}

/// A response, as the client saw it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Makes sure of status and content.
    #[track_caller]
    pub(crate) fn check(&self, status: u16, text: &str) {
        let seen = (self.status, self.text());
        assert_eq!(seen, (status, text.to_owned()), "{}", self.head);
    }
}
