//! The framing around chunks: the line with the size before one, the line end after it.
//!
//! ```text
//!   1A ;name="value" \r\n   26 octets   \r\n
//!   ^size ^extension                     ^end
//! ```
//!
//! The size is read to the letter. `0x1A`, `+1A`, ` 1A` and `1A ` are refused, and so is a size
//! that overflows: whoever reads one of them as another number sees another message.

use crate::Fault;
use crate::bytes::is_field_vchar;
use crate::scan::{Stop, line_end, within};

/// A chunk-size line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SizeLine {
    /// Octets of content that follow; 0 for the last chunk.
    pub(crate) size: u64,
    /// Octets of the size itself.
    pub(crate) digits: usize,
    /// Octets of the extensions.
    pub(crate) extensions: usize,
    /// Octets of the whole line, with its end.
    pub(crate) len: usize,
}

/// Reads `chunk-size [ chunk-ext ] CRLF`, of at most `limit` octets without its CR LF.
///
/// Source: RFC 9112 §7.1
pub(crate) fn size_line(front: &[u8], limit: usize) -> Result<SizeLine, Stop> {
    let reach = limit.saturating_add(CRLF_LEN);
    within(front, reach, (Fault::ChunkLineTooLong, limit), read)
}

const CRLF_LEN: usize = 2;

fn read(line: &[u8]) -> Result<SizeLine, Stop> {
    let (size, digits) = size(line)?;
    let len = extension(line, digits)?;
    let extensions = len - digits - CRLF_LEN;
    Ok(SizeLine {
        size,
        digits,
        extensions,
        len,
    })
}

/// As many hexadecimal digits as fill 64 bits; more are refused even if the first are zeros.
const MAX_SIZE_DIGITS: usize = 16;

/// Reads the digits at the front; returns their value and number.
// ANCHOR: size
fn size(line: &[u8]) -> Result<(u64, usize), Stop> {
    let mut size = 0;
    for (index, octet) in line.iter().enumerate() {
        let digit = match octet {
            b'0'..=b'9' => octet - b'0',
            b'a'..=b'f' => octet - b'a' + 10,
            b'A'..=b'F' => octet - b'A' + 10,
            _ if index == 0 => return Stop::refuse(Fault::ChunkSize, 0),
            _ => return Ok((size, index)),
        };
        if index == MAX_SIZE_DIGITS {
            return Stop::refuse(Fault::ChunkSizeTooLarge, index);
        }
        size = size << 4 | u64::from(digit);
    }
    Err(Stop::Partial)
}
// ANCHOR_END: size

/// Skips `*( BWS ";" … )` that begins at `start`, and returns the length of the whole line.
///
/// Whitespace alone is refused: it may stand before the semicolon of an extension only.
fn extension(line: &[u8], start: usize) -> Result<usize, Stop> {
    let mut named = false;
    for (at, octet) in line.iter().enumerate().skip(start) {
        match octet {
            b'\r' if named || at == start => return line_end(line, at),
            b'\n' => return Stop::refuse(Fault::BareLf, at),
            b';' => named = true,
            b' ' | b'\t' => {}
            octet if named && is_field_vchar(*octet) => {}
            _ if named => return Stop::refuse(Fault::ChunkExtension, at),
            _ => return Stop::refuse(Fault::ChunkSize, at),
        }
    }
    Err(Stop::Partial)
}

/// Demands the CR LF after a chunk's content.
pub(crate) fn end(front: &[u8]) -> Result<usize, Stop> {
    match front {
        [b'\r', b'\n', ..] => Ok(2),
        [] | [b'\r'] => Err(Stop::Partial),
        [b'\r', ..] => Stop::refuse(Fault::ChunkEnd, 1),
        _ => Stop::refuse(Fault::ChunkEnd, 0),
    }
}
