//! Rust text without its comments and literals, so that words can be searched for in what is left.
//!
//! Every octet that is dropped becomes a space and every line end stays, so offsets and line
//! numbers are those of the original. It knows no more of Rust than that takes.

/// Blanks out comments, string literals and character literals.
pub fn code_only(text: &str) -> String {
    let octets = text.as_bytes();
    let mut code = Vec::with_capacity(octets.len());
    let mut at = 0;
    while at < octets.len() {
        let end = end_of_blank(octets, at);
        if end == at {
            code.push(octets[at]);
            at += 1;
            continue;
        }
        let blanked = octets[at..end].iter().map(|&octet| match octet {
            b'\n' => b'\n',
            _ => b' ',
        });
        code.extend(blanked);
        at = end;
    }
    // Characters were copied whole or replaced whole, so there is nothing to lose.
    String::from_utf8_lossy(&code).into_owned()
}

/// The end of the comment or literal that begins at `at`; `at` itself when none does.
fn end_of_blank(octets: &[u8], at: usize) -> usize {
    let rest = &octets[at..];
    let starts_word =
        at == 0 || !(octets[at - 1].is_ascii_alphanumeric() || octets[at - 1] == b'_');
    match rest {
        [b'/', b'/', ..] => at + position(rest, |octet| octet == b'\n'),
        [b'/', b'*', ..] => at + block_comment(rest),
        [b'"', ..] => at + quoted(rest),
        [b'r', b'"' | b'#', ..] if starts_word => at + raw_string(rest),
        // The escaped octet may be a quote itself.
        [b'\'', b'\\', _, after @ ..] => at + 4 + position(after, |octet| octet == b'\''),
        // A lifetime has no closing quote.
        [b'\'', ..] => at + character(rest),
        _ => at,
    }
    .min(octets.len())
}

fn position(octets: &[u8], is_end: impl Fn(u8) -> bool) -> usize {
    octets
        .iter()
        .position(|&octet| is_end(octet))
        .unwrap_or(octets.len())
}

/// Block comments nest.
fn block_comment(octets: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < octets.len() {
        match &octets[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(octets: &[u8]) -> usize {
    let mut at = 1;
    while at < octets.len() && octets[at] != b'"' {
        at += if octets[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// The end of a raw string; 0 for a raw identifier.
fn raw_string(octets: &[u8]) -> usize {
    let hashes = position(&octets[1..], |octet| octet != b'#');
    let start = 1 + hashes;
    if octets.get(start) != Some(&b'"') {
        return 0;
    }
    let mut end = vec![b'"'];
    end.resize(1 + hashes, b'#');
    octets[start + 1..]
        .windows(end.len())
        .position(|window| window == end)
        .map_or(octets.len(), |found| start + 1 + found + end.len())
}

/// The end of a character literal; 0 for a lifetime.
fn character(octets: &[u8]) -> usize {
    let len = match octets.get(1) {
        Some(0..0x80) | None => 1,
        Some(0x80..0xe0) => 2,
        Some(0xe0..0xf0) => 3,
        Some(0xf0..) => 4,
    };
    match octets.get(1 + len) {
        Some(b'\'') => len + 2,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(code_only(text), expected);
    }

    #[test]
    fn comments_and_literals_are_blank() {
        check("a // b\nc", "a     \nc");
        check("a /* b /* c */ */ d", "a                 d");
        check(r#"a("b\"c")"#, "a(      )");
        check(r"a('\'', 'b', 'é')", "a(    ,    ,     )");
        check("r#\"a\"b\"# c", "         c");
    }

    #[test]
    fn lifetimes_and_raw_identifiers_stay() {
        check("fn f<'a>(x: &'a r#type)", "fn f<'a>(x: &'a r#type)");
    }

    #[test]
    fn unfinished_literals_do_not_run_over_the_end() {
        check("\"a\\", "   ");
        check("'\\", "'\\");
        check("/* a", "    ");
    }
}
