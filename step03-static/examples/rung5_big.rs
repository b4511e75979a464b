//! Chapter 3.5, big files and small memory: one file for every guest, in two ways.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::{env, process};

/// Octets that are in our memory at once.
const PIECE: usize = 64 * 1024;

fn main() -> io::Result<()> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:7038".to_owned());
    let path = env::args().nth(2).unwrap_or("Cargo.lock".to_owned());
    let send = match env::args().nth(3).as_deref() {
        Some("copy") => copy,
        _ => pieces,
    };
    let listener = TcpListener::bind(addr)?;
    println!("process {}", process::id());
    println!("listening on {}", listener.local_addr()?);
    for stream in listener.incoming() {
        match stream.and_then(|stream| answer(&stream, &path, send)) {
            Ok(sent) => println!("sent {sent} octets"),
            Err(error) => println!("cut off: {error}"),
        }
    }
    Ok(())
}

/// Sends that many octets of a file.
type Send = fn(&str, u64, &TcpStream) -> io::Result<u64>;

// ANCHOR: answer
fn answer(mut stream: &TcpStream, path: &str, send: Send) -> io::Result<u64> {
    let request = BufReader::new(stream);
    // Any request will do, as long as it ends.
    for line in request.lines() {
        if line?.is_empty() {
            break;
        }
    }
    let len = fs::metadata(path)?.len();
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n")?;
    send(path, len, stream)
}
// ANCHOR_END: answer

// ANCHOR: copy
fn copy(path: &str, _: u64, mut stream: &TcpStream) -> io::Result<u64> {
    io::copy(&mut File::open(path)?, &mut stream)
}
// ANCHOR_END: copy

// ANCHOR: pieces
fn pieces(path: &str, len: u64, mut stream: &TcpStream) -> io::Result<u64> {
    let file = File::open(path)?;
    let mut buf = [0; PIECE];
    let mut at = 0;
    while at < len {
        let most = usize::try_from(len - at).map_or(PIECE, |left| left.min(PIECE));
        let n = file.read_at(&mut buf[..most], at)?;
        if n == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        stream.write_all(&buf[..n])?;
        at += n as u64;
    }
    Ok(at)
}
// ANCHOR_END: pieces
