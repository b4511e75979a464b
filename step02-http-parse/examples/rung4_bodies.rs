//! Chapter 2.4, bodies: counted or in chunks, with the numbers read as the library reads numbers.

use http_parse::{Limits, Parsed, RequestHead, parse_request_head};
use std::io::{self, BufRead, Read};

fn main() -> io::Result<()> {
    let mut input = io::stdin().lock();
    let head = head(&mut input)?;
    let content = match head.fields.get("Content-Length") {
        Some(length) => counted(&mut input, &String::from_utf8_lossy(length))?,
        None if head.fields.contains("Transfer-Encoding") => chunked(&mut input)?,
        None => Vec::new(),
    };
    println!("content  {}", content.escape_ascii());
    let mut next = Vec::new();
    input.read_to_end(&mut next)?;
    println!("and then {}", next.escape_ascii());
    Ok(())
}

fn head(input: &mut impl BufRead) -> io::Result<RequestHead> {
    let mut bytes = Vec::new();
    loop {
        if input.read_until(b'\n', &mut bytes)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let parsed = parse_request_head(&bytes, &Limits::default());
        if let Parsed::Complete(head, _) = parsed.map_err(invalid)? {
            return Ok(head);
        }
    }
}

// ANCHOR: counted
fn counted(input: &mut impl BufRead, length: &str) -> io::Result<Vec<u8>> {
    let mut content = vec![0; length.parse().map_err(invalid)?];
    input.read_exact(&mut content)?;
    Ok(content)
}
// ANCHOR_END: counted

// ANCHOR: chunked
fn chunked(input: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let mut line = String::new();
        input.read_line(&mut line)?;
        let size = usize::from_str_radix(line.trim(), 16).map_err(invalid)?;
        let mut chunk = vec![0; size];
        input.read_exact(&mut chunk)?;
        content.append(&mut chunk);
        input.read_line(&mut line)?;
        if size == 0 {
            return Ok(content);
        }
    }
}
// ANCHOR_END: chunked

fn invalid(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
