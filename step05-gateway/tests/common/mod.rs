//! What the black-box tests of this step share: a server on a free port, and a client that reads to
//! the end whatever happens.

#![allow(dead_code, reason = "each test program uses its own part of this")]

mod fastcgi;
mod folder;

#[allow(unused_imports, reason = "applications need no folder")]
pub(crate) use folder::TempDir;

#[allow(unused_imports, reason = "only some tests play applications")]
pub(crate) use fastcgi::{Application, Asked, Line, end, stderr, stdout, under};

use concurrency::SERVERS;
use concurrency::sys::{self, Port};
use gateway::{Capacity, Cgi, Complaints, Programs, Redirects, Remote, Routes, Upstream, Words};
use http_parse::{
    BodyDecoder, Limits, Method, Parsed, Piece, parse_response_head, response_framing,
};
use socket::Stop;
use static_files::{Config, Handler, Response};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// No test waits longer than this for anything.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// The servers that can wait for a program and a client at the same time: one a thread, one a loop.
pub(crate) const BOTH: [&str; 2] = ["threads", "epoll"];

/// The start of a page, for a `sh` program.
pub(crate) const TEXT: &str = "printf 'Content-Type: text/plain\\n\\n'\n";

/// Tests a server of each kind with this one program, which is called `x`.
pub(crate) fn each(script: &str, test: impl Fn(&Server)) {
    each_with(Config::default(), script, test);
}

pub(crate) fn each_with(config: Config, script: &str, test: impl Fn(&Server)) {
    let folder = TempDir::new();
    folder.program("x", script);
    for name in BOTH {
        test(&Server::cgi(name, config, folder.path()));
    }
}

/// A server of the ladder in a thread, stopped when dropped.
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(
        name: &str,
        config: Config,
        handler: impl Handler + Send + 'static,
    ) -> Server {
        let mut servers = SERVERS.into_iter();
        let (_, serve) = servers.find(|(each, _)| *each == name).expect(name);
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = sys::listen(loopback, Port::Exclusive).expect("a port is free");
        let addr = listener.local_addr().expect("it is bound");
        let stop = Arc::new(Stop::new());
        let stopped = Arc::clone(&stop);
        let run = move || serve(&listener, &handler, &config, &stopped).expect("it serves");
        let thread = thread::Builder::new().spawn(run).expect("a thread starts");
        Server {
            addr,
            stop,
            thread: Some(thread),
        }
    }

    /// A server that runs the programs of `folder` below `/cgi`.
    pub(crate) fn cgi(name: &str, config: Config, folder: &Path) -> Server {
        Server::cgi_at_most(Programs::LIMIT, name, config, folder)
    }

    /// The same, running at most so many of them at once.
    pub(crate) fn cgi_at_most(limit: usize, name: &str, config: Config, folder: &Path) -> Server {
        let programs = Programs::new(limit).expect("threads start");
        let prefix: gateway::Prefix = "/cgi".parse().expect("a prefix");
        let cgi = Cgi::new(prefix.clone(), folder, &programs).expect("the folder exists");
        let mut routes = Routes::new(|_: &_| Response::text("elsewhere"));
        routes.mount(prefix, cgi);
        Server::start(name, config, Redirects::new(routes))
    }

    /// A server that asks applications at these addresses for everything below `/app`.
    pub(crate) fn asking(
        name: &str,
        config: Config,
        (words, capacity): (Words, Capacity),
        addresses: &[String],
    ) -> Server {
        let complaints = Complaints::new().expect("threads start");
        let addresses = addresses.iter().map(|text| text.parse().expect(text));
        let upstream = Upstream::new(addresses.collect(), capacity, &complaints);
        let mut routes = Routes::new(|_: &_| Response::text("elsewhere"));
        let prefix: gateway::Prefix = "/app".parse().expect("a prefix");
        let remote = Remote::new(prefix.clone(), Path::new("/srv"), words, &upstream);
        routes.mount(prefix, remote);
        Server::start(name, config, Redirects::new(routes))
    }

    /// A connection on which no read and no write waits for ever.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect_timeout(&self.addr, DEADLINE).expect("it listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("no zero");
        stream.set_write_timeout(Some(DEADLINE)).expect("no zero");
        stream
    }

    /// One request on a connection of its own; `head` is without its last empty line.
    pub(crate) fn ask(&self, head: &str, body: &[u8]) -> Answer {
        let stream = self.connect();
        let head = format!("{head}\r\nHost: test.example\r\nConnection: close\r\n\r\n");
        let request = [head.as_bytes(), body].concat();
        thread::scope(|scope| {
            // A server need not read a body to its end, so that writing fails is no failure.
            scope.spawn(|| (&stream).write_all(&request));
            Answer::read(&stream, &request)
        })
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1"), b"")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.stop();
        let ended = self.thread.take().expect("it is joined once").join();
        assert!(ended.is_ok() || thread::panicking(), "the server ends well");
    }
}

