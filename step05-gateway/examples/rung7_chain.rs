//! Chapter 5.7, the chain as a target: a server that believes anything, to stand behind another.
//!
//! ```text
//! cargo run -p step05-gateway --example rung7_chain -- 127.0.0.1:7067
//! cargo run -p step05-gateway -- . --proxy /=http://127.0.0.1:7067
//! ```
//!
//! It prints how it was asked, one line for each request. Whatever is in doubt it takes as an
//! attacker hopes. A request for `/slow` is read and never answered.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// How the content of a request ends, in the opinion of this server.
enum Framing {
    Length(u64),
    Chunks,
}

fn main() -> io::Result<()> {
    let addr = std::env::args().nth(1);
    let listener = TcpListener::bind(addr.as_deref().unwrap_or("127.0.0.1:7067"))?;
    println!("believing everything");
    loop {
        let (stream, _) = listener.accept()?;
        thread::Builder::new().spawn(|| {
            if let Err(error) = converse(stream) {
                println!("the connection ended: {error}");
            }
        })?;
    }
}

// ANCHOR: converse
/// Answers requests until the connection ends.
fn converse(stream: TcpStream) -> io::Result<()> {
    let mut input = BufReader::new(&stream);
    while let Some(line) = line(&mut input)? {
        let framing = framing(&mut input)?;
        let content = content(&mut input, framing)?;
        println!("{line} ({content} octets of content)");
        if line.contains(" /slow ") {
            io::copy(&mut input, &mut io::sink())?;
            println!("nobody waits for {line}");
            return Ok(());
        }
        (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nheard\n")?;
    }
    Ok(())
}

/// Looks for the two words that matter, and not at what stands around them.
fn framing(input: &mut impl BufRead) -> io::Result<Framing> {
    let mut framing = Framing::Length(0);
    while let Some(field) = line(input)?.filter(|field| !field.is_empty()) {
        let field = field.to_ascii_lowercase();
        if field.starts_with("transfer-encoding") && field.contains("chunked") {
            framing = Framing::Chunks;
        } else if let (Some(length), Framing::Length(_)) =
            (field.strip_prefix("content-length:"), &framing)
        {
            framing = Framing::Length(length.trim().parse().unwrap_or(0));
        }
    }
    Ok(framing)
}
// ANCHOR_END: converse

/// Reads content to its end and counts it.
fn content(input: &mut impl BufRead, framing: Framing) -> io::Result<u64> {
    let skip = |input: &mut dyn BufRead, len| io::copy(&mut input.take(len), &mut io::sink());
    let mut octets = 0;
    match framing {
        Framing::Length(length) => return skip(input, length),
        Framing::Chunks => {
            while let Some(size) = line(input)? {
                let size = u64::from_str_radix(&size, 16).unwrap_or(0);
                octets += skip(input, size)?;
                line(input)?;
                if size == 0 {
                    break;
                }
            }
        }
    }
    Ok(octets)
}

/// The next line, without its end; `None` when nothing more will come.
fn line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    let count = input.read_line(&mut line)?;
    Ok((count > 0).then(|| line.trim_end().to_owned()))
}
