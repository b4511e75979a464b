//! Chapter 2.1, bytes to request: a request ends where what has come ends with an empty line.

use std::io::{self, Read};

// ANCHOR: main
fn main() -> io::Result<()> {
    let mut input = io::stdin().lock();
    let mut seen = Vec::new();
    let mut buf = [0; 16 * 1024];
    loop {
        let n = input.read(&mut buf)?;
        if n == 0 {
            println!("the input ends, {} octets are no request", seen.len());
            return Ok(());
        }
        println!("read {n} octets");
        seen.extend_from_slice(&buf[..n]);
        if let Some(end) = head_end(&seen) {
            println!("a request of {end} octets");
            seen.drain(..end);
        }
    }
}
// ANCHOR_END: main

// ANCHOR: head_end
/// Where the head at the front of `seen` ends, if all of it is there.
fn head_end(seen: &[u8]) -> Option<usize> {
    seen.ends_with(b"\r\n\r\n").then_some(seen.len())
}
// ANCHOR_END: head_end
