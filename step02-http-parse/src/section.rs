//! Field sections, from the wire: the lines of a head or a trailer section.
//!
//! One pass, strictly from left to right: whether an octet is refused depends on the octets up to
//! it and on nothing later. So cutting the input anywhere can delay the answer and never change
//! it, which the tests try at every octet.
//!
//! A limit is a window: the scanner is not shown octets beyond it, and finding no end of line
//! within means either that more must come, or that the line is too long.

use crate::bytes::{is_field_vchar, is_tchar, trim_ows, trim_ows_start};
use crate::{Fault, Fields, Limits, Reject};

/// Octets that one step of a parser looks for in vain: more must come.
pub(crate) enum Stop {
    /// The octets at hand end too early.
    Partial,
    /// They are wrong.
    Refused(Reject),
}

impl Stop {
    /// Refuses the octet at `at`.
    pub(crate) fn refuse<T>(fault: Fault, at: usize) -> Result<T, Stop> {
        Err(Stop::Refused(Reject::new(fault, at)))
    }
}

/// How far a section may reach, in octets.
pub(crate) struct Bounds {
    /// One line, without its CR LF.
    line: usize,
    /// All lines with their CR LF, without the empty line after them.
    section: usize,
    /// Number of lines.
    count: usize,
}

impl Bounds {
    /// The bounds of a head's field section.
    pub(crate) fn head(limits: &Limits) -> Bounds {
        Bounds {
            line: limits.field_line,
            section: limits.section,
            count: limits.fields,
        }
    }

    /// The bounds of a trailer section.
    pub(crate) fn trailers(limits: &Limits) -> Bounds {
        Bounds {
            section: limits.trailers,
            ..Bounds::head(limits)
        }
    }
}

/// Reads a field section that begins at `start`, up to and with the empty line that ends it.
/// Returns the fields and the offset after that line.
///
/// Source: RFC 9112 §5, §2.2
pub(crate) fn parse(bytes: &[u8], start: usize, bounds: &Bounds) -> Result<(Fields, usize), Stop> {
    let mut fields = Fields::new();
    let mut at = start;
    loop {
        match bytes.get(at) {
            None => return Err(Stop::Partial),
            Some(b'\r') => return Ok((fields, line_end(bytes, at)?)),
            Some(b'\n') => return Stop::refuse(Fault::BareLf, at),
            Some(b' ' | b'\t') if fields.is_empty() => {
                return Stop::refuse(Fault::LeadingWhitespace, at);
            }
            Some(b' ' | b'\t') => return Stop::refuse(Fault::ObsFold, at),
            Some(_) if fields.len() == bounds.count => {
                return Stop::refuse(Fault::TooManyFields, at);
            }
            Some(_) => {}
        }
        let window = Window::new(bytes, at, start, bounds);
        at = field_line(window, &mut fields)?;
    }
}

/// Demands CR LF at `at`, where a CR has been seen, and returns the offset after it.
pub(crate) fn line_end(bytes: &[u8], at: usize) -> Result<usize, Stop> {
    match bytes.get(at + 1) {
        None => Err(Stop::Partial),
        Some(b'\n') => Ok(at + 2),
        Some(_) => Stop::refuse(Fault::BareCr, at),
    }
}

/// The octets that one field line may reach.
struct Window<'b> {
    /// The message up to the limit, or as far as it is there.
    bytes: &'b [u8],
    /// First octet of the line.
    start: usize,
    /// What to say when the line does not end in `bytes`.
    overrun: Stop,
}

impl<'b> Window<'b> {
    fn new(bytes: &'b [u8], start: usize, section_start: usize, bounds: &Bounds) -> Window<'b> {
        let line_end = start.saturating_add(bounds.line).saturating_add(CRLF_LEN);
        let section_end = section_start.saturating_add(bounds.section);
        let (end, fault, at) = if line_end <= section_end {
            (line_end, Fault::FieldLineTooLong, line_end - CRLF_LEN)
        } else {
            (section_end, Fault::SectionTooLong, section_end)
        };
        let (bytes, overrun) = match bytes.get(..end) {
            Some(within) => (within, Stop::Refused(Reject::new(fault, at))),
            None => (bytes, Stop::Partial),
        };
        Window {
            bytes,
            start,
            overrun,
        }
    }

    /// Finds the first octet from `from` on that `wanted` does not want.
    fn find(&self, from: usize, wanted: impl Fn(u8) -> bool) -> Option<(usize, u8)> {
        let rest = self.bytes.get(from..)?;
        let len = rest.iter().position(|byte| !wanted(*byte))?;
        Some((from + len, rest[len]))
    }
}

const CRLF_LEN: usize = 2;

/// Reads one line and returns the offset after it.
fn field_line(window: Window<'_>, fields: &mut Fields) -> Result<usize, Stop> {
    let start = window.start;
    let Some((colon, octet)) = window.find(start, is_tchar) else {
        return Err(window.overrun);
    };
    match octet {
        b':' if colon == start => return Stop::refuse(Fault::FieldNameEmpty, colon),
        b':' => {}
        b' ' | b'\t' => return Stop::refuse(Fault::FieldNameSpace, colon),
        b'\r' => return Stop::refuse(Fault::ColonMissing, colon),
        b'\n' => return Stop::refuse(Fault::BareLf, colon),
        _ => return Stop::refuse(Fault::FieldNameOctet, colon),
    }
    let Some((cr, octet)) = window.find(colon + 1, is_field_vchar) else {
        return Err(window.overrun);
    };
    match octet {
        b'\r' => {}
        b'\n' => return Stop::refuse(Fault::BareLf, cr),
        _ => return Stop::refuse(Fault::FieldValueOctet, cr),
    }
    let end = match line_end(window.bytes, cr) {
        Err(Stop::Partial) => return Err(window.overrun),
        other => other?,
    };
    let value = &window.bytes[colon + 1..cr];
    let indent = value.len() - trim_ows_start(value).len();
    fields
        .append(
            &window.bytes[start..colon],
            trim_ows(value),
            colon + 1 + indent,
        )
        .or_else(|_| Stop::refuse(Fault::SectionTooLong, start))?;
    Ok(end)
}
