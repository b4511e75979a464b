//! How far octets of one class reach: the loop in which a parser spends its time.
//!
//! Names are short, and are looked up octet by octet in the table of [`crate::bytes`]. Values and
//! targets are long, and nearly all of their octets are above an edge, where everything belongs
//! to the class but DEL:
//!
//! ```text
//!   0 . . . . . . . 0x20 . . . . . . . . . . . . . . . 0x7f  0x80 . . . . 0xff
//!   some belong    ^edge      all belong               none      all belong
//! ```
//!
//! So they are passed over in blocks that are compared as a whole, then in words of eight octets
//! in one register, and only an octet below the edge is looked up. The table alone decides; the
//! edge says where it need not be asked.
//!
//! No instruction is chosen here: the compiler turns a block into vector instructions where the
//! machine has some, and the words are arithmetic.

use crate::bytes::{is_field_vchar, is_target, is_tchar};

/// Returns how many octets at the front are tchars.
#[inline]
pub(crate) fn token(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(four) = bytes[at..].first_chunk::<4>()
        && four.iter().fold(true, |all, byte| all & is_tchar(*byte))
    {
        at += four.len();
    }
    let rest = &bytes[at..];
    at + rest
        .iter()
        .position(|byte| !is_tchar(*byte))
        .unwrap_or(rest.len())
}

/// Returns how many octets at the front may stand in a field value.
#[inline]
pub(crate) fn value(bytes: &[u8]) -> usize {
    above::<0x20>(bytes, is_field_vchar)
}

/// Returns how many octets at the front may stand in a request-target.
#[inline]
pub(crate) fn target(bytes: &[u8]) -> usize {
    // One above `#`, which no target has.
    above::<0x24>(bytes, is_target)
}

/// Octets that are compared at once: one vector register of any machine that has them.
const BLOCK: usize = 16;

/// Returns how many octets at the front belong to `class`, to which everything from `EDGE` on
/// belongs but DEL.
// ANCHOR: above
#[inline]
fn above<const EDGE: u8>(bytes: &[u8], class: impl Fn(u8) -> bool) -> usize {
    let mut at = 0;
    loop {
        at += plain_octets::<EDGE>(&bytes[at..]);
        match bytes.get(at) {
            Some(octet) if class(*octet) => at += 1,
            Some(_) | None => return at,
        }
    }
}
// ANCHOR_END: above

/// Returns how many octets at the front need not be looked up; fewer at the end of `bytes`.
// ANCHOR: plain_octets
fn plain_octets<const EDGE: u8>(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(block) = bytes[at..].first_chunk::<BLOCK>()
        && block
            .iter()
            .fold(0, |odd, byte| odd | u8::from(is_odd::<EDGE>(*byte)))
            == 0
    {
        at += BLOCK;
    }
    while let Some(word) = bytes[at..].first_chunk() {
        match odd_octets::<EDGE>(u64::from_le_bytes(*word)) {
            0 => at += word.len(),
            odd => return at + (odd.trailing_zeros() / u8::BITS) as usize,
        }
    }
    at
}
// ANCHOR_END: plain_octets

/// Tells whether an octet must be looked up.
fn is_odd<const EDGE: u8>(octet: u8) -> bool {
    octet < EDGE || octet == DEL
}

const DEL: u8 = 0x7f;

/// Sets the highest bit of the first octet of a word that must be looked up, counted from the
/// lowest; 0 when there is none.
///
/// Subtraction borrows from the highest bit of an octet that is smaller than what is taken away.
/// An octet whose own highest bit is set is left out. A borrow can reach the next octet and mark
/// it wrongly, which is behind the first and so without effect.
fn odd_octets<const EDGE: u8>(word: u64) -> u64 {
    const LOWEST: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHEST: u64 = LOWEST << 7;
    let below = word.wrapping_sub(LOWEST * u64::from(EDGE)) & !word;
    let unlike_del = word ^ (LOWEST * u64::from(DEL));
    let del = unlike_del.wrapping_sub(LOWEST) & !unlike_del;
    (below | del) & HIGHEST
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each octet at each place of lines of each length, against the table alone.
    #[track_caller]
    fn check(span: fn(&[u8]) -> usize, class: fn(u8) -> bool) {
        for len in 0..=BLOCK * 2 + 9 {
            for at in 0..len {
                for octet in 0..=u8::MAX {
                    let mut bytes = vec![b'a'; len];
                    bytes[at] = octet;
                    let expected = if class(octet) { len } else { at };
                    assert_eq!(span(&bytes), expected, "{octet:#x} at {at} of {len}");
                }
            }
        }
    }

    #[test]
    fn spans_end_where_the_table_says() {
        check(token, is_tchar);
        check(value, is_field_vchar);
        check(target, is_target);
    }

    #[test]
    fn the_first_of_several_strangers_ends_a_span() {
        for (bytes, len) in [
            (&b"abc\r\n\x7f\0 d"[..], 3),
            (b"abc\t\t\x80\xff\rabcdefgh", 7),
            (b"\x01\x20aaaaaaaa", 0),
            (b"aaaaaaa\x7f\x20\x21\x21", 7),
            (b"\xa0\x20\xa1\x1f\x20\x20\x20\x20", 3),
        ] {
            assert_eq!(value(bytes), len, "{:?}", bytes.escape_ascii().to_string());
        }
    }

    #[test]
    fn octets_above_ascii_need_not_be_looked_up() {
        let bytes: Vec<u8> = (0x80..=0xff).cycle().take(BLOCK * 8 + 8).collect();
        for start in 0..BLOCK {
            let plain = plain_octets::<0x20>(&bytes[start..]);
            assert!(bytes.len() - start - plain < 8, "from {start}: {plain}");
        }
    }
}
