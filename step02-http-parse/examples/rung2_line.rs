//! Chapter 2.2, the request line: one a line, and which file it would open, in three orders.

use std::io;

/// A target as we look for its file: the path's parts, or why it is refused.
type File = Result<Vec<Vec<u8>>, &'static str>;

fn main() -> io::Result<()> {
    let file = match std::env::args().nth(1).as_deref() {
        Some("decode") => decode_split_check,
        Some("split") => split_decode_check,
        _ => check_decode_split,
    };
    for line in io::stdin().lines() {
        let line = line?;
        match line.split_whitespace().nth(1).map(str::as_bytes).map(file) {
            Some(Ok(parts)) => println!("open {}", shown(&parts)),
            Some(Err(reason)) => println!("refused: {reason}"),
            None => println!("refused: no target"),
        }
    }
    Ok(())
}

// ANCHOR: check_decode_split
fn check_decode_split(target: &[u8]) -> File {
    check(target)?;
    Ok(split(&decode(target)))
}
// ANCHOR_END: check_decode_split

// ANCHOR: decode_split_check
fn decode_split_check(target: &[u8]) -> File {
    let parts = split(&decode(target));
    parts.iter().try_for_each(|part| check(part))?;
    Ok(parts)
}
// ANCHOR_END: decode_split_check

// ANCHOR: split_decode_check
fn split_decode_check(target: &[u8]) -> File {
    let parts: Vec<_> = split(target).iter().map(|part| decode(part)).collect();
    parts.iter().try_for_each(|part| check(part))?;
    Ok(parts)
}
// ANCHOR_END: split_decode_check

// ANCHOR: split_check
/// The parts of the path between its slashes; what follows a `?` is no path.
fn split(target: &[u8]) -> Vec<Vec<u8>> {
    let path = target.split(|octet| *octet == b'?').next();
    let parts = path.unwrap_or_default().split(|octet| *octet == b'/');
    parts.skip(1).map(<[u8]>::to_vec).collect()
}

fn check(path: &[u8]) -> Result<(), &'static str> {
    let mut parts = path.split(|octet| *octet == b'/');
    match parts.any(|part| part == b"..") {
        true => Err("it climbs out"),
        false => Ok(()),
    }
}
// ANCHOR_END: split_check

// ANCHOR: decode
fn decode(mut text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    while let [octet, rest @ ..] = text {
        let (octet, rest) = match text {
            [b'%', high, low, rest @ ..] => (hex(*high) << 4 | hex(*low), rest),
            _ => (*octet, rest),
        };
        decoded.push(octet);
        text = rest;
    }
    decoded
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20).wrapping_sub(b'a').wrapping_add(10),
    }
}
// ANCHOR_END: decode

fn shown(parts: &[Vec<u8>]) -> String {
    let parts = parts
        .iter()
        .map(|part| format!("\"{}\"", part.escape_ascii()));
    parts.collect::<Vec<_>>().join(" / ")
}
