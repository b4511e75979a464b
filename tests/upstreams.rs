//! The finished server in front of the servers of the world: whatever HTTP they speak, and however
//! they end a response, a client gets it whole.
//!
//! ```text
//!     client ──► gateway --proxy /=http://… ──► nginx, Apache, lighttpd, Caddy, Node, Python, Java
//! ```

#[path = "upstreams/servers.rs"]
mod servers;

use check::binary::{Profile, gateway};
use check::needs::is_missing;
use check::{Answer, Asked, Client, Executable, TempFolder};
use servers::Server;
use std::io;

/// Octets of the file: more than any buffer on the way.
const LARGE: usize = 3_000_000;

fn content() -> Vec<u8> {
    (0..LARGE).map(|at| b"0123456789abcdef"[at % 15]).collect()
}

fn folder() -> io::Result<TempFolder> {
    let folder = TempFolder::new()?;
    folder.write("root/small.txt", "hello, world")?;
    folder.write("root/large.bin", content())?;
    Ok(folder)
}

/// One request on a connection of its own.
#[track_caller]
fn ask(front: &Executable, request: &str) -> Answer {
    let mut client = Client::connect(front.addr()).expect("it listens");
    let request = format!("{request}\r\nHost: site.example\r\nConnection: close\r\n\r\n");
    client.send(request.as_bytes()).expect("the server reads");
    let asked = if request.starts_with("HEAD") {
        Asked::Head
    } else {
        Asked::Other
    };
    client.read_answer(asked).expect("an answer")
}

/// The finished server in front of another.
fn in_front_of(behind: &Executable, folder: &TempFolder) -> Executable {
    let program = gateway(Profile::Dev).expect("it is built");
    let program = program.to_str().expect("a plain path");
    let proxied = format!("/=http://{}", behind.addr());
    let words = [
        program,
        "{root}/root",
        "--listen",
        "{addr}",
        "--proxy",
        &proxied,
    ];
    Executable::start(&words, folder.path(), None).expect("the server starts")
}

/// Starts a server, and the finished server before it; checks what comes through.
fn check(server: &Server) {
    if is_missing(server.name, server.needs) {
        return;
    }
    let folder = folder().expect("a folder can be made");
    let behind = server.start(folder.path());
    let behind = behind.unwrap_or_else(|error| panic!("{}: {error}", server.name));
    let front = in_front_of(&behind, &folder);
    check_files(server.name, &front);
    if server.echoes {
        check_echo(server.name, &front);
    }
}

#[track_caller]
fn check_files(name: &str, front: &Executable) {
    // More than once, so that kept connections are used again.
    for _ in 0..3 {
        let small = ask(front, "GET /small.txt HTTP/1.1");
        assert_eq!(small.status, 200, "{name}");
        assert_eq!(small.content, b"hello, world", "{name}");
        assert!(small.field("Via").is_some(), "{name}");
        let large = ask(front, "GET /large.bin HTTP/1.1").content;
        assert!(large == content(), "{name}: {}", large.len());
        let none = ask(front, "GET /none HTTP/1.1");
        assert_eq!(none.status, 404, "{name}");
    }
    let head = ask(front, "HEAD /small.txt HTTP/1.1");
    assert_eq!((head.status, head.content.len()), (200, 0), "{name}");
    let old = ask(front, "GET /large.bin HTTP/1.0").content;
    assert!(old == content(), "{name} for HTTP/1.0: {}", old.len());
}

#[track_caller]
fn check_echo(name: &str, front: &Executable) {
    let chunks = "b\r\nhello again\r\n0\r\n\r\n";
    for (framing, sent) in [
        ("Content-Length: 11", "hello again"),
        ("Transfer-Encoding: chunked", chunks),
    ] {
        let mut client = Client::connect(front.addr()).expect("it listens");
        let request = format!("POST /echo HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n{sent}");
        client.send(request.as_bytes()).expect("the server reads");
        let echo = client.read_answer(Asked::Other).expect("an answer");
        assert_eq!(echo.content, b"hello again", "{name}: {framing}");
    }
}

#[test]
fn servers_of_files_are_handed_on_whole() {
    servers::of_files().iter().for_each(check);
}

#[test]
fn applications_are_handed_on_whole() {
    servers::of_applications().iter().for_each(check);
}

#[test]
fn a_changed_protocol_is_nodes_as_well() {
    let name = "a tunnel to Node";
    if is_missing(name, &["node"]) {
        return;
    }
    let folder = folder().expect("a folder can be made");
    let applications = servers::of_applications();
    let node = applications.iter().find(|server| server.needs == ["node"]);
    let node = node
        .expect("it is in the table")
        .start(folder.path())
        .expect("it starts");
    let front = in_front_of(&node, &folder);
    let mut client = Client::connect(front.addr()).expect("it listens");
    client
        .send(
            b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
              Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        .expect("the server reads");
    let mut seen = Vec::new();
    while !seen.windows(4).any(|four| four == b"\r\n\r\n") {
        seen.extend(client.read_piece().expect("an answer"));
    }
    let head = String::from_utf8_lossy(&seen).into_owned();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    // What RFC 6455 §1.3 computes from that key.
    assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
    // A masked text frame, "Hello" (RFC 6455 §5.7), and the unmasked one that echoes it.
    client
        .send(&[
            0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
        ])
        .expect("the server reads");
    let mut frame = Vec::new();
    while frame.len() < 7 {
        frame.extend(client.read_piece().expect("a frame"));
    }
    assert_eq!(frame, b"\x81\x05Hello");
}
