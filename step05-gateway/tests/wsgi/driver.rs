//! The server's side of FastCGI, plain and by hand, so that a worker can be asked without a gateway.

#![allow(dead_code, reason = "each test program uses its own part of this")]

use crate::common::{DEADLINE, TempDir, eventually};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

pub(crate) const BEGIN: u8 = 1;
pub(crate) const ABORT: u8 = 2;
pub(crate) const END: u8 = 3;
pub(crate) const PARAMS: u8 = 4;
pub(crate) const STDIN: u8 = 5;
pub(crate) const STDOUT: u8 = 6;

/// The content of a BEGIN: a responder is wanted, on a connection that is kept.
pub(crate) const KEEPING: [u8; 8] = [0, 1, 1, 0, 0, 0, 0, 0];

/// A worker that serves one application of `tests/wsgi/probe.py`, and its log.
pub(crate) struct Worker {
    pub(crate) child: Child,
    folder: TempDir,
}

impl Worker {
    pub(crate) fn start(callable: &str) -> Worker {
        Worker::start_in(&manifest("tests/wsgi"), callable)
    }

    /// The same, with another folder in front of Python's.
    pub(crate) fn start_in(current: &Path, callable: &str) -> Worker {
        let folder = TempDir::new();
        let listener = UnixListener::bind(folder.path().join("socket")).expect("a socket");
        let log = std::fs::File::create(folder.path().join("log")).expect("a file");
        let child = Command::new("python3")
            .arg(manifest("src/worker.py"))
            .arg(callable)
            .current_dir(current)
            .env("PYTHONPATH", manifest("tests/wsgi"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(OwnedFd::from(listener))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        let child = child.expect("python3 runs");
        Worker { child, folder }
    }

    pub(crate) fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(self.folder.path().join("socket")).expect("it listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("no zero");
        stream.set_write_timeout(Some(DEADLINE)).expect("no zero");
        stream
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(&self, path: &str, content: &[u8]) -> Said {
        let mut stream = self.connect();
        let request = request(1, path, content);
        std::thread::scope(|scope| {
            let mut writing = stream.try_clone().expect("a descriptor");
            // A worker need not read all of it.
            scope.spawn(move || writing.write_all(&request));
            Said::read(&mut stream, 1)
        })
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).expect("it is text")
    }

    pub(crate) fn terminate(&self) {
        let kill = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        assert!(kill.expect("kill runs").success());
    }

    /// How it ended, once it has.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("the worker ends", || {
            status = self.child.try_wait().expect("it can be waited for");
            status.is_some()
        });
        status.expect("it has ended")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended already, which some tests demand.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file of this package.
pub(crate) fn manifest(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub(crate) fn record(kind: u8, number: u16, content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(content.len()).expect("a record is small");
    let [high, low] = number.to_be_bytes();
    let [long, short] = len.to_be_bytes();
    let header = [1, kind, high, low, long, short, 0, 0];
    [&header, content].concat()
}

/// A request that keeps its connection, for `/path?query`.
pub(crate) fn request(number: u16, path: &str, content: &[u8]) -> Vec<u8> {
    let method = if content.is_empty() { "GET" } else { "POST" };
    let mut octets = head(number, method, path, content.len());
    for piece in content.chunks(60_000) {
        octets.extend(record(STDIN, number, piece));
    }
    octets.extend(record(STDIN, number, b""));
    octets
}

/// The same without any content, and without its end.
pub(crate) fn head(number: u16, method: &str, path: &str, length: usize) -> Vec<u8> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let length = length.to_string();
    let names = [
        ("REQUEST_METHOD", method),
        ("SCRIPT_NAME", ""),
        ("PATH_INFO", path),
        ("QUERY_STRING", query),
        ("CONTENT_LENGTH", length.as_str()),
        ("SERVER_NAME", "test.example"),
        ("SERVER_PORT", "80"),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
    ];
    let mut params = Vec::new();
    for (name, value) in names {
        pair(&mut params, name.as_bytes(), value.as_bytes());
    }
    [
        record(BEGIN, number, &KEEPING),
        record(PARAMS, number, &params),
        record(PARAMS, number, b""),
    ]
    .concat()
}

/// A name and a value behind their lengths.
pub(crate) fn pair(params: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    for octets in [name, value] {
        match u8::try_from(octets.len()) {
            Ok(len) if len < 128 => params.push(len),
            _ => {
                let len = u32::try_from(octets.len()).expect("it is no book") | 1 << 31;
                params.extend(len.to_be_bytes());
            }
        }
    }
    params.extend(name);
    params.extend(value);
}

/// What a worker said to one request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) head: String,
    pub(crate) content: Vec<u8>,
    /// Whether it said that this was all.
    pub(crate) is_whole: bool,
}

impl Said {
    /// Reads until request `number` is answered or the connection ends; every other is passed over.
    #[track_caller]
    pub(crate) fn read(stream: &mut UnixStream, number: u16) -> Said {
        let mut said = Said::read_all(stream, &[number]);
        said.pop().expect("one was asked for")
    }

    /// The same for several requests, in the order in which they are named.
    #[track_caller]
    pub(crate) fn read_all(stream: &mut UnixStream, numbers: &[u16]) -> Vec<Said> {
        let mut outs = vec![(Vec::new(), false); numbers.len()];
        while outs.iter().any(|(_, is_whole)| !is_whole)
            && let Some((kind, of, content)) = read_record(stream)
        {
            let Some(at) = numbers.iter().position(|number| *number == of) else {
                continue;
            };
            match kind {
                STDOUT => outs[at].0.extend(content),
                END => outs[at].1 = content[4] == 0,
                _ => {}
            }
        }
        let said = outs.into_iter();
        said.map(|(out, is_whole)| Said::new(out, is_whole))
            .collect()
    }

    fn new(mut out: Vec<u8>, is_whole: bool) -> Said {
        let end = out.windows(4).position(|four| four == b"\r\n\r\n");
        let content = out.split_off(end.map_or(out.len(), |end| end + 4));
        Said {
            head: String::from_utf8_lossy(&out).into_owned(),
            content,
            is_whole,
        }
    }

    pub(crate) fn status(&self) -> &str {
        let line = self.head.lines().next().unwrap_or_default();
        line.strip_prefix("Status: ").unwrap_or(line)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.content).into_owned()
    }
}

/// The next record; `None` at the end of the connection.
pub(crate) fn read_record(stream: &mut UnixStream) -> Option<(u8, u16, Vec<u8>)> {
    let mut header = [0; 8];
    stream.read_exact(&mut header).ok()?;
    let len = u16::from_be_bytes([header[4], header[5]]);
    let mut content = vec![0; usize::from(len) + usize::from(header[6])];
    stream.read_exact(&mut content).ok()?;
    content.truncate(usize::from(len));
    Some((
        header[1],
        u16::from_be_bytes([header[2], header[3]]),
        content,
    ))
}
