//! What the suites of this step share: a folder that vanishes, a server on a free port, and a
//! client that shows octets.
#![allow(
    dead_code,
    reason = "every suite compiles this file for itself and uses a part of it"
)]
#![allow(
    clippy::unwrap_used,
    reason = "what fails here is the test's own ground"
)]

mod client;

pub(crate) use client::{Answer, Client};
use socket::{Stop, accept_until};
use static_files::{
    Config, Files, Handler, Listing, Request, Response, Timeouts, serve_connection,
};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
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
    ended: Receiver<io::Result<()>>,
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
        let (tell, ended) = mpsc::channel();
        let serve = move || {
            let outcome = accept_until(&listener, &stopped, |stream| {
                if let Err(error) = serve_connection(stream, &handler, &config) {
                    println!("connection cut: {error}");
                }
            });
            // A test that has failed waits for nobody.
            let _ = tell.send(outcome);
        };
        thread::Builder::new().spawn(serve).unwrap();
        Server {
            address,
            stop,
            ended,
        }
    }

    pub(crate) fn connect(&self) -> Client {
        Client::from(TcpStream::connect(self.address).unwrap())
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
        if !thread::panicking() {
            let ended = self.ended.recv_timeout(PATIENCE);
            ended
                .expect("the server ends, and no handler panics")
                .unwrap();
        }
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

/// Names that are trouble in an address, in HTML, or in a text.
pub(crate) const NAMES: &[&[u8]] = &[
    b"plain.txt",
    b"with space.txt",
    b"<&%\"'>.html",
    b"50%25.txt",
    b"a?b#c.txt",
    b"a:b",
    b"-dash",
    b"back\\slash",
    b"new\nline",
    b"caf\xc3\xa9.txt",
    b"latin1-\xe9\xff",
    b"a..b",
    b"empty",
];

pub(crate) fn content_of(name: &[u8]) -> Vec<u8> {
    if name == b"empty" {
        Vec::new()
    } else {
        name.repeat(3)
    }
}

pub(crate) fn tree() -> TempDir {
    let folder = TempDir::new();
    for name in NAMES {
        let path = Path::new(OsStr::from_bytes(name));
        folder.file(path, content_of(name));
        folder.file(Path::new("sub folder&").join(path), content_of(name));
    }
    folder
}

/// A wait that a test can sit out.
pub(crate) const SHORT: Duration = Duration::from_millis(100);

/// Answers with the path that was asked for.
pub(crate) fn path(request: &Request) -> Response {
    Response::text(request.path().escape_ascii().to_string())
}

/// A server with less patience for one thing: for all at once, and a busy machine would fail tests.
pub(crate) fn impatient(shorten: impl FnOnce(&mut Timeouts)) -> Config {
    let mut config = Config::default();
    shorten(&mut config.timeouts);
    config
}

pub(crate) fn serve(folder: &TempDir) -> Server {
    Server::start(Files::new(folder.path()).unwrap())
}

pub(crate) fn serve_listed(folder: &TempDir) -> Server {
    let files = Files::new(folder.path()).unwrap();
    Server::start(files.listing(Listing::Shown))
}
