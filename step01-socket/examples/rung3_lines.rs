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

fn talk(mut stream: &TcpStream) -> io::Result<()> {
    let mut buf = [0; 1024];
    loop {
        match stream.read(&mut buf)? {
            0 => return Ok(()),
            n => writeln!(stream, "a line of {} bytes", n - 1)?,
        }
    }
}
