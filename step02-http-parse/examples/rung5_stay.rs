//! Chapter 2.5, staying connected: a server that answers and stays, or that looks at heads alone.
#![expect(
    clippy::disallowed_types,
    reason = "the library does no I/O; somebody has to, and here it is we"
)]

use http_parse::{Connection, Limits, Next, Parsed, ResponseHead, Status, parse_request_head};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};

fn main() -> io::Result<()> {
    let addr = std::env::args().nth(1);
    let serve = match std::env::args().nth(2).as_deref() {
        Some("heads") => serve_heads,
        _ => serve_requests,
    };
    let listener = TcpListener::bind(addr.as_deref().unwrap_or("127.0.0.1:7035"))?;
    println!("listening on {}", listener.local_addr()?);
    for stream in listener.incoming() {
        println!("a guest came");
        match stream.and_then(|stream| serve(&stream)) {
            Ok(()) => println!("a guest left"),
            Err(error) => println!("a guest was lost: {}", error.kind()),
        }
    }
    Ok(())
}

// ANCHOR: heads
fn serve_heads(mut stream: &TcpStream) -> io::Result<()> {
    let mut seen = Vec::new();
    let mut buf = [0; 16 * 1024];
    loop {
        while let Ok(Parsed::Complete(head, length)) = parse_request_head(&seen, &Limits::default())
        {
            let page = page(head.target.path());
            let length_line = format!("Content-Length: {}", page.len());
            let answer = format!("HTTP/1.1 200 OK\r\n{length_line}\r\n\r\n{page}");
            stream.write_all(answer.as_bytes())?;
            seen.drain(..length);
        }
        match stream.read(&mut buf)? {
            0 => return Ok(()),
            n => seen.extend_from_slice(&buf[..n]),
        }
    }
}
// ANCHOR_END: heads

fn page(path: &[u8]) -> String {
    println!("asked for {}", path.escape_ascii());
    format!("you asked for {}\n", path.escape_ascii())
}

// ANCHOR: requests
fn serve_requests(mut stream: &TcpStream) -> io::Result<()> {
    let mut connection = Connection::new(&Limits::default());
    let mut answer = String::new();
    loop {
        let mut out = Vec::new();
        match connection.next() {
            Ok(Next::Head(head)) => {
                answer = page(head.target.path());
                connection.send_continue(&mut out);
            }
            Ok(Next::Body) => connection.consume(connection.body().len()),
            Ok(Next::End(_)) => respond(&mut connection, Status::OK, &answer, &mut out)?,
            Ok(Next::NeedBytes) => {
                let n = stream.read(connection.space())?;
                connection.received(n);
            }
            Ok(Next::Paused) if connection.next_request() => {}
            Ok(Next::Paused | Next::Closed) => return Ok(()),
            Err(reject) => {
                respond(
                    &mut connection,
                    reject.status,
                    reject.fault.explain(),
                    &mut out,
                )?;
                return stream.write_all(&out);
            }
        }
        stream.write_all(&out)?;
    }
}
// ANCHOR_END: requests

// ANCHOR: respond
fn respond(
    connection: &mut Connection,
    status: Status,
    page: &str,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let mut head = ResponseHead::new(status);
    let length = page.len().to_string();
    head.fields.push("Content-Length", &length);
    connection.start(&head, out);
    let sent = connection.send(page.as_bytes(), out);
    sent.and_then(|()| connection.finish(out))
        .map_err(io::Error::other)
}
// ANCHOR_END: respond
