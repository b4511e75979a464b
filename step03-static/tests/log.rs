//! The access log of a blocking server.
#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

mod common;

use common::{PATIENCE, Server, TempDir};
use http_parse::RequestHead;
use static_files::{AccessLog, Files, Handler, LogFormat, Record, Reply, Request};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};

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

/// A handler that owns its log, so that both can move into the server's thread.
struct Site(Files, AccessLog);

impl Handler for Site {
    fn handle(&self, request: &Request) -> Reply {
        self.1.around(&self.0).handle(request)
    }

    fn record(&self, peer: SocketAddr, head: Option<&RequestHead>) -> Option<Record> {
        self.1.around(&self.0).record(peer, head)
    }
}

fn logged(folder: &TempDir) -> (Server, Receiver<String>) {
    let (tell, lines) = channel();
    let log = AccessLog::new(LogFormat::Combined, Lines(tell), io::sink()).unwrap();
    let files = Files::new(folder.path()).unwrap();
    (Server::start(Site(files, log)), lines)
}

#[track_caller]
fn check(lines: &Receiver<String>, expected: &str) {
    let line = lines.recv_timeout(PATIENCE).unwrap();
    assert!(line.starts_with("127.0.0.1 - - ["), "{line}");
    let (_, told) = line.split_once("] ").unwrap();
    let (told, seconds) = told.rsplit_once(' ').unwrap();
    assert_eq!(told, expected);
    assert!(seconds.parse::<f64>().unwrap() < 20.0, "{line}");
}

#[test]
fn each_response_has_one_line() {
    let folder = TempDir::new();
    folder.file("file", "0123456789");
    let (server, lines) = logged(&folder);
    let mut client = server.connect();
    client.send("GET /file HTTP/1.1\r\nHost: x\r\nUser-Agent: me\r\nReferer: http://a/\r\n\r\n");
    client.answer("GET").check(200, "0123456789");
    check(&lines, r#""GET /file HTTP/1.1" 200 10 "http://a/" "me""#);
    client.send("HEAD /file?q HTTP/1.1\r\nHost: x\r\n\r\n");
    client.answer("HEAD").check(200, "");
    check(&lines, r#""HEAD /file?q HTTP/1.1" 200 0 "-" "-""#);
    client.send("GET /file HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1,4-4\r\n\r\n");
    let parts = client.answer("GET");
    let octets = parts.body.len();
    check(
        &lines,
        &format!(r#""GET /file HTTP/1.1" 206 {octets} "-" "-""#),
    );
    client.send("GET /none HTTP/1.0\r\nUser-Agent: a\"b\\é\r\n\r\n");
    let octets = client.answer("GET").body.len();
    client.expect_end();
    check(
        &lines,
        &format!(r#""GET /none HTTP/1.0" 404 {octets} "-" "a\"b\\\xc3\xa9""#),
    );
}

#[test]
fn what_could_not_be_read_has_a_line_and_who_says_nothing_has_none() {
    let folder = TempDir::new();
    let (server, lines) = logged(&folder);
    drop(server.connect());
    let mut client = server.connect();
    client.send("nonsense\r\n\r\n");
    let octets = client.answer("GET").body.len();
    check(&lines, &format!(r#""-" 400 {octets} "-" "-""#));
    drop(client);
    drop(server);
    assert_eq!(lines.iter().count(), 0);
}
