//! The trace tells what the loop did, to those who ask for it, and not about them.

use concurrency::{Xray, event_loop};
use socket::Stop;
use static_files::{Config, Request, Response};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(20);

fn connect(addr: SocketAddr) -> TcpStream {
    let client = TcpStream::connect(addr).expect("it listens");
    client.set_read_timeout(Some(DEADLINE)).expect("a deadline");
    client
}

fn get(addr: SocketAddr, path: &str) -> String {
    let mut client = connect(addr);
    write!(
        client,
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    .expect("the server reads");
    let mut answer = String::new();
    client
        .read_to_string(&mut answer)
        .expect("an answer, whole");
    answer
}

/// Asks for the trace, and returns its lines as they come.
fn watch(addr: SocketAddr) -> impl Iterator<Item = String> {
    let mut client = connect(addr);
    // HTTP/1.0, so that the lines come without the frames of chunks.
    client
        .write_all(b"GET /.xray/trace HTTP/1.0\r\n\r\n")
        .expect("the server reads");
    let mut lines = BufReader::new(client)
        .lines()
        .map(|line| line.expect("the next line comes in time"));
    let status = lines.next().expect("a status line");
    assert!(status.contains(" 200 "), "{status}");
    let is_field = |line: &String| !line.is_empty();
    assert!(lines.by_ref().take_while(is_field).count() > 0);
    lines
}

/// The trace is that of the process, so tests must not run at once.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs `client` against a loop with the page before a handler that says hello.
fn with_server(client: impl Fn(SocketAddr)) {
    struct StopOnDrop<'s>(&'s Stop);
    impl Drop for StopOnDrop<'_> {
        fn drop(&mut self) {
            self.0.stop();
        }
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let addr = listener.local_addr().expect("it is bound");
    let hello = |_: &Request| Response::text("hello\n");
    let handler = Xray::new(&hello);
    let config = Config::default();
    let stop = Stop::new();
    thread::scope(|scope| {
        let server = scope.spawn(|| event_loop(&listener, &handler, &config, &stop));
        let guard = StopOnDrop(&stop);
        client(addr);
        drop(guard);
        server.join().expect("no panic").expect("a good end");
    });
}

/// The words of a line behind its time and loop.
fn words(line: &str) -> Vec<&str> {
    line.split(' ').skip(2).collect()
}

#[test]
fn a_request_is_told_from_accept_to_close() {
    with_server(|addr| {
        let mut lines = watch(addr);
        let mut until = |what: &str| {
            let mut told = Vec::new();
            for line in lines.by_ref() {
                let found = words(&line)[1] == what;
                told.push(line);
                if found {
                    break;
                }
            }
            told
        };
        let mut client = connect(addr);
        client.write_all(b"GET / HT").expect("the server reads");
        // Half of a head is there, and nothing can be done before the rest is.
        let mut told = until("in");
        client
            .write_all(b"TP/1.0\r\n\r\n")
            .expect("the server reads");
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("an answer");
        drop(client);
        told.extend(until("close"));

        let what: Vec<&str> = told.iter().map(|line| words(line)[1]).collect();
        for expected in ["wake", "open", "want", "timer", "wait", "ready"] {
            assert!(what.contains(&expected), "no {expected} in {told:#?}");
        }
        let all = |what: &str| -> Vec<&str> {
            let told = told.iter().map(|line| words(line));
            told.filter(|words| words[1] == what)
                .map(|words| words[2])
                .collect()
        };
        assert_eq!(all("state"), ["idle", "head", "send"], "{told:#?}");
        assert_eq!(all("in"), ["8", "10"], "{told:#?}");
        assert_eq!(all("out"), [answer.len().to_string()], "{told:#?}");
    });
}

/// If it did, each line would be the reason for a further one, for ever.
#[test]
fn the_watcher_is_not_told_about_itself() {
    with_server(|addr| {
        let lines = watch(addr);
        get(addr, "/");
        get(addr, "/");
        // The watcher gets octets all the time; only the two others may be said to.
        let mut told = lines.filter(|line| matches!(words(line)[1], "out" | "file" | "close"));
        let lanes: Vec<String> = told
            .by_ref()
            .filter(|line| words(line)[1] == "out")
            .take(2)
            .map(|line| words(&line)[0].to_owned())
            .collect();
        assert_ne!(lanes[0], lanes[1]);
        drop(connect(addr));
        let next = told.find(|line| !lanes.contains(&words(line)[0].to_owned()));
        assert_eq!(words(&next.expect("a line"))[1], "close");
    });
}

#[test]
fn the_page_comes_with_what_draws_it() {
    with_server(|addr| {
        for (path, media_type) in [
            ("/.xray/", "text/html"),
            ("/.xray/xray.js", "text/javascript"),
            ("/.xray/xray.css", "text/css"),
        ] {
            let answer = get(addr, path);
            assert!(answer.contains(" 200 "), "{path}: {answer}");
            assert!(answer.contains(media_type), "{path}: {answer}");
        }
        assert!(get(addr, "/.xray/other").contains(" 404 "));
        assert!(get(addr, "/.xray").ends_with("hello\n"));
    });
}
