//! Request lines and status lines.
//!
//! ```text
//!   GET /shop?item=7 HTTP/1.1\r\n       HTTP/1.1 404 Not Found\r\n
//! ```
//!
//! One space separates the parts. A reader that also takes a tab, or several spaces, or guesses
//! where an address with a space in it ends, sees another target than the one before it
//! (RFC 9112 §3); so none of that is read.
//!
//! As everywhere in the parsers, an octet is judged by those before it alone.

use crate::scan::{Stop, line_end, within};
use crate::{Fault, Limits, Method, RequestHead, Status, Version, span};

/// Reads empty lines and a request line at the front into `head`, and returns the offset after
/// its end.
///
/// Source: RFC 9112 §3
// ANCHOR: request_line
pub(crate) fn request_line(
    bytes: &[u8],
    limits: &Limits,
    head: &mut RequestHead,
) -> Result<usize, Stop> {
    let start = skip_empty_lines(bytes, limits)?;
    let method_end = method(bytes, start, limits)?;
    let target_start = method_end + 1;
    let target_end = target(bytes, target_start, limits)?;
    let (version, end) = request_version(bytes, target_end + 1)?;
    head.method = Method::from_token(&bytes[start..method_end]);
    head.version = version;
    // Only now, so that a request of HTTP/2 (`PRI * HTTP/2.0`) is told that it is one.
    let target = &bytes[target_start..target_end];
    match head.target.read(&head.method, target) {
        Ok(()) => Ok(end),
        Err((fault, at)) => Stop::refuse(fault, target_start + at),
    }
}
// ANCHOR_END: request_line

/// Reads a status line at the front, and returns the offset after its end.
///
/// Source: RFC 9112 §4
pub(crate) fn status_line(
    bytes: &[u8],
    limits: &Limits,
) -> Result<((Version, Status), usize), Stop> {
    let version = version(bytes, 0, Fault::StatusLine)?;
    let (status, reason_start) = status_code(bytes, VERSION_LEN)?;
    let end = reason(bytes, reason_start, limits)?;
    Ok(((version, status), end))
}

/// Empty lines before a request are what some old clients send after a body (RFC 9112 §2.2).
fn skip_empty_lines(bytes: &[u8], limits: &Limits) -> Result<usize, Stop> {
    let mut at = 0;
    for _ in 0..=limits.empty_lines {
        if bytes.get(at) != Some(&b'\r') {
            return Ok(at);
        }
        at = line_end(bytes, at)?;
    }
    Stop::refuse(Fault::TooManyEmptyLines, at - 2)
}

/// The first octet of every TLS record that begins a handshake (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// Finds the space that ends the method at `start`.
fn method(bytes: &[u8], start: usize, limits: &Limits) -> Result<usize, Stop> {
    let reach = start.saturating_add(limits.method);
    let too_long = (Fault::MethodTooLong, reach);
    within(bytes, reach.saturating_add(1), too_long, |window| {
        let end = start + span::token(&window[start..]);
        let fault = match window.get(end) {
            None => return Err(Stop::Partial),
            Some(b' ') if end > start => return Ok(end),
            Some(b' ' | b'\t') => Fault::ExtraWhitespace,
            Some(b'\n') => Fault::BareLf,
            Some(b'\r') => Fault::TargetMissing,
            Some(&TLS_HANDSHAKE) if end == start => Fault::TlsHello,
            Some(_) => Fault::MethodOctet,
        };
        Stop::refuse(fault, end)
    })
}

/// Finds the space that ends the target at `start`.
fn target(bytes: &[u8], start: usize, limits: &Limits) -> Result<usize, Stop> {
    let reach = start.saturating_add(limits.target);
    let too_long = (Fault::TargetTooLong, reach);
    within(bytes, reach.saturating_add(1), too_long, |window| {
        let end = start + span::target(&window[start..]);
        let fault = match window.get(end) {
            None => return Err(Stop::Partial),
            Some(b' ') if end > start => return Ok(end),
            Some(b' ' | b'\t') => Fault::ExtraWhitespace,
            Some(b'\n') => Fault::BareLf,
            Some(b'\r') if end > start => Fault::VersionMissing,
            Some(b'\r') => Fault::TargetMissing,
            Some(b'#') => Fault::TargetFragment,
            Some(_) => Fault::TargetOctet,
        };
        Stop::refuse(fault, end)
    })
}

