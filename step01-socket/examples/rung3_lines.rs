//! Chapter 1.3, a stream has no messages: every line is answered with its length.

use socket::{Stop, accept_until};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};

fn main() -> io::Result<()> {
    let addr = std::env::args().nth(1);
    let listener = TcpListener::bind(addr.as_deref().unwrap_or("127.0.0.1:7003"))?;
    println!("listening on {}", listener.local_addr()?);
    accept_until(&listener, &Stop::new(), |stream| {
        println!("a guest came");
        match talk(&stream) {
            Ok(()) => println!("a guest left"),
            Err(error) => println!("a guest was lost: {error}"),
        }
    })
}

// ANCHOR: talk
fn talk(mut stream: &TcpStream) -> io::Result<()> {
    let mut buf = [0; 1024];
    loop {
        let n = stream.read(&mut buf)?;
        if n == 0 {
            return Ok(());
        }
        let answer = format!("a line of {} bytes\n", n - 1);
        stream.write_all(answer.as_bytes())?;
    }
}
// ANCHOR_END: talk
