//! Another HTTP server, played by the test: octets as it likes.

use super::common::DEADLINE;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

/// A server that listens.
pub(crate) struct Origin {
    listener: TcpListener,
}

impl Origin {
    pub(crate) fn new() -> Origin {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.set_nonblocking(true).expect("a listener can be");
        Origin { listener }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.listener.local_addr().expect("it is bound")
    }

    /// The next connection.
    #[track_caller]
    pub(crate) fn accept(&self) -> Line {
        let until = Instant::now() + DEADLINE;
        loop {
            if let Some(line) = self.try_accept() {
                return line;
            }
            assert!(Instant::now() < until, "nobody connects");
            std::thread::yield_now();
        }
    }

    pub(crate) fn try_accept(&self) -> Option<Line> {
        let (stream, _) = self.listener.accept().ok()?;
        stream.set_nonblocking(false).expect("a socket can be");
        stream.set_read_timeout(Some(DEADLINE)).expect("no zero");
        stream.set_write_timeout(Some(DEADLINE)).expect("no zero");
        stream.set_nodelay(true).expect("a socket can be");
        Some(Line { stream })
    }
}

/// A connection from the proxy.
pub(crate) struct Line {
    stream: TcpStream,
}

impl Line {
    fn octet(&mut self) -> Option<u8> {
        let mut octet = [0];
        match self.stream.read(&mut octet) {
            Ok(0) => None,
            Ok(_) => Some(octet[0]),
            Err(error) => panic!("nothing comes: {error}"),
        }
    }

    /// Octets up to and with this end; what came before the end of input otherwise.
    pub(crate) fn up_to(&mut self, end: &str) -> String {
        let mut seen = Vec::new();
        while !seen.ends_with(end.as_bytes()) {
            let Some(octet) = self.octet() else { break };
            seen.push(octet);
        }
        String::from_utf8_lossy(&seen).into_owned()
    }

    /// A request's head.
    #[track_caller]
    pub(crate) fn head(&mut self) -> String {
        let head = self.up_to("\r\n\r\n");
        assert!(head.ends_with("\r\n\r\n"), "no head: {head:?}");
        head
    }

    pub(crate) fn exactly(&mut self, len: usize) -> Vec<u8> {
        let mut octets = vec![0; len];
        self.stream.read_exact(&mut octets).expect("they come");
        octets
    }

    /// The size of the next chunk, and its content.
    pub(crate) fn chunk(&mut self) -> Vec<u8> {
        let line = self.up_to("\r\n");
        let size = usize::from_str_radix(line.trim_end(), 16).expect("a size");
        let content = self.exactly(size);
        assert_eq!(self.exactly(2), b"\r\n");
        content
    }

    pub(crate) fn say(&mut self, octets: impl AsRef<[u8]>) {
        // Whether anybody still listens is what some tests are about.
        let _ = self.stream.write_all(octets.as_ref());
    }

    /// Answers with a page.
    pub(crate) fn answer(&mut self, text: &str) {
        let len = text.len();
        self.say(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n{text}"
        ));
    }

    pub(crate) fn close_write(&self) {
        self.stream
            .shutdown(Shutdown::Write)
            .expect("it is connected");
    }

    /// Whether the proxy has closed the connection, or ended its side of it.
    pub(crate) fn is_ended(&mut self) -> bool {
        match self.stream.read(&mut [0]) {
            Ok(0) => true,
            Ok(_) => false,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }
}
