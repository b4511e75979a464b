//! The lines of a head, and what is made of those that decide something.

use super::BadGateway;
use http_parse::{Fields, Status};
use std::fmt;

pub(super) fn parse_fields(head: &[u8]) -> Result<Fields, BadGateway> {
    let mut fields = Fields::new().with_room(head.len());
    for line in head.split_inclusive(|octet| *octet == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        let (name, value) = split_field(line)?;
        fields
            .try_push(name, value)
            .map_err(|_| not_a_field(line))?;
    }
    Ok(fields)
}

fn split_field(line: &[u8]) -> Result<(&[u8], &[u8]), BadGateway> {
    if line.starts_with(b"HTTP/") {
        return Err(BadGateway::new(
            "began with a status line; a CGI program sends \"Status: 200 OK\" instead",
        ));
    }
    let colon = line.iter().position(|octet| *octet == b':');
    let (name, rest) = line.split_at(colon.ok_or_else(|| not_a_field(line))?);
    Ok((name, rest[1..].trim_ascii()))
}

/// Names the line, so that a forgotten `Content-Type` or a stray `print` is found at once.
fn not_a_field(line: &[u8]) -> BadGateway {
    let line = shown(line);
    BadGateway::new(format!("sent a head line that is no field: \"{line}\""))
}

/// As much of a line as a log needs.
pub(super) fn shown(line: &[u8]) -> impl fmt::Display {
    const SHOWN: usize = 60;
    line[..line.len().min(SHOWN)].escape_ascii()
}

/// `Status: 404 Not Found`; the words are free, the number is not.
pub(super) fn status(fields: &Fields) -> Result<Option<Status>, BadGateway> {
    let value = at_most_once(fields, "Status")?;
    value.map(parse_status).transpose()
}

pub(super) fn parse_status(value: &[u8]) -> Result<Status, BadGateway> {
    let bad = || BadGateway::new(format!("sent the status \"{}\"", value.escape_ascii()));
    let digits = value.split(|octet| *octet == b' ').next();
    let digits = digits.filter(|digits| digits.len() == 3).ok_or_else(bad)?;
    let code = decimal(digits).filter(|code| (200..600).contains(code));
    let code = code.and_then(|code| u16::try_from(code).ok());
    code.and_then(Status::new).ok_or_else(bad)
}

/// Content-Length decides where the response ends, so whatever is doubtful about it is refused: a
/// second one, or a Transfer-Encoding beside it (RFC 9112 §6.3).
pub(super) fn content_length(fields: &Fields) -> Result<Option<u64>, BadGateway> {
    let Some(value) = at_most_once(fields, "Content-Length")? else {
        return Ok(None);
    };
    if fields.contains("Transfer-Encoding") {
        return Err(BadGateway::new(
            "sent both Content-Length and Transfer-Encoding",
        ));
    }
    match decimal(value) {
        Some(length) => Ok(Some(length)),
        None => Err(BadGateway::new(format!(
            "sent the Content-Length \"{}\"",
            value.escape_ascii()
        ))),
    }
}

/// Digits only: `str::parse` would take a sign.
fn decimal(digits: &[u8]) -> Option<u64> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

pub(super) fn at_most_once<'f>(
    fields: &'f Fields,
    name: &'static str,
) -> Result<Option<&'f [u8]>, BadGateway> {
    let mut values = fields.all(name);
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(BadGateway::new(format!("sent {name} twice"))),
    }
}
