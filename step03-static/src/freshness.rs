//! How long a copy of a file may be used without asking: `Cache-Control`.
//!
//! ```text
//! app.3f9ad21c.js    a name made from the content: it will never mean other content
//! app-3f9ad21c.js    likewise; a year, and no question before
//! app.js             may change at any moment: keep it, and ask each time (304 as a rule)
//! ```
//!
//! Without the field, caches guess from `Last-Modified` how long a file stays as it is (RFC 9111
//! §4.2.2), and a guess shows a page of today with the style sheet of last month. So one of two
//! things is said, both true whatever the site does. Times between them are for those who know
//! their site; this rule knows only names.

/// What to say of a file called so.
///
/// A name promises its content when between a `.` or `-` and the last ending stand 8 to 64
/// hexadecimal digits in lower case, letters and figures both: what build tools write. A date has
/// no letters and a word no figures, and a hash that happens to have one kind only is asked for
/// again, which is merely slower.
///
/// Source: RFC 9111 §5.2.2, RFC 8246
// ANCHOR: cache_control
pub(crate) fn cache_control(file_name: &[u8]) -> &'static str {
    if has_fingerprint(file_name) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}
// ANCHOR_END: cache_control

fn has_fingerprint(file_name: &[u8]) -> bool {
    let dot = file_name.iter().rposition(|octet| *octet == b'.');
    let stem = dot.map_or(&b""[..], |dot| &file_name[..dot]);
    let mark = stem
        .iter()
        .rposition(|octet| matches!(octet, b'.' | b'-'))
        .filter(|mark| *mark > 0);
    let digits = mark.map_or(&b""[..], |mark| &stem[mark + 1..]);
    (8..=64).contains(&digits.len())
        && digits
            .iter()
            .all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'))
        && digits.iter().any(u8::is_ascii_digit)
        && digits.iter().any(u8::is_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file_name: &str, immutable: bool) {
        assert_eq!(
            cache_control(file_name.as_bytes()).contains("immutable"),
            immutable,
            "{file_name}"
        );
    }

    #[test]
    fn names_made_from_the_content_are_for_ever() {
        for name in [
            "app.3f9ad21c.js",
            "general-2459343d.css",
            "main.min.0123456789abcdef.css",
            "font-a3f1c2d4e5b60718293a4b5c6d7e8f90.woff2",
            &format!("a.{}.js", "0a".repeat(32)),
        ] {
            check(name, true);
        }
    }

    #[test]
    fn all_others_are_asked_for_each_time() {
        for name in [
            "",
            "index.html",
            "README",
            "jquery.min.js",
            "3f9ad21c.js",
            ".3f9ad21c.js",
            "app.3f9ad21c",
            "app.3f9ad21.js",
            "app.3F9AD21C.js",
            "app.3f9ad21g.js",
            "report-20260101.pdf",
            "the-effaced-facade.defacade.txt",
            "backup-2026-01-01.tar",
            &format!("a.{}0.js", "0a".repeat(32)),
        ] {
            check(name, false);
        }
    }
}
