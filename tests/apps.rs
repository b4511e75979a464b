//! The finished server in front of the applications of the world, as their users run them.

#[path = "apps/php.rs"]
mod php;
#[path = "apps/uwsgi.rs"]
mod uwsgi;

use check::{Asked, Client, Executable};
use std::io;
use std::net::SocketAddr;
use std::path::Path;

/// A response: its status, its fields as they came, and its content.
struct Response {
    status: u16,
    head: String,
    text: String,
}

/// The finished server over `root`, with these options.
fn gateway(root: &Path, options: &[&str]) -> io::Result<Executable> {
    let program = check::binary::gateway(check::binary::Profile::Dev);
    let program = program.map_err(io::Error::other)?;
    let mut words = vec![program.to_str().unwrap_or_default(), "{root}"];
    words.extend(["--listen", "{addr}"]);
    words.extend(options);
    Executable::start(&words, root, None)
}

/// Asks once; `head` is without its last empty line.
#[track_caller]
fn ask(server: SocketAddr, head: &str, body: &[u8]) -> Response {
    let mut client = Client::connect(server).expect("it listens");
    let head = format!("{head}\r\nHost: shop.example\r\nConnection: close\r\n\r\n");
    let request = [head.as_bytes(), body].concat();
    client.send(&request).expect("it reads");
    let answer = client.read_answer(Asked::Other).expect("it answers");
    Response {
        status: answer.status,
        head: String::from_utf8_lossy(&answer.masked_head()).into_owned(),
        text: String::from_utf8_lossy(&answer.content).into_owned(),
    }
}

#[track_caller]
fn get(server: SocketAddr, path: &str) -> Response {
    ask(server, &format!("GET {path} HTTP/1.1"), b"")
}

/// Whether the answer to a GET ends before its framing says so.
#[track_caller]
fn is_cut_short(server: SocketAddr, path: &str) -> bool {
    let mut client = Client::connect(server).expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: shop.example\r\n\r\n");
    client.send(request.as_bytes()).expect("it reads");
    client.read_answer(Asked::Other).is_err()
}
