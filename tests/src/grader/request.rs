//! Requests as text, for checks that care about every octet of them.

/// A GET whose field lines, each ended by CR LF, follow `Host`.
pub(crate) fn get(target: &str, lines: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\n{lines}\r\n")
}

/// A GET that is the last on its connection.
pub(crate) fn last_get(target: &str) -> String {
    get(target, "Connection: close\r\n")
}

/// The head of a POST to `/echo` whose field lines, each ended by CR LF, follow `Host`.
pub(crate) fn post(lines: &str) -> String {
    format!("POST /echo HTTP/1.1\r\nHost: a\r\n{lines}\r\n")
}

/// Octets as a target says them: everything escaped but letters, digits, dots and dashes.
pub(crate) fn escaped(name: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    for &octet in name {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' => text.push(octet.into()),
            _ => write!(text, "%{octet:02X}").expect("a String takes everything"),
        }
    }
    text
}
