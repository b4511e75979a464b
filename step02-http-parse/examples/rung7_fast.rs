//! Chapter 2.7, how fast: loops that find the end of a field value, each faster than the last.

use http_parse::is_field_vchar;
use std::io::{self, Read};

/// Tells after how many octets a field value ends.
pub(crate) type EndOfValue = fn(&[u8]) -> usize;

/// The loops in the order of the chapter; one of them is wrong.
pub(crate) const LOOPS: [(&str, EndOfValue); 5] = [
    ("naive", naive),
    ("table", table),
    ("hasty", hasty),
    ("words", words),
    ("blocks", blocks),
];

fn main() -> io::Result<()> {
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)?;
    for (name, end_of_value) in LOOPS {
        println!("{name:7} stops after {} octets", end_of_value(&bytes));
    }
    Ok(())
}

// ANCHOR: naive
fn naive(bytes: &[u8]) -> usize {
    let end = bytes
        .iter()
        .position(|octet| matches!(octet, 0..=8 | 10..=31 | 127));
    end.unwrap_or(bytes.len())
}
// ANCHOR_END: naive

// ANCHOR: table
fn table(bytes: &[u8]) -> usize {
    let end = bytes.iter().position(|octet| !is_field_vchar(*octet));
    end.unwrap_or(bytes.len())
}
// ANCHOR_END: table

const LOWEST: u64 = u64::from_ne_bytes([1; 8]);
const HIGHEST: u64 = LOWEST << 7;

// ANCHOR: hasty
fn hasty(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(word) = bytes[at..].first_chunk() {
        let below = u64::from_le_bytes(*word).wrapping_sub(LOWEST * 0x20) & HIGHEST;
        match below.trailing_zeros() {
            u64::BITS => at += 8,
            bits => return at + (bits / 8) as usize,
        }
    }
    at + table(&bytes[at..])
}
// ANCHOR_END: hasty

// ANCHOR: words
fn words(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(octets) = bytes[at..].first_chunk() {
        let word = u64::from_le_bytes(*octets);
        let below = word.wrapping_sub(LOWEST * 0x20) & !word;
        let unlike_del = word ^ (LOWEST * 0x7f);
        let del = unlike_del.wrapping_sub(LOWEST) & !unlike_del;
        let odd = (below | del) & HIGHEST;
        if odd == 0 {
            at += 8;
            continue;
        }
        at += (odd.trailing_zeros() / 8) as usize;
        if !is_field_vchar(bytes[at]) {
            return at;
        }
        at += 1;
    }
    at + table(&bytes[at..])
}
// ANCHOR_END: words

// ANCHOR: blocks
fn blocks(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(block) = bytes[at..].first_chunk::<16>()
        && block.iter().fold(0, |odd, octet| {
            odd | u8::from(*octet < 0x20) | u8::from(*octet == 0x7f)
        }) == 0
    {
        at += 16;
    }
    at + words(&bytes[at..])
}
// ANCHOR_END: blocks