/// Reads the version at `start` and the end of its line.
fn request_version(bytes: &[u8], start: usize) -> Result<(Version, usize), Stop> {
    const USUAL: &[u8] = b"HTTP/1.1\r\n";
    if bytes[start..].starts_with(USUAL) {
        return Ok((Version::Http11, start + USUAL.len()));
    }
    match bytes.get(start) {
        Some(b'\r') => return Stop::refuse(Fault::VersionMissing, start),
        Some(b' ' | b'\t') => return Stop::refuse(Fault::ExtraWhitespace, start),
        _ => {}
    }
    let version = version(bytes, start, Fault::VersionMalformed)?;
    let at = start + VERSION_LEN;
    match bytes.get(at) {
        None => Err(Stop::Partial),
        Some(b'\r') => Ok((version, line_end(bytes, at)?)),
        Some(b'\n') => Stop::refuse(Fault::BareLf, at),
        Some(b' ' | b'\t') => Stop::refuse(Fault::ExtraWhitespace, at),
        Some(_) => Stop::refuse(Fault::VersionMalformed, at),
    }
}

const VERSION_LEN: usize = "HTTP/1.1".len();

/// Reads `HTTP/` DIGIT `.` DIGIT; anything else is `fault`.
fn version(bytes: &[u8], start: usize, fault: Fault) -> Result<Version, Stop> {
    let rest = &bytes[start..];
    for (index, (octet, pattern)) in rest.iter().zip(b"HTTP/0.0").enumerate() {
        match (octet, pattern) {
            (b'0'..=b'9', b'0') => {}
            (b'\n', _) => return Stop::refuse(Fault::BareLf, start + index),
            (octet, pattern) if octet == pattern => {}
            _ => return Stop::refuse(fault, start + index),
        }
    }
    match rest {
        [_, _, _, _, _, b'1', _, b'0', ..] => Ok(Version::Http10),
        [_, _, _, _, _, b'1', _, _, ..] => Ok(Version::Http11),
        [_, _, _, _, _, _, _, _, ..] => Stop::refuse(Fault::VersionUnsupported, start),
        _ => Err(Stop::Partial),
    }
}

/// Reads SP and three digits at `start`.
fn status_code(bytes: &[u8], start: usize) -> Result<(Status, usize), Stop> {
    let mut code = 0;
    for (index, octet) in bytes[start..].iter().take(" 200".len()).enumerate() {
        match (index, octet) {
            (0, b' ') => {}
            (1, b'1'..=b'9') | (2.., b'0'..=b'9') => code = code * 10 + u16::from(octet - b'0'),
            _ => return Stop::refuse(Fault::StatusLine, start + index),
        }
    }
    match Status::new(code) {
        Some(status) => Ok((status, start + " 200".len())),
        None => Err(Stop::Partial),
    }
}

