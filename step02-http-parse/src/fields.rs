//! Field lines: ordered, with case-insensitive names.
//!
//! A section is kept as the bytes that stand on the wire, and beside them where the parts are:
//!
//! ```text
//!   wire   Host: a.example\r\nAccept: */*\r\n
//!   lines  ^0    ^6           ^17     ^25
//! ```
//!
//! So reading a section costs two allocations however many lines it has, and writing one is a
//! single copy. Lines read from a peer are normalised to `name: value`, without whitespace
//! around the value.
//!
//! Lines of one name are never joined here: for `Set-Cookie` that would be wrong (RFC 9110
//! §5.3), and whoever wants a list has [`Fields::list`].

use crate::bytes::{is_field_vchar, is_tchar, trim_ows};
use crate::line::{COLON, CRLF, Line};
use std::fmt;

/// A field name or value that may not be written on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidField;

impl fmt::Display for InvalidField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name or value has an octet that is not allowed on the wire")
    }
}

impl std::error::Error for InvalidField {}

/// A field section: its lines in order, found by name whatever the case.
///
/// ```
/// use http_parse::Fields;
///
/// let mut fields = Fields::new();
/// fields.push("Vary", "Accept, Accept-Encoding");
/// assert_eq!(fields.get("vary"), Some(&b"Accept, Accept-Encoding"[..]));
/// assert_eq!(fields.list("VARY").count(), 2);
/// assert!(fields.try_push(b"X", b"two\r\nlines").is_err());
/// ```
///
/// Source: RFC 9110 §5
#[derive(Clone, Default)]
pub struct Fields {
    /// Every line as `name: value CR LF`, and nothing else.
    wire: Vec<u8>,
    /// One for each line of `wire`, in order.
    lines: Vec<Line>,
}

impl Fields {
    /// Makes an empty section.
    pub fn new() -> Fields {
        Fields::default()
    }

    /// Appends a line of our own making.
    ///
    /// # Panics
    /// When name or value is not allowed on the wire: a mistake of the caller. Octets that came
    /// from outside go through [`Fields::try_push`].
    pub fn push(&mut self, name: &'static str, value: &str) {
        self.try_push(name.as_bytes(), value.as_bytes())
            .expect("a field of our own making is valid");
    }

    /// Appends a line whose octets came from outside, without whitespace around the value.
    ///
    /// # Errors
    /// `InvalidField` when the name is no token or the value has a control character other than
    /// HTAB, above all CR, LF or NUL: such a value would be read as lines of its own.
    ///
    /// Source: RFC 9110 §5.1, §5.5
    pub fn try_push(&mut self, name: &[u8], value: &[u8]) -> Result<(), InvalidField> {
        let named = !name.is_empty() && name.iter().all(|byte| is_tchar(*byte));
        if !named || !value.iter().all(|byte| is_field_vchar(*byte)) {
            return Err(InvalidField);
        }
        let value = trim_ows(value);
        let line = Line::new(0..name.len(), 0..value.len()).ok_or(InvalidField)?;
        self.append(name, value, line).ok_or(InvalidField)
    }

    /// Appends a line of checked octets, which `line` describes; `None` when the section is full.
    fn append(&mut self, name: &[u8], value: &[u8], line: Line) -> Option<()> {
        let line = line.at_end_of(self.wire.len())?;
        self.lines.push(line);
        self.wire.reserve(line.len() as usize);
        for part in [name, COLON, value, CRLF] {
            self.wire.extend_from_slice(part);
        }
        Some(())
    }

    /// Copies a section out of the message whose octets up to `end` its `lines` describe; `None`
    /// when it is larger than a section can be.
    pub(crate) fn from_message(message: &[u8], lines: Vec<Line>, end: usize) -> Option<Fields> {
        let start = lines.first().map_or(end, |line| line.name().start);
        if is_normal(message, &lines, end) {
            let by = u32::try_from(start).ok()?;
            return Some(Fields {
                wire: message[start..end].to_vec(),
                lines: lines.into_iter().map(|line| line.moved(by)).collect(),
            });
        }
        let mut fields = Fields::new();
        for line in lines {
            fields.append(
                &message[line.name()],
                &message[line.value_in_message()],
                line,
            )?;
        }
        Some(fields)
    }

    /// Removes every line of that name.
    pub fn remove(&mut self, name: &str) {
        let Fields { wire, lines } = self;
        let mut removed = 0;
        lines.retain_mut(|line| {
            if is_name(&wire[line.name()], name) {
                removed += line.len();
                return false;
            }
            let whole = line.whole();
            *line = line.moved(removed);
            wire.copy_within(whole, line.whole().start);
            true
        });
        wire.truncate(wire.len() - removed as usize);
    }

