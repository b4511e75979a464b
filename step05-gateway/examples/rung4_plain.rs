//! Chapter 5.4, plainer wires: an application behind SCGI, which prints what it is asked.
//!
//! ```text
//! cargo run -p step05-gateway --example rung4_plain -- 127.0.0.1:7064
//! cargo run -p step05-gateway -- . --scgi /app=127.0.0.1:7064
//! ```
//!
//! One request for each connection, one after the other. With `?die` it leaves in the middle of its
//! page, and with `?promise` it has said before how long the page would be.

use std::io::{self, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

fn main() -> io::Result<()> {
    let addr = std::env::args().nth(1);
    let listener = TcpListener::bind(addr.as_deref().unwrap_or("127.0.0.1:7064"))?;
    println!("waiting for requests");
    loop {
        let (stream, _) = listener.accept()?;
        if let Err(error) = answer(&stream) {
            println!("the connection ended: {error}");
        }
    }
}

// ANCHOR: answer
/// Hears one request, answers it, and leaves: that is the end of the answer.
fn answer(mut stream: &TcpStream) -> io::Result<()> {
    let mut input = BufReader::new(stream);
    let variables = netstring(&mut input)?;
    let length = value(&variables, "CONTENT_LENGTH").and_then(|digits| digits.parse().ok());
    let length = length.unwrap_or(0);
    println!(
        "{} octets of variables, {length} of content",
        variables.len()
    );
    io::copy(&mut input.take(length), &mut io::sink())?;
    let page = "this is the first line\nand this is the second\n";
    writeln!(stream, "Content-Type: text/plain")?;
    match value(&variables, "QUERY_STRING") {
        Some("die") => write!(stream, "\n{}", &page[..11]),
        Some("promise") => {
            let length = page.len();
            write!(stream, "Content-Length: {length}\n\n{}", &page[..11])
        }
        Some(_) | None => write!(stream, "\n{page}"),
    }
}

/// `5:hello,` is `hello`.
fn netstring(input: &mut impl Read) -> io::Result<String> {
    let mut length = 0;
    loop {
        let mut octet = [0];
        input.read_exact(&mut octet)?;
        match octet[0] {
            digit @ b'0'..=b'9' => length = length * 10 + u64::from(digit - b'0'),
            _ => break,
        }
    }
    let mut text = String::new();
    input.take(length).read_to_string(&mut text)?;
    input.read_exact(&mut [0])?;
    Ok(text)
}
// ANCHOR_END: answer

/// The value of a variable: names and values take turns, each with a NUL behind it.
fn value<'v>(variables: &'v str, wanted: &str) -> Option<&'v str> {
    let mut parts = variables.split('\0');
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        if name == wanted {
            return Some(value);
        }
    }
    None
}
