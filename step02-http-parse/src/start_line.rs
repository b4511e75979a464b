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

use crate::bytes::{is_field_vchar, is_target, is_tchar};
use crate::section::{Stop, line_end};
use crate::{Fault, Limits, Method, Status, Target, Version};

/// Reads empty lines and a request line at the front, and returns the offset after its end.
///
/// Source: RFC 9112 §3
pub(crate) fn request_line(
    bytes: &[u8],
    limits: &Limits,
) -> Result<((Method, Target, Version), usize), Stop> {
    let start = skip_empty_lines(bytes, limits)?;
    let (method, target_start) = method(bytes, start, limits)?;
    let target_end = target(bytes, target_start, limits)?;
    let (version, end) = request_version(bytes, target_end + 1)?;
    // Only now, so that a request of HTTP/2 (`PRI * HTTP/2.0`) is told that it is one.
    let target = Target::parse(&method, &bytes[target_start..target_end])
        .or_else(|(fault, at)| Stop::refuse(fault, target_start + at))?;
    Ok(((method, target, version), end))
}

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

/// Reads the method at `start` and the space after it.
fn method(bytes: &[u8], start: usize, limits: &Limits) -> Result<(Method, usize), Stop> {
    let rest = &bytes[start..];
    let window = &rest[..rest.len().min(limits.method.saturating_add(1))];
    let Some(len) = window.iter().position(|byte| !is_tchar(*byte)) else {
        return if window.len() > limits.method {
            Stop::refuse(Fault::MethodTooLong, start + limits.method)
        } else {
            Err(Stop::Partial)
        };
    };
    let fault = match window[len] {
        b' ' if len > 0 => return Ok((Method::from_token(&window[..len]), start + len + 1)),
        b' ' | b'\t' => Fault::ExtraWhitespace,
        b'\n' => Fault::BareLf,
        b'\r' => Fault::TargetMissing,
        TLS_HANDSHAKE if len == 0 => Fault::TlsHello,
        _ => Fault::MethodOctet,
    };
    Stop::refuse(fault, start + len)
}

/// Finds the space that ends the target at `start`.
fn target(bytes: &[u8], start: usize, limits: &Limits) -> Result<usize, Stop> {
    let rest = &bytes[start..];
    let window = &rest[..rest.len().min(limits.target.saturating_add(1))];
    let Some(len) = window.iter().position(|byte| !is_target(*byte)) else {
        return if window.len() > limits.target {
            Stop::refuse(Fault::TargetTooLong, start + limits.target)
        } else {
            Err(Stop::Partial)
        };
    };
    let fault = match window[len] {
        b' ' if len > 0 => return Ok(start + len),
        b' ' | b'\t' => Fault::ExtraWhitespace,
        b'\n' => Fault::BareLf,
        b'\r' if len > 0 => Fault::VersionMissing,
        b'\r' => Fault::TargetMissing,
        b'#' => Fault::TargetFragment,
        _ => Fault::TargetOctet,
    };
    Stop::refuse(fault, start + len)
}

/// Reads the version at `start` and the end of its line.
fn request_version(bytes: &[u8], start: usize) -> Result<(Version, usize), Stop> {
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
    let rest = &bytes[start..];
    if !matches!(rest.first(), None | Some(b' ' | b'\r' | b'\n')) {
        return Stop::refuse(Fault::StatusLine, start);
    }
    let window = &rest[..rest.len().min(limits.field_line)];
    match window.iter().position(|byte| !is_field_vchar(*byte)) {
        Some(len) if window[len] == b'\r' => line_end(bytes, start + len),
        Some(len) if window[len] == b'\n' => Stop::refuse(Fault::BareLf, start + len),
        Some(len) => Stop::refuse(Fault::StatusLine, start + len),
        None if window.len() == limits.field_line => {
            Stop::refuse(Fault::FieldLineTooLong, start + limits.field_line)
        }
        None => Err(Stop::Partial),
    }
}