    /// Returns the value of the first line of that name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let line = self
            .lines
            .iter()
            .find(|line| is_name(&self.wire[line.name()], name))?;
        Some(&self.wire[line.value()])
    }

    /// Tells whether there is a line of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Returns the values of all lines of that name, in order.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f [u8]> {
        self.located(name).map(|(value, _)| value)
    }

    /// Returns the members of a comma-separated list over all lines of that name, trimmed, empty
    /// ones left out. A comma inside a quoted string is not understood.
    ///
    /// Source: RFC 9110 §5.6.1
    // ANCHOR: list
    pub fn list<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f [u8]> {
        self.all(name)
            .flat_map(|value| value.split(|byte| *byte == b','))
            .map(trim_ows)
            .filter(|member| !member.is_empty())
    }
    // ANCHOR_END: list

    /// Returns every line as (name, value), in order, names as they came.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.lines
            .iter()
            .map(|line| (&self.wire[line.name()], &self.wire[line.value()]))
    }

    /// Returns the number of lines.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Tells whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Returns the lines as they go on the wire, each ended by CR LF, without the empty line
    /// after them.
    pub fn wire(&self) -> &[u8] {
        &self.wire
    }

    /// Returns the values of all lines of that name, each with its offset in the message.
    pub(crate) fn located<'f>(&'f self, name: &'f str) -> impl Iterator<Item = (&'f [u8], usize)> {
        self.lines
            .iter()
            .filter(move |line| is_name(&self.wire[line.name()], name))
            .map(|line| (&self.wire[line.value()], line.at()))
    }

    /// Returns every line as (name, the whole line as it goes on the wire).
    pub(crate) fn wire_lines(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.lines
            .iter()
            .map(|line| (&self.wire[line.name()], &self.wire[line.whole()]))
    }
}

/// Tells whether every line is `name: value CR LF` already, as nearly every sender writes them, so
/// that the section can be copied whole.
fn is_normal(message: &[u8], lines: &[Line], end: usize) -> bool {
    let ends = lines
        .iter()
        .skip(1)
        .map(|next| next.name().start)
        .chain([end]);
    lines.iter().zip(ends).all(|(line, end)| {
        line.value() == line.value_in_message()
            && message[line.name().end..].starts_with(COLON)
            && line.whole().end == end
    })
}

/// Field names are compared without regard to case (RFC 9110 §5.1).
fn is_name(octets: &[u8], name: &str) -> bool {
    octets.eq_ignore_ascii_case(name.as_bytes())
}

/// Two sections are equal when they are the same on the wire; where they were read is no matter.
impl PartialEq for Fields {
    fn eq(&self, other: &Fields) -> bool {
        self.wire == other.wire
    }
}

impl Eq for Fields {}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.iter().map(|(name, value)| {
                (
                    name.escape_ascii().to_string(),
                    value.escape_ascii().to_string(),
                )
            }))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields.try_push(name.as_bytes(), value.as_bytes()).unwrap();
        }
        fields
    }

    #[test]
    fn lines_stand_on_the_wire_in_order() {
        let fields = fields(&[("B", "1"), ("a", " 2\t"), ("C", "")]);
        assert_eq!(fields.wire(), b"B: 1\r\na: 2\r\nC: \r\n");
        assert_eq!(fields.len(), 3);
        let names: Vec<_> = fields.iter().map(|(name, _)| name).collect();
        assert_eq!(names, [b"B", b"a", b"C"]);
    }

    #[test]
    fn names_are_found_whatever_the_case() {
        let fields = fields(&[("Set-Cookie", "a"), ("X", "y"), ("set-cookie", "b")]);
        assert_eq!(fields.get("SET-COOKIE"), Some(&b"a"[..]));
        assert_eq!(fields.all("Set-Cookie").collect::<Vec<_>>(), [b"a", b"b"]);
        assert_eq!(fields.get("Set-Cooki"), None);
        assert!(!fields.contains("Y"));
    }

    #[test]
    fn a_list_goes_over_all_lines_and_leaves_empty_members_out() {
        let fields = fields(&[("V", "a, b,,"), ("v", " , c\t,"), ("v", "")]);
        assert_eq!(fields.list("V").collect::<Vec<_>>(), [b"a", b"b", b"c"]);
    }

    #[test]
    fn removing_a_name_removes_all_its_lines_and_no_other() {
        let mut some = fields(&[("A", "1"), ("B", "2"), ("a", "3"), ("C", "4")]);
        some.remove("A");
        assert_eq!(some, fields(&[("B", "2"), ("C", "4")]));
        assert_eq!(some.get("c"), Some(&b"4"[..]));
        some.remove("missing");
        some.remove("B");
        some.remove("C");
        assert!(some.is_empty());
        assert_eq!(some, Fields::new());
    }

    #[test]
    fn what_would_break_the_wire_is_refused() {
        let mut fields = Fields::new();
        for value in ["a\r\nB: c", "a\n", "a\r", "a\0", "\x7f", "\x1b[0m"] {
            assert_eq!(
                fields.try_push(b"A", value.as_bytes()),
                Err(InvalidField),
                "{value:?}"
            );
        }
        for name in ["", "A ", "A:", "A\r\nB", "\u{e9}", "A(b)"] {
            assert_eq!(
                fields.try_push(name.as_bytes(), b"x"),
                Err(InvalidField),
                "{name:?}"
            );
        }
        assert!(fields.is_empty());
    }

    #[test]
    #[should_panic(expected = "a field of our own making is valid")]
    fn an_invalid_line_of_our_own_is_a_mistake_of_ours() {
        Fields::new().push("A", "b\nc");
    }
}