/// Skips the reason phrase, and returns the offset after its line.
///
/// A phrase that is missing together with the space before it is tolerated: many senders leave
/// out both, and no reader can take the line for anything else.
fn reason(bytes: &[u8], start: usize, limits: &Limits) -> Result<usize, Stop> {
    if !matches!(bytes.get(start), None | Some(b' ' | b'\r' | b'\n')) {
        return Stop::refuse(Fault::StatusLine, start);
    }
    let reach = start.saturating_add(limits.field_line);
    let too_long = (Fault::FieldLineTooLong, reach);
    let cr = within(bytes, reach, too_long, |window| {
        let end = start + span::value(&window[start..]);
        match window.get(end) {
            None => Err(Stop::Partial),
            Some(b'\r') => Ok(end),
            Some(b'\n') => Stop::refuse(Fault::BareLf, end),
            Some(_) => Stop::refuse(Fault::StatusLine, end),
        }
    })?;
    line_end(bytes, cr)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reject;

    fn limits() -> Limits {
        Limits {
            method: 7,
            target: 12,
            empty_lines: 2,
            field_line: 24,
            ..Limits::default()
        }
    }

    fn settle<T>(outcome: Result<T, Stop>) -> Result<Option<T>, Reject> {
        match outcome {
            Ok(parsed) => Ok(Some(parsed)),
            Err(Stop::Partial) => Ok(None),
            Err(Stop::Refused(reject)) => Err(reject),
        }
    }

    /// Whole, and cut at every octet: a prefix is partial, or refused like the whole.
    #[track_caller]
    fn check_with<T: PartialEq + std::fmt::Debug>(
        line: &str,
        parse: impl Fn(&[u8]) -> Result<(T, usize), Stop>,
        expected: Result<T, (Fault, usize)>,
    ) {
        let whole = settle(parse(line.as_bytes()));
        match (&whole, &expected) {
            (Ok(Some((found, len))), Ok(expected)) => {
                assert_eq!((found, *len), (expected, line.len()), "{line:?}");
            }
            (Err(found), Err(expected)) => {
                assert_eq!((found.fault, found.at), *expected, "{line:?}");
            }
            _ => panic!("{line:?}: {whole:?} is not {expected:?}"),
        }
        for cut in 0..line.len() {
            match settle(parse(&line.as_bytes()[..cut])) {
                Ok(None) => {}
                prefix => assert_eq!(prefix, whole, "{line:?} cut at {cut}"),
            }
        }
    }

    /// Expects method, target and version.
    #[track_caller]
    fn request(line: &str, expected: Result<(&str, &str, Version), (Fault, usize)>) {
        let parse = |bytes: &[u8]| {
            let mut head = RequestHead::blank();
            let len = request_line(bytes, &limits(), &mut head)?;
            let target = String::from_utf8_lossy(head.target.raw()).into_owned();
            Ok(((head.method.to_string(), target, head.version), len))
        };
        let expected = expected
            .map(|(method, target, version)| (method.to_owned(), target.to_owned(), version));
        check_with(line, parse, expected);
    }

    #[track_caller]
    fn status(line: &str, expected: Result<(Version, u16), (Fault, usize)>) {
        let parse = |bytes: &[u8]| {
            let ((version, status), len) = status_line(bytes, &limits())?;
            Ok(((version, status.code()), len))
        };
        check_with(line, parse, expected);
    }

    #[test]
    fn a_request_line_has_three_parts() {
        use Version::{Http10, Http11};
        request("GET / HTTP/1.1\r\n", Ok(("GET", "/", Http11)));
        request("POST /a?b HTTP/1.0\r\n", Ok(("POST", "/a?b", Http10)));
        request(
            "get /\u{e9}{} HTTP/1.1\r\n",
            Ok(("get", "/\u{e9}{}", Http11)),
        );
        request("OPTIONS * HTTP/1.1\r\n", Ok(("OPTIONS", "*", Http11)));
        request("CONNECT a:1 HTTP/1.1\r\n", Ok(("CONNECT", "a:1", Http11)));
    }

    #[test]
    fn later_minor_versions_are_read_as_1_1() {
        request("GET / HTTP/1.2\r\n", Ok(("GET", "/", Version::Http11)));
        request("GET / HTTP/1.9\r\n", Ok(("GET", "/", Version::Http11)));
    }

    #[test]
    fn one_space_separates_the_parts() {
        request("GET  / HTTP/1.1\r\n", Err((Fault::ExtraWhitespace, 4)));
        request("GET /  HTTP/1.1\r\n", Err((Fault::ExtraWhitespace, 6)));
        request("GET\t/ HTTP/1.1\r\n", Err((Fault::ExtraWhitespace, 3)));
        request("GET /\tHTTP/1.1\r\n", Err((Fault::ExtraWhitespace, 5)));
        request(" GET / HTTP/1.1\r\n", Err((Fault::ExtraWhitespace, 0)));
        request("GET / HTTP/1.1 \r\n", Err((Fault::ExtraWhitespace, 14)));
        request("GET /a b HTTP/1.1\r\n", Err((Fault::VersionMalformed, 7)));
    }

    #[test]
    fn a_line_ends_with_cr_lf_and_nothing_else() {
        request("GET / HTTP/1.1\n", Err((Fault::BareLf, 14)));
        request("GET / HTTP/1.1\rX", Err((Fault::BareCr, 14)));
        request("\nGET / HTTP/1.1\r\n", Err((Fault::BareLf, 0)));
        request("\rGET / HTTP/1.1\r\n", Err((Fault::BareCr, 0)));
        request("GET /\n", Err((Fault::BareLf, 5)));
        request("GET\n", Err((Fault::BareLf, 3)));
        request("GET / HTTP\n", Err((Fault::BareLf, 10)));
    }

    #[test]
    fn a_few_empty_lines_before_a_request_are_skipped() {
        request(
            "\r\n\r\nGET / HTTP/1.1\r\n",
            Ok(("GET", "/", Version::Http11)),
        );
        request(
            "\r\n\r\n\r\nGET / HTTP/1.1\r\n",
            Err((Fault::TooManyEmptyLines, 4)),
        );
    }

    #[test]
    fn a_missing_part_is_named() {
        request("GET\r\n", Err((Fault::TargetMissing, 3)));
        request("GET \r\n", Err((Fault::TargetMissing, 4)));
        request("GET /\r\n", Err((Fault::VersionMissing, 5)));
        request("GET / \r\n", Err((Fault::VersionMissing, 6)));
    }

    #[test]
    fn a_version_is_written_in_one_way() {
        request("GET / http/1.1\r\n", Err((Fault::VersionMalformed, 6)));
        request("GET / HTTP/1\r\n", Err((Fault::VersionMalformed, 12)));
        request("GET / HTTP/1.10\r\n", Err((Fault::VersionMalformed, 14)));
        request("GET / HTTP/x.1\r\n", Err((Fault::VersionMalformed, 11)));
        request("GET / HTTPS/1.1\r\n", Err((Fault::VersionMalformed, 10)));
    }

    #[test]
    fn another_major_version_is_told_apart() {
        request("GET / HTTP/2.0\r\n", Err((Fault::VersionUnsupported, 6)));
        request("GET / HTTP/0.9\r\n", Err((Fault::VersionUnsupported, 6)));
        request("PRI * HTTP/2.0\r\n", Err((Fault::VersionUnsupported, 6)));
    }

    #[test]
    fn a_tls_hello_is_known_by_its_first_octet() {
        request("\x16\x03\x01\x02", Err((Fault::TlsHello, 0)));
        request("\x16", Err((Fault::TlsHello, 0)));
        request("G\x16", Err((Fault::MethodOctet, 1)));
    }

    #[test]
    fn octets_that_no_part_has_are_refused() {
        request("G(T / HTTP/1.1\r\n", Err((Fault::MethodOctet, 1)));
        request("G\0T / HTTP/1.1\r\n", Err((Fault::MethodOctet, 1)));
        request("GET /\0 HTTP/1.1\r\n", Err((Fault::TargetOctet, 5)));
        request("GET /\x7f HTTP/1.1\r\n", Err((Fault::TargetOctet, 5)));
        request("GET /a#b HTTP/1.1\r\n", Err((Fault::TargetFragment, 6)));
        request("GET /a\rb HTTP/1.1\r\n", Err((Fault::VersionMissing, 6)));
        request("GET * HTTP/1.1\r\n", Err((Fault::TargetForm, 4)));
    }

    #[test]
    fn parts_may_be_as_long_as_their_limits() {
        request(
            "ABCDEFG / HTTP/1.1\r\n",
            Ok(("ABCDEFG", "/", Version::Http11)),
        );
        request("ABCDEFGH / HTTP/1.1\r\n", Err((Fault::MethodTooLong, 7)));
        request(
            "GET /23456789012 HTTP/1.1\r\n",
            Ok(("GET", "/23456789012", Version::Http11)),
        );
        request(
            "GET /234567890123 HTTP/1.1\r\n",
            Err((Fault::TargetTooLong, 16)),
        );
    }

    #[test]
    fn a_status_line_needs_no_reason() {
        status("HTTP/1.1 200 OK\r\n", Ok((Version::Http11, 200)));
        status("HTTP/1.0 404 \r\n", Ok((Version::Http10, 404)));
        status("HTTP/1.1 299\r\n", Ok((Version::Http11, 299)));
        status("HTTP/1.1 999 \u{e9} a\tb\r\n", Ok((Version::Http11, 999)));
    }

    #[test]
    fn a_malformed_status_line_is_refused() {
        status("HTTP/1.1 20 OK\r\n", Err((Fault::StatusLine, 11)));
        status("HTTP/1.1 099 OK\r\n", Err((Fault::StatusLine, 9)));
        status("HTTP/1.1 2000\r\n", Err((Fault::StatusLine, 12)));
        status("HTTP/1.1  200 OK\r\n", Err((Fault::StatusLine, 9)));
        status("HTTP/1.1\r\n", Err((Fault::StatusLine, 8)));
        status("\r\nHTTP/1.1 200 OK\r\n", Err((Fault::StatusLine, 0)));
        status("<html>", Err((Fault::StatusLine, 0)));
        status("HTTP/2.0 200 OK\r\n", Err((Fault::VersionUnsupported, 0)));
        status("HTTP/1.1 200 OK\n", Err((Fault::BareLf, 15)));
        status("HTTP/1.1 200 O\0\r\n", Err((Fault::StatusLine, 14)));
        let endless = format!("HTTP/1.1 200 {}", "a".repeat(40));
        status(&endless, Err((Fault::FieldLineTooLong, 36)));
    }
}
