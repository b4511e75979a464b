//! Field sections, from the wire: the lines of a head or a trailer section.
//!
//! One pass, strictly from left to right: whether an octet is refused depends on the octets up to
//! it and on nothing later. So cutting the input anywhere can delay the answer and never change
//! it, which the tests try at every octet.
//!
//! A limit is a window: the scanner is not shown octets beyond it, and finding no end of line
//! within means either that more must come, or that the line is too long.

use crate::bytes::{is_field_vchar, is_tchar, trim_ows, trim_ows_start};
use crate::line::Line;
use crate::{Fault, Fields, Limits, Reject};

/// Why a step of a parser has no result.
pub(crate) enum Stop {
    /// What is there is well so far, and ends too early.
    Partial,
    /// It is not well, and nothing that follows can make it so.
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
    let mut lines = Vec::new();
    let mut at = start;
    loop {
        // ANCHOR: line_start
        match bytes.get(at) {
            None => return Err(Stop::Partial),
            Some(b'\r') => {
                let end = line_end(bytes, at)?;
                let fields = Fields::from_message(bytes, lines, at);
                let too_long = || Stop::Refused(Reject::new(Fault::SectionTooLong, start));
                return Ok((fields.ok_or_else(too_long)?, end));
            }
            Some(b'\n') => return Stop::refuse(Fault::BareLf, at),
            Some(b' ' | b'\t') if lines.is_empty() => {
                return Stop::refuse(Fault::LeadingWhitespace, at);
            }
            Some(b' ' | b'\t') => return Stop::refuse(Fault::ObsFold, at),
            Some(_) if lines.len() == bounds.count => {
                return Stop::refuse(Fault::TooManyFields, at);
            }
            Some(_) => {}
        }
        // ANCHOR_END: line_start
        let (line, end) = field_line(Window::new(bytes, at, start, bounds))?;
        if lines.is_empty() {
            lines.reserve(USUAL_LINES);
        }
        lines.push(line);
        at = end;
    }
}

/// As many field lines as browsers send with a request: one allocation holds what is noted of them.
const USUAL_LINES: usize = 16;

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

    /// Passes over octets of a class from `from` on, and returns the offset of the first other
    /// one with that octet; `None` when the window ends before it.
    fn pass(&self, from: usize, class: impl Fn(u8) -> bool) -> Option<(usize, u8)> {
        let rest = self.bytes.get(from..)?;
        let len = rest.iter().position(|byte| !class(*byte))?;
        Some((from + len, rest[len]))
    }
}

const CRLF_LEN: usize = 2;

