//! What the suites of this step share: a folder that vanishes, a server on a free port, and a client
//! that shows octets.
#![allow(
    dead_code,
    reason = "every suite compiles this file for itself and uses a part of it"
)]
#![allow(
    clippy::unwrap_used,
    reason = "what fails here is the test's own ground"
)]

use socket::{Stop, accept_until};
use static_files::{Config, Handler, serve_connection};
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// No test waits longer than this for any octet.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A folder of its own, gone with the test.
#[derive(Debug)]
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new() -> TempDir {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("step03-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        TempDir(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file and the folders it lies in.
    pub(crate) fn file(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        // Left behind, it harms nothing but tidiness.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The blocking server on a free port, until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Arc<Stop>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Server {
    pub(crate) fn start(handler: impl Handler + Send + 'static) -> Server {
        Server::configured(handler, Config::default())
    }

    pub(crate) fn configured(handler: impl Handler + Send + 'static, config: Config) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(Stop::new());
        let stopped = Arc::clone(&stop);
        let serve = move || {
            accept_until(&listener, &stopped, |stream| {
                if let Err(error) = serve_connection(stream, &handler, &config) {
                    println!("connection cut: {error}");
                }
            })
        };
        let thread = thread::Builder::new().spawn(serve).unwrap();
        Server {
            address,
            stop,
            thread: Some(thread),
        }
    }

    pub(crate) fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Client(BufReader::new(stream))
    }

    /// One request on a connection of its own; `fields` are whole lines.
    pub(crate) fn ask(&self, method: &str, target: &str, fields: &[&str]) -> Answer {
        let mut client = self.connect();
        let mut request =
            format!("{method} {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n");
        for field in fields {
            request += field;
            request += "\r\n";
        }
        request += "\r\n";
        client.send(&request);
        let answer = client.answer(method);
        client.expect_end();
        answer
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, &[])
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.stop();
        let ended = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() {
            ended.unwrap().expect("no handler panics").unwrap();
        }
    }
}

/// A client that knows little: one connection, octets in, octets out.
pub(crate) struct Client(BufReader<TcpStream>);

impl Client {
    pub(crate) fn send(&mut self, octets: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(octets.as_ref()).unwrap();
    }

    /// The same connection once more, to send from another thread.
    pub(crate) fn another(&self) -> Client {
        Client(BufReader::new(self.0.get_ref().try_clone().unwrap()))
    }

    /// Whether the octets could be sent.
    pub(crate) fn try_send(&mut self, octets: impl AsRef<[u8]>) -> bool {
        self.0.get_mut().write_all(octets.as_ref()).is_ok()
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
}

/// Percent-encodes every octet that is no letter or digit.
pub(crate) fn encode(name: &[u8]) -> String {
    name.iter()
        .map(|octet| match octet {
            b'/' => "/".to_owned(),
            octet if octet.is_ascii_alphanumeric() => char::from(*octet).to_string(),
            octet => format!("%{octet:02x}"),
        })
        .collect()
}
