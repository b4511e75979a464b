//! How records and what is in them are written down.

use super::{CONTENT, HEADER, REQUEST, VERSION};

pub(super) fn header(kind: u8, content: usize) -> [u8; HEADER] {
    let [id_high, id_low] = REQUEST.to_be_bytes();
    let len = u16::try_from(content).expect("content is cut to fit a record");
    let [high, low] = len.to_be_bytes();
    [VERSION, kind, id_high, id_low, high, low, 0, 0]
}

pub(super) fn record(kind: u8, content: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&header(kind, content.len()));
    out.extend_from_slice(content);
}

/// Octets of a stream in as many records as they need.
pub(super) fn stream(kind: u8, octets: &[u8], out: &mut Vec<u8>) {
    for content in octets.chunks(CONTENT) {
        record(kind, content, out);
    }
}

pub(super) fn push_pair(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    push_length(name.len(), out);
    push_length(value.len(), out);
    out.extend_from_slice(name);
    out.extend_from_slice(value);
}

/// The length of a name or value: one octet up to 127, four with the highest bit set beyond (§3.4).
pub(super) fn push_length(len: usize, out: &mut Vec<u8>) {
    match u8::try_from(len) {
        Ok(short) if short < 0x80 => out.push(short),
        Ok(_) | Err(_) => {
            let len = u32::try_from(len).expect("a request's head is limited");
            out.extend_from_slice(&(len | 1 << 31).to_be_bytes());
        }
    }
}