/// Reads one line and returns the offset after it.
fn field_line(window: Window<'_>) -> Result<(Line, usize), Stop> {
    let start = window.start;
    // ANCHOR: field_name
    let Some((colon, octet)) = window.pass(start, is_tchar) else {
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
    // ANCHOR_END: field_name
    let Some((cr, octet)) = window.pass(colon + 1, is_field_vchar) else {
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
    let padded = &window.bytes[colon + 1..cr];
    let value_start = cr - trim_ows_start(padded).len();
    let value_end = value_start + trim_ows(padded).len();
    match Line::new(start..colon, value_start..value_end) {
        Some(line) => Ok((line, end)),
        None => Stop::refuse(Fault::SectionTooLong, start),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            field_line: 16,
            section: 40,
            fields: 4,
            ..Limits::default()
        }
    }

    fn outcome(bytes: &[u8]) -> Result<Option<(Fields, usize)>, Reject> {
        match parse(bytes, 0, &Bounds::head(&limits())) {
            Ok(parsed) => Ok(Some(parsed)),
            Err(Stop::Partial) => Ok(None),
            Err(Stop::Refused(reject)) => Err(reject),
        }
    }

    /// Whole, and cut at every octet: a prefix is partial, or refused like the whole.
    #[track_caller]
    fn check(section: &str, expected: Result<&str, (Fault, usize)>) {
        let whole = outcome(section.as_bytes());
        let shown = whole.as_ref().map(|parsed| {
            let (fields, len) = parsed.as_ref().expect("the section is whole");
            assert_eq!(*len, section.len(), "{section:?}");
            check_offsets(section.as_bytes(), fields);
            String::from_utf8_lossy(fields.wire()).into_owned()
        });
        let shown = shown.map_err(|reject| (reject.fault, reject.at));
        assert_eq!(shown, expected.map(str::to_owned), "{section:?}");
        for cut in 0..section.len() {
            match outcome(&section.as_bytes()[..cut]) {
                Ok(None) => {}
                prefix => assert_eq!(prefix, whole, "{section:?} cut at {cut}"),
            }
        }
    }

    /// Every value has been read where its offset says.
    #[track_caller]
    fn check_offsets(section: &[u8], fields: &Fields) {
        for (name, _) in fields.iter() {
            for (value, at) in fields.located(str::from_utf8(name).unwrap()) {
                assert_eq!(&section[at..][..value.len()], value, "{fields:?}");
            }
        }
    }

    #[test]
    fn lines_are_normalised_to_one_space_after_the_colon() {
        check("\r\n", Ok(""));
        check("A: b\r\n\r\n", Ok("A: b\r\n"));
        check("A:b\r\nC:\t d \t\r\n\r\n", Ok("A: b\r\nC: d\r\n"));
        check("A:\r\nB: \r\n\r\n", Ok("A: \r\nB: \r\n"));
        // Each way of not being normal alone, as one of them is enough to copy line by line.
        check("A:\tb\r\n\r\n", Ok("A: b\r\n"));
        check("A: b \r\nC: d\r\n\r\n", Ok("A: b\r\nC: d\r\n"));
        check("A: b\t\r\n\r\n", Ok("A: b\r\n"));
        check("A:  b\r\n\r\n", Ok("A: b\r\n"));
        check("A: b c\td\r\n\r\n", Ok("A: b c\td\r\n"));
        check("A: b:c\r\n\r\n", Ok("A: b:c\r\n"));
        check(
            "!#$%&'*+-.^_`|~: 1\r\n\r\n",
            Err((Fault::FieldLineTooLong, 16)),
        );
        check("!#$%&'*+-.: 1\r\n\r\n", Ok("!#$%&'*+-.: 1\r\n"));
    }

    #[test]
    fn octets_above_ascii_are_kept_in_values() {
        let (fields, _) = outcome(b"A: \xe9\xff\r\n\r\n").unwrap().unwrap();
        assert_eq!(fields.get("a"), Some(&b"\xe9\xff"[..]));
    }

    #[test]
    fn a_line_ends_with_cr_lf_and_nothing_else() {
        check("A: b\nC: d\r\n\r\n", Err((Fault::BareLf, 4)));
        check("A: b\r\n\n", Err((Fault::BareLf, 6)));
        check("A\n\r\n", Err((Fault::BareLf, 1)));
        check("A: b\rC: d\r\n\r\n", Err((Fault::BareCr, 4)));
        check("A: b\r\r\n\r\n", Err((Fault::BareCr, 4)));
        check("\rA: b\r\n\r\n", Err((Fault::BareCr, 0)));
    }

    #[test]
    fn whitespace_stands_in_values_only() {
        check(" A: b\r\n\r\n", Err((Fault::LeadingWhitespace, 0)));
        check("\tA: b\r\n\r\n", Err((Fault::LeadingWhitespace, 0)));
        check("A: b\r\n c\r\n\r\n", Err((Fault::ObsFold, 6)));
        check("A: b\r\n\tc\r\n\r\n", Err((Fault::ObsFold, 6)));
        check("A: b\r\n \r\n\r\n", Err((Fault::ObsFold, 6)));
        check("A : b\r\n\r\n", Err((Fault::FieldNameSpace, 1)));
        check("A\t: b\r\n\r\n", Err((Fault::FieldNameSpace, 1)));
        check("A B: c\r\n\r\n", Err((Fault::FieldNameSpace, 1)));
    }

    #[test]
    fn a_line_has_a_name_and_a_colon() {
        check("A\r\n\r\n", Err((Fault::ColonMissing, 1)));
        check(": b\r\n\r\n", Err((Fault::FieldNameEmpty, 0)));
        check("A(b): c\r\n\r\n", Err((Fault::FieldNameOctet, 1)));
        check("\u{e9}: c\r\n\r\n", Err((Fault::FieldNameOctet, 0)));
        check("A\0: c\r\n\r\n", Err((Fault::FieldNameOctet, 1)));
    }

    #[test]
    fn control_characters_are_refused_in_values() {
        for octet in (0..0x20u8).chain([0x7f]) {
            if matches!(octet, b'\t' | b'\r' | b'\n') {
                continue;
            }
            let section = format!("A: b{}c\r\n\r\n", char::from(octet));
            check(&section, Err((Fault::FieldValueOctet, 4)));
        }
    }

    #[test]
    fn a_line_may_be_as_long_as_its_limit() {
        check("A: 3456789012345\r\n\r\n", Ok("A: 3456789012345\r\n"));
        check(
            "A: 34567890123456\r\n\r\n",
            Err((Fault::FieldLineTooLong, 16)),
        );
        check("ABCDEFGHIJKLMNOP\r\n\r\n", Err((Fault::ColonMissing, 16)));
        check("ABCDEFGHIJKLMNOPQR", Err((Fault::FieldLineTooLong, 16)));
    }

    #[test]
    fn a_section_may_be_as_long_as_its_limit() {
        let three = "A: 6789\r\n".repeat(3);
        check(
            &format!("{three}A: 67890123\r\n\r\n"),
            Ok(&format!("{three}A: 67890123\r\n")),
        );
        let section = format!("{three}A: 678901234\r\n\r\n");
        check(&section, Err((Fault::SectionTooLong, 40)));
    }

    #[test]
    fn a_section_may_have_as_many_lines_as_its_limit() {
        let four = "A: 1\r\n".repeat(4);
        check(&format!("{four}\r\n"), Ok(&four));
        check(
            &format!("{four}B: 1\r\n\r\n"),
            Err((Fault::TooManyFields, 24)),
        );
    }
}
