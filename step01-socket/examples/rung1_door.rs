//! Chapter 1.1, a door and a queue: says hello to every guest and sends them away.

use std::io::{self, Write};
use std::net::TcpListener;

fn main() -> io::Result<()> {
    let addr = std::env::args().nth(1);
    let listener = TcpListener::bind(addr.as_deref().unwrap_or("127.0.0.1:7001"))?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (mut stream, peer) = listener.accept()?;
        println!("a guest came");
        writeln!(stream, "hello, {peer}")?;
    }
}
