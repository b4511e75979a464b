//! Chapter 5.3, keep the process: an application behind FastCGI, which prints every record it hears.
//!
//! ```text
//! cargo run -p step05-gateway --example rung3_keep -- 127.0.0.1:7063
//! cargo run -p step05-gateway -- . --fastcgi /app=127.0.0.1:7063
//! ```
//!
//! It is the other end of what `fastcgi.rs` does, as short as it can be: it believes what it hears,
//! which only an application may that listens to one server alone.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

const BEGIN_REQUEST: u8 = 1;
const END_REQUEST: u8 = 3;
const PARAMS: u8 = 4;
const STDIN: u8 = 5;
const STDOUT: u8 = 6;

static VISITS: AtomicU32 = AtomicU32::new(0);

fn main() -> io::Result<()> {
    let addr = std::env::args().nth(1);
    let listener = TcpListener::bind(addr.as_deref().unwrap_or("127.0.0.1:7063"))?;
    println!("waiting for requests");
    loop {
        let (stream, _) = listener.accept()?;
        println!("a connection");
        thread::Builder::new().spawn(|| {
            if let Err(error) = answer_requests(stream) {
                println!("the connection ended: {error}");
            }
        })?;
    }
}

// ANCHOR: answer_requests
/// Reads records and answers each request when it is complete, until the connection ends.
fn answer_requests(mut stream: TcpStream) -> io::Result<()> {
    let mut params = Vec::new();
    loop {
        let mut header = [0; 8];
        stream.read_exact(&mut header)?;
        let [_, kind, _, _, high, low, padding, _] = header;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let mut content = vec![0; length + usize::from(padding)];
        stream.read_exact(&mut content)?;
        content.truncate(length);
        println!("{} of {length} octets", name(kind));
        match kind {
            PARAMS => params.append(&mut content),
            STDIN if length == 0 => answer(&mut stream, &std::mem::take(&mut params))?,
            _ => {}
        }
    }
}
// ANCHOR_END: answer_requests

fn name(kind: u8) -> &'static str {
    match kind {
        BEGIN_REQUEST => "BEGIN_REQUEST",
        PARAMS => "PARAMS",
        STDIN => "STDIN",
        _ => "something else",
    }
}

// ANCHOR: answer
/// Answers as a CGI program would, in records.
fn answer(stream: &mut TcpStream, params: &[u8]) -> io::Result<()> {
    let visit = VISITS.fetch_add(1, Ordering::Relaxed) + 1;
    let path = value(params, b"PATH_INFO").unwrap_or_default();
    let path = path.escape_ascii();
    let page = format!("Content-Type: text/plain\n\nvisit {visit}, to {path}\n");
    stream.write_all(&record(STDOUT, page.as_bytes()))?;
    if value(params, b"QUERY_STRING") == Some(b"die") {
        return Err(io::Error::other("as it was asked to"));
    }
    stream.write_all(&record(STDOUT, b""))?;
    stream.write_all(&record(END_REQUEST, &[0; 8]))
}
// ANCHOR_END: answer

fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("pages here are short");
    let [high, low] = length.to_be_bytes();
    [&[1, kind, 0, 1, high, low, 0, 0], content].concat()
}

/// The value of a variable.
fn value<'p>(params: &'p [u8], wanted: &[u8]) -> Option<&'p [u8]> {
    let mut rest = params;
    while !rest.is_empty() {
        let name = length(&mut rest)?;
        let value = length(&mut rest)?;
        let (pair, after) = rest.split_at_checked(name + value)?;
        if &pair[..name] == wanted {
            return Some(&pair[name..]);
        }
        rest = after;
    }
    None
}

/// A length: one octet below 128, otherwise four, of which the first bit says so.
fn length(rest: &mut &[u8]) -> Option<usize> {
    let (&first, after) = rest.split_first()?;
    if first < 128 {
        *rest = after;
        return Some(usize::from(first));
    }
    let (four, after) = rest.split_first_chunk()?;
    *rest = after;
    usize::try_from(u32::from_be_bytes(*four) & 0x7fff_ffff).ok()
}
