//! The head of a message: start line and field section.
//!
//! ```text
//!   GET /shop?item=7 HTTP/1.1\r\n      request line: method SP target SP version
//!   Host: a.example\r\n                field lines
//!   Accept: */*\r\n
//!   \r\n                               the empty line that ends the head
//! ```
//!
//! The parsers look from the left and decide about each octet from those before it, so a head
//! that comes in pieces is judged exactly as one that comes whole: for every prefix the answer is
//! [`Parsed::Partial`] or what the whole would get.
//!
//! They do not wait, keep nothing between two calls, and do not look at the body; whether there
//! is one, and how it ends, is the next question ([`crate::request_framing`]).

use crate::bytes::{is_field_vchar, is_target, is_tchar};
use crate::section::{self, Bounds, Stop, line_end};
use crate::{Fault, Fields, Limits, Method, Reject, Status, Target, Version, host};

/// The outcome of looking at the front of a byte stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed<T> {
    /// The value, and how many bytes it took.
    Complete(T, usize),
    /// Nothing is wrong yet, and something is missing.
    Partial,
}

/// A request's head.
///
/// Source: RFC 9112 §2.1
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHead {
    /// What is to be done.
    pub method: Method,
    /// To what.
    pub target: Target,
    /// The version the client speaks.
    pub version: Version,
    /// The field section.
    pub fields: Fields,
}

impl RequestHead {
    /// Returns the host, and the port if one was named, that the request is for: the target's
    /// own where it has one, which wins over the Host field; empty where nobody said.
    ///
    /// Source: RFC 9112 §3.2.2, §3.3
    pub fn host(&self) -> &[u8] {
        let named = self.target.authority().or_else(|| self.fields.get("Host"));
        named.unwrap_or_default()
    }
}

/// A response's head.
///
/// Source: RFC 9112 §4
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseHead {
    /// The outcome.
    pub status: Status,
    /// The version the sender speaks; what we send is always HTTP/1.1.
    pub version: Version,
    /// The field section.
    pub fields: Fields,
}

impl ResponseHead {
    /// Makes a head without any field.
    pub fn new(status: Status) -> ResponseHead {
        ResponseHead {
            status,
            version: Version::Http11,
            fields: Fields::new(),
        }
    }
}

/// Parses a request's head from the front of `bytes`.
///
/// Up to [`Limits::empty_lines`] empty lines before it are skipped, and counted in the length.
///
/// ```
/// use http_parse::{Limits, Parsed, parse_request_head};
///
/// let bytes = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nwhat follows";
/// let parsed = parse_request_head(bytes, &Limits::default())?;
/// let Parsed::Complete(head, length) = parsed else { unreachable!("it is all there") };
/// assert_eq!(head.target.path(), b"/a");
/// assert_eq!(&bytes[length..], b"what follows");
/// # Ok::<(), http_parse::Reject>(())
/// ```
///
/// # Errors
/// A [`Reject`] with the offset of the first byte at fault and the status to answer: 400 for
/// whatever is malformed, 414 for a target, 431 for fields and 501 for a method beyond their
/// limits, 505 for another major version.
///
/// Source: RFC 9112 §2–§5
pub fn parse_request_head(bytes: &[u8], limits: &Limits) -> Result<Parsed<RequestHead>, Reject> {
    settle(request_head(bytes, limits))
}

/// Parses a response's head from the front of `bytes`; interim responses are heads like others.
///
/// # Errors
/// A [`Reject`] with status 502, whose offset is that of the first byte at fault.
///
/// Source: RFC 9112 §4, §5
pub fn parse_response_head(bytes: &[u8], limits: &Limits) -> Result<Parsed<ResponseHead>, Reject> {
    settle(response_head(bytes, limits)).map_err(|reject| Reject {
        status: Status::BAD_GATEWAY,
        ..reject
    })
}

fn settle<T>(outcome: Result<(T, usize), Stop>) -> Result<Parsed<T>, Reject> {
    match outcome {
        Ok((head, length)) => Ok(Parsed::Complete(head, length)),
        Err(Stop::Partial) => Ok(Parsed::Partial),
        Err(Stop::Refused(reject)) => Err(reject),
    }
}

fn request_head(bytes: &[u8], limits: &Limits) -> Result<(RequestHead, usize), Stop> {
    let start = skip_empty_lines(bytes, limits)?;
    let (method, target_start) = method(bytes, start, limits)?;
    let target_end = target(bytes, target_start, limits)?;
    let (version, fields_start) = request_version(bytes, target_end + 1)?;
    let target = Target::parse(&method, &bytes[target_start..target_end])
        .or_else(|(fault, at)| Stop::refuse(fault, target_start + at))?;
    let (fields, end) = section::parse(bytes, fields_start, &Bounds::head(limits))?;
    let head = RequestHead {
        method,
        target,
        version,
        fields,
    };
    check_host(&head, end)?;
    Ok((head, end))
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
    let window = &rest[..rest.len().min(limits.method + 1)];
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
    let window = &rest[..rest.len().min(limits.target + 1)];
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

/// Demands exactly one valid Host, or none in HTTP/1.0; an empty one is valid.
///
/// It is checked even where the target names the host, because whoever stands between us and the
/// client may have gone by it (RFC 9112 §3.2).
fn check_host(head: &RequestHead, end: usize) -> Result<(), Stop> {
    let mut hosts = head.fields.located("Host");
    let Some((value, at)) = hosts.next() else {
        return match head.version {
            Version::Http10 => Ok(()),
            Version::Http11 => Stop::refuse(Fault::HostMissing, end - 2),
        };
    };
    if let Some((_, at)) = hosts.next() {
        return Stop::refuse(Fault::HostRepeated, at);
    }
    match host::split(value) {
        Some((host, port)) if !host.is_empty() || port.is_none() => Ok(()),
        _ => Stop::refuse(Fault::HostInvalid, at),
    }
}

fn response_head(bytes: &[u8], limits: &Limits) -> Result<(ResponseHead, usize), Stop> {
    let version = version(bytes, 0, Fault::StatusLine)?;
    let (status, reason_start) = status_code(bytes, VERSION_LEN)?;
    let fields_start = reason(bytes, reason_start, limits)?;
    let (fields, end) = section::parse(bytes, fields_start, &Bounds::head(limits))?;
    Ok((
        ResponseHead {
            status,
            version,
            fields,
        },
        end,
    ))
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
