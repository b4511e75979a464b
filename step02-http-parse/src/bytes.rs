//! The character classes of the grammar, as one table computed by the compiler.
//!
//! Each octet has a set of class bits, so a loop over untrusted bytes is one load and one test
//! per octet, with no comparison that a crafted input could make slower.
//!
//! ```text
//!   octet   'G'  ':'  ' '  '\t' '\r' 0xE9
//!   TOKEN    x    .    .    .    .    .     methods, field names
//!   VALUE    x    x    x    x    .    x     field values
//!   TARGET   x    x    .    .    .    x     request-targets
//! ```
//!
//! Classes say which octets may stand somewhere, never in which order: that is the parsers' part.

/// `tchar` (RFC 9110 §5.6.2).
const TOKEN: u8 = 1;
/// VCHAR, obs-text, SP and HTAB (RFC 9110 §5.5).
const VALUE: u8 = 2;
/// Everything that a request-target may hold on the wire: browsers send `|`, `[` and raw UTF-8,
/// so this is wider than RFC 3986; `#` never leaves a client.
const TARGET: u8 = 4;
/// What a registered name may hold besides percent-escapes (RFC 3986 §3.2.2).
const REG_NAME: u8 = 8;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut octet: u8 = 0;
    loop {
        classes[octet as usize] = classes_of(octet);
        if octet == u8::MAX {
            break classes;
        }
        octet += 1;
    }
};

const fn classes_of(octet: u8) -> u8 {
    let mut classes = match octet {
        b'\t' | b' ' => VALUE,
        b'#' => VALUE,
        0x21..=0x7e | 0x80.. => VALUE | TARGET,
        _ => 0,
    };
    if octet.is_ascii_alphanumeric() || is_one_of(octet, b"!#$%&'*+-.^_`|~") {
        classes |= TOKEN;
    }
    if octet.is_ascii_alphanumeric() || is_one_of(octet, b"-._~!$&'()*+,;=") {
        classes |= REG_NAME;
    }
    classes
}

const fn is_one_of(octet: u8, members: &[u8]) -> bool {
    let mut index = 0;
    while index < members.len() {
        if members[index] == octet {
            return true;
        }
        index += 1;
    }
    false
}

/// Tells whether an octet may stand in a token, so in a method or a field name.
///
/// Source: RFC 9110 §5.6.2
pub fn is_tchar(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & TOKEN != 0
}

/// Tells whether an octet may stand in a field value: VCHAR, obs-text, SP or HTAB.
///
/// Source: RFC 9110 §5.5
pub fn is_field_vchar(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & VALUE != 0
}

/// Tells whether an octet may stand in a request-target.
pub(crate) fn is_target(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & TARGET != 0
}

/// Tells whether an octet may stand unescaped in a registered name.
pub(crate) fn is_reg_name(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & REG_NAME != 0
}

/// Removes SP and HTAB from both ends; nothing else is optional whitespace (RFC 9110 §5.6.3).
pub(crate) fn trim_ows(bytes: &[u8]) -> &[u8] {
    let mut bytes = trim_ows_start(bytes);
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Removes SP and HTAB from the front.
pub(crate) fn trim_ows_start(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(class: fn(u8) -> bool, members: &str) {
        for octet in 0..=u8::MAX {
            let expected = octet.is_ascii_alphanumeric() || members.as_bytes().contains(&octet);
            if octet.is_ascii() {
                assert_eq!(class(octet), expected, "{:?}", char::from(octet));
            }
        }
    }

    #[test]
    fn tokens_are_made_of_the_standards_characters() {
        check(is_tchar, "!#$%&'*+-.^_`|~");
        assert!(!(0x80..=0xff).any(is_tchar));
    }

    #[test]
    fn values_have_everything_but_control_characters() {
        check(is_field_vchar, "\t !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
        assert!((0x80..=0xff).all(is_field_vchar));
    }

    #[test]
    fn targets_have_no_whitespace_and_no_fragment() {
        check(is_target, "!\"$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
        assert!((0x80..=0xff).all(is_target));
    }

    #[test]
    fn registered_names_have_unreserved_characters_and_sub_delimiters() {
        check(is_reg_name, "-._~!$&'()*+,;=");
        assert!(!(0x80..=0xff).any(is_reg_name));
    }

    #[test]
    fn only_space_and_tab_are_optional_whitespace() {
        assert_eq!(trim_ows(b" \ta b\t "), b"a b");
        assert_eq!(trim_ows(b"\x0ba\r"), b"\x0ba\r");
        assert_eq!(trim_ows(b" \t "), b"");
    }
}
