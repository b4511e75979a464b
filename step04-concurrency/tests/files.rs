//! Files under every server of the ladder.

use concurrency::{Beneath, Cache, Health, SERVERS};
use socket::Stop;
use static_files::{AccessLog, Config, Files, Handler, LogFormat};
use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(20);

/// A folder of its own, gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("step04-{}-{name}", std::process::id()));
        fs::create_dir(&path).expect("the folder for temporary files is writable");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Left behind, it harms nothing but tidiness.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Stops a server also when a test has failed beside it, which would wait for it for ever.
struct StopAtEnd<'s>(&'s Stop);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

fn for_every_server(files: &dyn Handler, check: impl Fn(&str, SocketAddr)) {
    for_every_server_with(files, Config::default(), check);
}

fn for_every_server_with(files: &dyn Handler, config: Config, check: impl Fn(&str, SocketAddr)) {
    for (name, serve) in SERVERS {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let addr = listener.local_addr().expect("it is bound");
        let stop = Stop::new();
        thread::scope(|scope| {
            let server = scope.spawn(|| serve(&listener, files, &config, &stop));
            let stopping = StopAtEnd(&stop);
            check(name, addr);
            drop(stopping);
            let ended = server.join().expect("no panic");
            ended.expect("an orderly end");
        });
    }
}

/// One GET on a connection of its own; everything that came back.
fn get(addr: SocketAddr, target: &str, fields: &str) -> Vec<u8> {
    let mut client = TcpStream::connect(addr).expect("it listens");
    client.set_read_timeout(Some(DEADLINE)).expect("a deadline");
    let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{fields}\r\n");
    client
        .write_all(request.as_bytes())
        .expect("the server reads");
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).expect("an orderly end");
    answer
}

fn halves(answer: &[u8]) -> (&str, &[u8]) {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, content) = answer.split_at(end.expect("a head") + 4);
    (std::str::from_utf8(head).expect("ASCII"), content)
}

#[test]
fn parts_of_a_file_large_and_small_leave_in_their_order() {
    let folder = Folder::new("parts");
    let all: Vec<u8> = (0..400_000_u32).flat_map(u32::to_le_bytes).collect();
    fs::write(folder.0.join("big.bin"), &all).expect("there is room");
    let files = Files::new(&folder.0).expect("a folder");
    for_every_server(&files, |name, addr| {
        let ranges = "Range: bytes=1000000-1599999,0-9,20-900019\r\n";
        let answer = get(addr, "/big.bin", ranges);
        let (head, content) = halves(&answer);
        assert!(head.starts_with("HTTP/1.1 206 "), "{name}: {head}");
        let length = format!("\r\nContent-Length: {}\r\n", content.len());
        assert!(head.contains(&length), "{name}: {head}");
        let (_, boundary) = head.split_once("boundary=").expect("a boundary");
        let boundary = &boundary[..32];
        let mut expected = Vec::new();
        for (first, end) in [(1_000_000, 1_600_000), (0, 10), (20, 900_020)] {
            let before = if first == 1_000_000 { "" } else { "\r\n" };
            let line = format!(
                "{before}--{boundary}\r\nContent-Type: application/octet-stream\r\n\
                 Content-Range: bytes {first}-{}/1600000\r\n\r\n",
                end - 1
            );
            expected.extend_from_slice(line.as_bytes());
            expected.extend_from_slice(&all[first..end]);
        }
        expected.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        assert!(content == expected, "{name}: {} octets", content.len());
    });
}

/// What becomes of a client that has its answer and says something more.
#[derive(Debug, PartialEq, Eq)]
enum Then {
    /// It is answered by a reset: the server has closed.
    LetGo,
    /// The server takes it, for as long as it lingers.
    ListenedTo,
}

#[track_caller]
fn check_leaving(server: &str, addr: SocketAddr, said: &str, expected: Then) {
    let mut client = TcpStream::connect(addr).expect("it listens");
    client.set_read_timeout(Some(DEADLINE)).expect("a deadline");
    client.write_all(said.as_bytes()).expect("the server reads");
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).expect("an orderly end");
    let until = Instant::now()
        + match expected {
            Then::LetGo => DEADLINE,
            Then::ListenedTo => Duration::from_millis(50),
        };
    let mut then = Then::ListenedTo;
    while then == Then::ListenedTo && Instant::now() < until {
        if client.write_all(b"x").is_err() {
            then = Then::LetGo;
        }
    }
    assert_eq!(then, expected, "{server}: {said:?}");
}

