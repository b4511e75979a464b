//! Field sections, from the wire: the lines of a head or a trailer section.
//!
//! One pass, strictly from left to right: whether an octet is refused depends on the octets up to
//! it and on nothing later. So cutting the input anywhere can delay the answer and never change
//! it, which the tests try at every octet.
//!
//! Nearly every sender writes its lines as a section keeps them, so runs of such lines are copied
//! whole, and only a line that differs is written anew.

use crate::bytes::{trim_ows, trim_ows_start};
use crate::line::CRLF;
use crate::scan::{Stop, line_end, within};
use crate::{Fault, Fields, Limits, Reject, span};
use std::ops::Range;

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

    /// How far a line that begins at `at` may reach, and what is wrong, and where, beyond that.
    fn reach(&self, at: usize, section_end: usize) -> (usize, (Fault, usize)) {
        let line_end = at.saturating_add(self.line);
        let reach = line_end.saturating_add(CRLF.len());
        if reach <= section_end {
            (reach, (Fault::FieldLineTooLong, line_end))
        } else {
            (section_end, (Fault::SectionTooLong, section_end))
        }
    }
}

/// Reads a field section that begins at `start` into `fields`, in place of what they held, up to
/// and with the empty line that ends it. Returns the offset after that line.
///
/// Source: RFC 9112 §5, §2.2
pub(crate) fn parse(
    bytes: &[u8],
    start: usize,
    bounds: &Bounds,
    fields: &mut Fields,
) -> Result<usize, Stop> {
    fields.clear();
    let section_end = start.saturating_add(bounds.section);
    // Lines between the two are as a section keeps them, and not copied yet.
    let (mut copied, mut at) = (start, start);
    loop {
        // ANCHOR: line_start
        match bytes.get(at) {
            None => return Err(Stop::Partial),
            Some(b'\r') => {
                let end = line_end(bytes, at)?;
                fields.copy(&bytes[copied..at]);
                return Ok(end);
            }
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
        // ANCHOR_END: line_start
        let (reach, overrun) = bounds.reach(at, section_end);
        let line = within(bytes, reach, overrun, |window| field_line(window, at))?;
        fields.note(at - copied, line.colon - at, line.value.clone());
        if line.spacing == Spacing::Other {
            fields.copy(&bytes[copied..at]);
            fields.write(&bytes[at..line.colon], &bytes[line.value]);
            copied = line.end;
        }
        at = line.end;
    }
}

/// A field line, by its offsets in the message.
struct FieldLine {
    colon: usize,
    value: Range<usize>,
    spacing: Spacing,
    /// The offset after its CR LF.
    end: usize,
}

/// What stands around a value.
#[derive(PartialEq, Eq)]
enum Spacing {
    /// One space before it, as a section keeps it.
    Kept,
    Other,
}

/// Reads one line.
#[inline]
fn field_line(bytes: &[u8], start: usize) -> Result<FieldLine, Stop> {
    let colon = start + span::token(&bytes[start..]);
    if bytes.get(colon) != Some(&b':') || colon == start {
        return Err(no_colon(bytes, colon));
    }
    let padded_start = colon + 1;
    let cr = padded_start + span::value(&bytes[padded_start..]);
    if bytes.get(cr) != Some(&b'\r') {
        return Err(no_cr(bytes, cr));
    }
    let end = line_end(bytes, cr)?;
    let (value, spacing) = match &bytes[padded_start..cr] {
        [b' ', value @ ..] if !matches!(value, [b' ' | b'\t', ..] | [.., b' ' | b'\t']) => {
            (padded_start + 1..cr, Spacing::Kept)
        }
        padded => {
            let start = cr - trim_ows_start(padded).len();
            (start..start + trim_ows(padded).len(), Spacing::Other)
        }
    };
    Ok(FieldLine {
        colon,
        value,
        spacing,
        end,
    })
}

/// Says why there is no name that ends in a colon at `at`.
// ANCHOR: field_name
#[cold]
fn no_colon(bytes: &[u8], at: usize) -> Stop {
    let fault = match bytes.get(at) {
        None => return Stop::Partial,
        Some(b':') => Fault::FieldNameEmpty,
        Some(b' ' | b'\t') => Fault::FieldNameSpace,
        Some(b'\r') => Fault::ColonMissing,
        Some(b'\n') => Fault::BareLf,
        Some(_) => Fault::FieldNameOctet,
    };
    Stop::Refused(Reject::new(fault, at))
}
// ANCHOR_END: field_name

/// Says why a value does not end in CR at `at`.
#[cold]
fn no_cr(bytes: &[u8], at: usize) -> Stop {
    let fault = match bytes.get(at) {
        None => return Stop::Partial,
        Some(b'\n') => Fault::BareLf,
        Some(_) => Fault::FieldValueOctet,
    };
    Stop::Refused(Reject::new(fault, at))
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
        let mut fields = Fields::new();
        match parse(bytes, 0, &Bounds::head(&limits()), &mut fields) {
            Ok(len) => Ok(Some((fields, len))),
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
        // Where both limits are the same octet, it is the line that is too long.
        let section = format!("A: 6789\r\nA: 67890123\r\nA: {}\r\n\r\n", "b".repeat(20));
        check(&section, Err((Fault::FieldLineTooLong, 38)));
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