/// A response, as far as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// Whether the end of the body was where the framing said it would be.
    pub(crate) is_whole: bool,
}

impl Answer {
    /// Reads until the response is complete or the connection has ended.
    #[track_caller]
    pub(crate) fn read(mut stream: &TcpStream, request: &[u8]) -> Answer {
        let mut received = Vec::new();
        let mut buf = vec![0; 64 * 1024];
        let end = loop {
            match stream.read(&mut buf) {
                Ok(0) => break Ok(()),
                Ok(count) => received.extend_from_slice(&buf[..count]),
                // A read with a timeout is not begun again by the system (signal(7)).
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error.kind()),
            }
        };
        assert_ne!(end, Err(io::ErrorKind::WouldBlock), "nothing more comes");
        let asked = request.split(|octet| *octet == b'\r').next();
        let asked = asked.unwrap_or_default().escape_ascii();
        assert!(!received.is_empty(), "\"{asked}\" is not answered: {end:?}");
        let method = if request.starts_with(b"HEAD") {
            Method::Head
        } else {
            Method::Get
        };
        Answer::parse(&received, &method, end.is_ok())
    }

    #[track_caller]
    fn parse(received: &[u8], method: &Method, eof: bool) -> Answer {
        let limits = Limits::default();
        let parsed = parse_response_head(received, &limits);
        let Ok(Parsed::Complete(head, taken)) = parsed else {
            panic!("\"{}\" is no response: {parsed:?}", received.escape_ascii())
        };
        let framing = response_framing(method, &head).expect("framing is clear");
        let mut decoder = BodyDecoder::new(framing, &limits);
        let mut body = Vec::new();
        let mut front = &received[taken..];
        let is_whole = loop {
            let count = match decoder.next(front, eof) {
                Ok(Piece::Skip(count)) => count,
                Ok(Piece::Data(count)) => {
                    body.extend_from_slice(&front[..count]);
                    count
                }
                Ok(Piece::NeedBytes) | Err(_) => break false,
                Ok(Piece::End(_)) => break front.is_empty(),
            };
            decoder.advance(count);
            front = &front[count..];
        };
        Answer {
            status: head.status.code(),
            head: String::from_utf8_lossy(head.fields.wire()).into_owned(),
            body,
            is_whole,
        }
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Whether there is no Python to try it with, which is said in one line.
pub(crate) fn is_python_missing(test: &str) -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok();
    let is_ci = std::env::var("CI").as_deref() == Ok("true");
    assert!(found || !is_ci, "{test} needs python3");
    if !found {
        println!("skipped: {test} needs python3");
    }
    !found
}

/// A client asks while the test plays the application.
pub(crate) fn while_asked(server: &Server, head: &str, body: &[u8], play: impl FnOnce()) -> Answer {
    thread::scope(|scope| {
        let client = scope.spawn(|| server.ask(head, body));
        play();
        client.join().expect("it is answered")
    })
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(
            start.elapsed() < DEADLINE,
            "{what}: not within {DEADLINE:?}"
        );
        thread::park_timeout(Duration::from_millis(2));
    }
}

/// Waits until a process has ended and been waited for. One that was started by a program of ours is
/// the system's to wait for, and some systems take their time.
#[track_caller]
pub(crate) fn assert_gone(pid: &str) {
    let stat = format!("/proc/{}/stat", pid.trim());
    eventually(&stat, || match std::fs::read_to_string(&stat) {
        Ok(stat) => is_zombie_of_another(&stat),
        Err(_) => true,
    });
}

fn is_zombie_of_another(stat: &str) -> bool {
    let own = std::process::id().to_string();
    matches!(state_and_parent(stat), Some(("Z", parent)) if parent != own)
}

/// Reads `pid (name) state parent …`, in which the name may hold anything.
pub(crate) fn state_and_parent(stat: &str) -> Option<(&str, &str)> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut words = rest.split(' ');
    Some((words.next()?, words.next()?))
}

/// Octets that repeat themselves late: a part in the wrong place is seen.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut octets = Vec::with_capacity(len + 8);
    while octets.len() < len {
        octets.extend_from_slice(&next());
    }
    octets.truncate(len);
    octets
}
