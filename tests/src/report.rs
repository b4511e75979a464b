//! What a failed check prints: enough to repeat it by hand and to know where to read.
//!
//! ```text
//! threads: bare line feed in a field line
//!   sent      "GET / HTTP/1.1\nHost: a\r\n\r\n"
//!   again     printf 'GET / HTTP/1.1\nHost: a\r\n\r\n' | nc -N 127.0.0.1 4000
//!   came back "HTTP/1.1 200 OK\r\n…"
//!                       ^ offset 9
//!   expected  status 400
//!   rule      RFC 9112 §2.2
//!   chapter   2.2
//! ```

use std::ascii;
use std::fmt::{self, Write};
use std::net::SocketAddr;

/// Octets on each side of the point of interest that a report shows.
pub(crate) const SHOWN_BYTES: usize = 320;

/// Columns that octets take at most when none of them is the point of interest: those that are no
/// text take four each, and nobody reads them.
const SHOWN_COLUMNS: usize = 480;

/// Octets that show as text with escapes, long ones cut in the middle of nowhere but marked so.
#[derive(Debug, Clone, Copy)]
pub struct Escaped<'a>(pub &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut columns = 0;
        let fits = |octet: &&u8| {
            columns += ascii::escape_default(**octet).len();
            columns <= SHOWN_COLUMNS
        };
        let fit = self.0.iter().take(SHOWN_BYTES).take_while(fits).count();
        let shown = &self.0[..fit];
        write!(f, "\"{}\"", shown.escape_ascii())?;
        if shown.len() < self.0.len() {
            write!(f, " and {} octets more", self.0.len() - shown.len())?;
        }
        Ok(())
    }
}

/// One failed check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What was checked.
    pub what: String,
    /// Octets sent, all of them.
    pub sent: Vec<u8>,
    /// Where they were sent to.
    pub addr: Option<SocketAddr>,
    /// Octets that came back.
    pub received: Vec<u8>,
    /// Offset in `received` of the first octet that is not as expected, where there is one.
    pub at: Option<usize>,
    /// What should have come back.
    pub expected: String,
    /// The document that says so.
    pub rule: String,
    /// Number of the chapter that explains it; empty where none does.
    pub chapter: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.what)?;
        writeln!(f, "  sent      {}", Escaped(&self.sent))?;
        if let Some(addr) = self.addr {
            writeln!(f, "  again     {}", replay(&self.sent, addr))?;
        }
        let (shown, caret) = around(&self.received, self.at);
        writeln!(f, "  came back {shown}")?;
        if let (Some(at), Some(caret)) = (self.at, caret) {
            writeln!(f, "            {:caret$}^ offset {at}", "")?;
        }
        writeln!(f, "  expected  {}", self.expected)?;
        write!(f, "  rule      {}", self.rule)?;
        if !self.chapter.is_empty() {
            write!(f, "\n  chapter   {}", self.chapter)?;
        }
        Ok(())
    }
}

/// The offset of the first octet in which two byte strings differ; `None` when they are equal.
pub fn first_difference(one: &[u8], other: &[u8]) -> Option<usize> {
    // Megabytes that are equal are compared at once.
    if one == other {
        return None;
    }
    let shared = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    (shared < one.len() || shared < other.len()).then_some(shared)
}

/// A shell command that sends `sent` again.
fn replay(sent: &[u8], addr: SocketAddr) -> String {
    let text = printable(sent);
    let cut = if sent.len() > SHOWN_BYTES {
        " # and so on"
    } else {
        ""
    };
    format!("printf '{text}' | nc -N {} {}{cut}", addr.ip(), addr.port())
}

/// Octets as the shell's `printf` takes them between single quotes, a long text not to its end.
pub(crate) fn printable(sent: &[u8]) -> String {
    let mut text = String::new();
    for &octet in &sent[..sent.len().min(SHOWN_BYTES)] {
        match octet {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\\' => text.push_str("\\\\"),
            b'%' => text.push_str("%%"),
            b' '..=b'~' if octet != b'\'' => text.push(octet.into()),
            // Octal is what every printf knows.
            _ => write!(text, "\\{octet:03o}").expect("a String takes everything"),
        }
    }
    text
}

/// The octets around `at`, escaped, and the column of the one at `at`.
pub(crate) fn around(octets: &[u8], at: Option<usize>) -> (String, Option<usize>) {
    let Some(at) = at else {
        return (Escaped(octets).to_string(), None);
    };
    let from = at.saturating_sub(SHOWN_BYTES / 8);
    let (before, after) = octets[from.min(octets.len())..]
        .split_at_checked(at - from)
        .unwrap_or_default();
    let lead = if from > 0 { "…\"" } else { "\"" };
    let before = format!("{lead}{}", before.escape_ascii());
    let column = before.chars().count();
    let after = &after[..after.len().min(SHOWN_BYTES / 4)];
    (format!("{before}{}\"", after.escape_ascii()), Some(column))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure() -> Failure {
        Failure {
            what: "threads: bare line feed".into(),
            sent: b"GET /% HTTP/1.1\nA: '\xff\r\n\r\n".to_vec(),
            addr: Some(([127, 0, 0, 1], 4000).into()),
            received: b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
            at: Some(9),
            expected: "status 400".into(),
            rule: "RFC 9112 §2.2".into(),
            chapter: "2.2".into(),
        }
    }

    #[test]
    fn octets_that_are_no_text_do_not_fill_the_screen() {
        let shown = Escaped(&[0xff; 5000]).to_string();
        assert!(
            shown.len() < 2 * SHOWN_COLUMNS && shown.ends_with("4880 octets more"),
            "{shown}"
        );
        let shown = Escaped(&[b'a'; 330]).to_string();
        assert!(shown.ends_with(" and 10 octets more"), "{shown}");
    }

    #[test]
    fn report_points_at_the_first_difference_and_can_be_replayed() {
        let text = failure().to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[2],
            r"  again     printf 'GET /%% HTTP/1.1\nA: \047\377\r\n\r\n' | nc -N 127.0.0.1 4000"
        );
        let caret = lines[4].find('^').unwrap();
        assert!(lines[3][caret..].starts_with("200 OK"), "{text}");
        assert_eq!(lines[5], "  expected  status 400");
    }

    #[test]
    fn caret_counts_escapes_as_they_are_shown() {
        let (shown, column) = around(b"a\r\nb", Some(3));
        assert_eq!(shown, r#""a\r\nb""#);
        assert_eq!(&shown[column.unwrap()..], "b\"");
    }

    #[test]
    fn an_offset_beyond_the_end_is_shown_without_a_panic() {
        let mut failure = failure();
        failure.received = b"HT".to_vec();
        assert!(failure.to_string().contains("offset 9"));
    }

    #[test]
    fn difference_is_the_first_one() {
        assert_eq!(first_difference(b"abc", b"abc"), None);
        assert_eq!(first_difference(b"abc", b"abd"), Some(2));
        assert_eq!(first_difference(b"ab", b"abd"), Some(2));
    }
}
