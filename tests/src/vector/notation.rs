//! Octets in a text file: every one of them can be seen, and none can be mistaken for another.
//!
//! ```text
//! a … ~           printable ASCII stands for itself; so does a space inside a line
//! ␀ ␉ ␊ ␍ … ␟ ␡   a control character
//! ␠               a space; the only way to write one at the end of a line
//! ⟨c3 a9⟩         octets in hexadecimal
//! ⟨100 × A: b␍␊⟩  something many times
//! ```
//!
//! A line end of the file stands for nothing. There is no escape character, so every printable
//! octet, the backslash included, can be read as it is.

/// How often something can be repeated; more than any limit is large.
const MOST_TIMES: usize = 100_000;

/// The picture of NUL; those of the other control characters follow in their order.
const PICTURES: char = '␀';

/// Reads octets in the notation.
///
/// # Errors
/// One sentence about the first character that has no meaning.
pub fn read(text: &str) -> Result<Vec<u8>, String> {
    if text.ends_with(' ') {
        return Err("a space at the end of a line is written ␠".into());
    }
    let mut octets = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        rest = &rest[first.len_utf8()..];
        if first != '⟨' {
            octets.push(octet(first)?);
            continue;
        }
        let Some((inner, after)) = rest.split_once('⟩') else {
            return Err("⟨ has no ⟩".into());
        };
        octets.extend(bracketed(inner)?);
        rest = after;
    }
    Ok(octets)
}

/// Shows octets in the notation, so that [`read`] gives them back.
pub fn show(octets: &[u8]) -> String {
    let mut text = String::new();
    for &octet in octets {
        match octet {
            0..b' ' => text.extend(char::from_u32(u32::from(PICTURES) + u32::from(octet))),
            0x7f => text.push('␡'),
            b' '..=b'~' => text.push(char::from(octet)),
            0x80.. => text.push_str(&format!("⟨{octet:02x}⟩")),
        }
    }
    if let Some(before) = text.strip_suffix(' ') {
        return format!("{before}␠");
    }
    text
}

fn octet(character: char) -> Result<u8, String> {
    match character {
        ' '..='~' => u8::try_from(character).map_err(|error| error.to_string()),
        '␠' => Ok(b' '),
        '␡' => Ok(0x7f),
        '␀'..='␟' => {
            let octet = u32::from(character) - u32::from(PICTURES);
            u8::try_from(octet).map_err(|error| error.to_string())
        }
        _ => Err(format!("{character:?} stands for no octet")),
    }
}

fn bracketed(inner: &str) -> Result<Vec<u8>, String> {
    if let Some((times, text)) = inner.split_once(" × ") {
        return match times.parse() {
            Ok(times) if times <= MOST_TIMES => Ok(read(text)?.repeat(times)),
            _ => Err(format!("\"{times}\" is no number of times")),
        };
    }
    let pairs = inner.split(' ').map(|pair| {
        let digits = pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
        let octet = u8::from_str_radix(pair, 16).ok().filter(|_| digits);
        octet.ok_or_else(|| format!("\"{pair}\" is no octet of two digits"))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, octets: &[u8]) {
        assert_eq!(read(text).as_deref(), Ok(octets), "{text}");
    }

    #[test]
    fn every_octet_can_be_written_and_read() {
        let all: Vec<u8> = (0..=255).collect();
        check(&show(&all), &all);
        check(&show(b"a "), b"a ");
    }

    #[test]
    fn pictures_brackets_and_repetition_are_read() {
        check("GET\\r ␍␊␀␉␟␡␠", b"GET\\r \r\n\0\t\x1f\x7f ");
        check("⟨16 03 Ff⟩", b"\x16\x03\xff");
        check("a⟨3 × b␊⟩c", b"ab\nb\nb\nc");
        check("⟨2 × ⟩", b"");
    }

    #[test]
    fn what_has_no_meaning_is_a_mistake() {
        for text in [
            "a ",
            "\t",
            "é",
            "⟨",
            "⟨1⟩",
            "⟨+1⟩",
            "⟨x × a⟩",
            "⟨100001 × a⟩",
            "⟩",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