#[test]
fn who_has_said_all_is_let_go_and_anybody_else_is_listened_to() {
    let folder = Folder::new("let-go");
    fs::write(folder.0.join("file"), "content").expect("there is room");
    fs::write(folder.0.join("large"), vec![b'x'; 100_000]).expect("there is room");
    let files = Files::new(&folder.0).expect("a folder");
    let mut config = Config::default();
    // No machine is so busy that it ends before the client has seen it.
    config.timeouts.linger = DEADLINE;
    for_every_server_with(&files, config, |name, addr| {
        let check = |said: &str, then| check_leaving(name, addr, said, then);
        let close = "HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
        check(&format!("GET /file {close}\r\n"), Then::LetGo);
        check(&format!("GET /large {close}\r\n"), Then::LetGo);
        check(&format!("HEAD /file {close}\r\n"), Then::LetGo);
        let not_modified = format!("GET /file {close}If-None-Match: *\r\n\r\n");
        check(&not_modified, Then::LetGo);
        check("GET /file HTTP/1.0\r\n\r\n", Then::LetGo);

        let pipelined = format!("GET /file {close}\r\nGET /");
        check(&pipelined, Then::ListenedTo);
        let not_read = format!("POST /file {close}Content-Length: 9\r\n\r\nabc");
        check(&not_read, Then::ListenedTo);
        let refused = format!("GET /file {close} folded\r\n\r\n");
        check(&refused, Then::ListenedTo);
    });
}

#[test]
fn what_the_kernel_still_has_to_send_survives_the_close() {
    let folder = Folder::new("slow");
    let all: Vec<u8> = (0..2 << 20).flat_map(u32::to_le_bytes).collect();
    // One that the kernel takes at once, of which the client's side holds a part, and one that it does
    // not take at once.
    for (name, octets) in [("taken", 500_000), ("large", all.len())] {
        fs::write(folder.0.join(name), &all[..octets]).expect("there is room");
    }
    let files = Files::new(&folder.0).expect("a folder");
    for_every_server(&files, |name, addr| {
        for (target, octets) in [("/taken", 500_000), ("/large", all.len())] {
            let mut client = TcpStream::connect(addr).expect("it listens");
            client.set_read_timeout(Some(DEADLINE)).expect("a deadline");
            let request = format!("GET {target} HTTP/1.0\r\n\r\n");
            let sent = client.write_all(request.as_bytes());
            sent.expect("the server reads");
            if target == "/taken" {
                // Who is served behind it shows that the server is done with it.
                get(addr, "/taken", "");
            }
            let (mut answer, mut sip) = (Vec::new(), [0; 1024]);
            loop {
                match client.read(&mut sip).expect("an orderly end") {
                    0 => break,
                    n => answer.extend_from_slice(&sip[..n]),
                }
            }
            let (_, content) = halves(&answer);
            let came = content.len();
            assert!(content == &all[..octets], "{name}{target}: {came} octets");
        }
    });
}

#[test]
fn a_cache_keeps_a_file_and_its_siblings_together() {
    let folder = Folder::new("siblings");
    for (name, content) in [("page.html", "page"), ("page.html.br", "brotli")] {
        fs::write(folder.0.join(name), content).expect("there is room");
    }
    let beneath = Beneath::new(&folder.0).expect("a folder");
    let cache = Cache::new(move |path: &_| beneath.find(path));
    let files = Files::new(&folder.0).expect("a folder");
    let files = files.looking_up(Box::new(move |path| cache.find(path)));
    for_every_server(&files, |name, addr| {
        let accepted = [("gzip, br", "brotli"), ("gzip", "page"), ("br", "brotli")];
        for (accept, expected) in accepted {
            let fields = format!("Accept-Encoding: {accept}\r\n");
            let answer = get(addr, "/page.html", &fields);
            let (head, content) = halves(&answer);
            assert_eq!(content, expected.as_bytes(), "{name}: {head}");
            assert!(
                head.contains("\r\nVary: Accept-Encoding\r\n"),
                "{name}: {head}"
            );
        }
    });
}

/// A log's output that a test can read.
struct Lines(Sender<String>);

impl Write for Lines {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        for line in String::from_utf8_lossy(octets).lines() {
            self.0.send(line.to_owned()).map_err(io::Error::other)?;
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn each_response_has_its_line_in_the_log_whoever_serves() {
    let folder = Folder::new("log");
    fs::write(folder.0.join("small"), "x".repeat(1000)).expect("there is room");
    fs::write(folder.0.join("large"), "x".repeat(1_000_000)).expect("there is room");
    let files = Files::new(&folder.0).expect("a folder");
    let (tell, lines) = channel();
    let log = AccessLog::new(LogFormat::Combined, Lines(tell), io::sink()).expect("a thread");
    let stop = Stop::new();
    for_every_server(&Health::new(&log.around(&files), &stop), |name, addr| {
        for (target, told) in [
            ("/small", "\"GET /small HTTP/1.1\" 200 1000 "),
            ("/large", "\"GET /large HTTP/1.1\" 200 1000000 "),
            ("/a b", "\"-\" 400 "),
        ] {
            // A probe, which has none.
            get(addr, "/.health", "");
            get(addr, target, "");
            let line = lines.recv_timeout(DEADLINE).expect("a line");
            assert!(line.contains(told), "{name}: {line}");
        }
    });
    drop(log);
    assert_eq!(lines.iter().count(), 0);
}
