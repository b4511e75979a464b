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

use crate::bytes::trim_ows;
use crate::line::{COLON, CRLF, Line, length_bit};
use crate::span;
use std::fmt;
use std::ops::Range;

/// As many field lines as browsers send with a request: one allocation holds what is noted of them.
const USUAL_LINES: usize = 16;

/// Octets of the lines that servers on the way add to a section, such as Date, Server and Via: one
/// allocation holds them, too.
const USUAL_ADDITIONS: usize = 128;

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
    /// A bit for each length that a name in `lines` has, and perhaps for some that none has any more.
    /// Most names that are asked for are not there, and this says so without a look at the lines.
    lengths: u32,
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
        let named = !name.is_empty() && span::token(name) == name.len();
        if !named || span::value(value) != value.len() {
            return Err(InvalidField);
        }
        let value = trim_ows(value);
        self.note(0, name.len(), 0..value.len());
        self.write(name, value);
        Ok(())
    }

    /// Appends the lines of another section, which need no second check.
    pub fn append(&mut self, other: &Fields) {
        let ahead = self.wire.len();
        let moved = |line: &Line| Line {
            start: ahead + line.start,
            ..*line
        };
        self.wire.extend_from_slice(&other.wire);
        self.lines.extend(other.lines.iter().map(moved));
        self.lengths |= other.lengths;
    }

    /// Copies the section into memory that holds some more lines: of `octets` in all, and those that
    /// servers on the way add.
    #[must_use]
    pub fn with_room(&self, octets: usize) -> Fields {
        let mut copy = Fields {
            wire: Vec::with_capacity(self.wire.len() + octets + USUAL_ADDITIONS),
            lines: Vec::with_capacity(self.lines.len().max(USUAL_LINES)),
            lengths: self.lengths,
        };
        copy.wire.extend_from_slice(&self.wire);
        copy.lines.extend_from_slice(&self.lines);
        copy
    }

    /// Forgets all lines and keeps their memory.
    pub(crate) fn clear(&mut self) {
        self.wire.clear();
        self.lines.clear();
        self.lengths = 0;
    }

    /// Notes a line that will be written after `ahead` more octets, and whose value was read from
    /// `value` of a message.
    #[inline]
    pub(crate) fn note(&mut self, ahead: usize, name_len: usize, value: Range<usize>) {
        if self.lines.capacity() == 0 {
            self.lines.reserve(USUAL_LINES);
        }
        self.lengths |= length_bit(name_len);
        self.lines.push(Line {
            start: self.wire.len() + ahead,
            name_len,
            value_len: value.len(),
            at: value.start,
        });
    }

    /// Writes lines that have been noted and stand in a message as they do in a section.
    pub(crate) fn copy(&mut self, lines: &[u8]) {
        if self.wire.capacity() == 0 && !lines.is_empty() {
            self.wire.reserve(lines.len() + USUAL_ADDITIONS);
        }
        self.wire.extend_from_slice(lines);
    }

    /// Writes a line that has been noted, of checked octets.
    pub(crate) fn write(&mut self, name: &[u8], value: &[u8]) {
        let parts = [name, COLON, value, CRLF];
        self.wire.reserve(parts.iter().map(|part| part.len()).sum());
        for part in parts {
            self.wire.extend_from_slice(part);
        }
    }

    /// Returns the octets of memory it holds.
    pub(crate) fn memory(&self) -> usize {
        self.wire.capacity() + self.lines.capacity() * size_of::<Line>()
    }

    /// Removes every line of that name.
    pub fn remove(&mut self, name: &str) {
        self.retain(|other| !is_name(other, name));
    }

    /// Keeps the lines with names of which `is_kept` holds, and removes all others.
    pub fn retain(&mut self, mut is_kept: impl FnMut(&[u8]) -> bool) {
        let Fields { wire, lines, .. } = self;
        let mut removed = 0;
        lines.retain_mut(|line| {
            let whole = line.whole();
            if !is_kept(&wire[line.name()]) {
                removed += whole.len();
                return false;
            }
            line.start -= removed;
            wire.copy_within(whole, line.start);
            true
        });
        wire.truncate(wire.len() - removed);
    }

    /// Returns the value of the first line of that name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let mut lines = self.as_long_as(name).iter();
        let line = lines.find(|line| self.is_called(line, name))?;
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
        self.as_long_as(name)
            .iter()
            .filter(move |line| self.is_called(line, name))
            .map(|line| (&self.wire[line.value()], line.at))
    }

    /// Returns the lines among which that name can be: none, where none has one of its length.
    fn as_long_as(&self, name: &str) -> &[Line] {
        match self.lengths & length_bit(name.len()) {
            0 => &[],
            _some => &self.lines,
        }
    }

    /// Compares the name of a line. Most differ in length, which is known without their octets.
    fn is_called(&self, line: &Line, name: &str) -> bool {
        line.name_len == name.len() && is_name(&self.wire[line.name()], name)
    }

    /// Returns every line as (name, the whole line as it goes on the wire).
    pub(crate) fn wire_lines(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.lines
            .iter()
            .map(|line| (&self.wire[line.name()], &self.wire[line.whole()]))
    }
}

/// Field names are compared without regard to case (RFC 9110 §5.1). Nearly all come as they are
/// spelled in the standards, and to see that takes a tenth of the time.
pub(crate) fn is_name(octets: &[u8], name: &str) -> bool {
    octets == name.as_bytes() || octets.eq_ignore_ascii_case(name.as_bytes())
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
    fn names_of_any_length_are_found() {
        for length in 1..=100 {
            let name = "N".repeat(length);
            let fields = fields(&[(&name, "v"), ("Other", "w")]);
            assert_eq!(fields.get(&name), Some(&b"v"[..]), "{name}");
            assert!(!fields.contains(&"M".repeat(length + 32)), "{name}");
            assert_eq!(fields.all(&name).count(), 1, "{name}");
        }
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
    fn lines_of_another_section_stand_behind_its_own() {
        let mut some = fields(&[("A", "1"), ("Bc", "2")]);
        some.append(&fields(&[("Def", "3"), ("a", "4")]));
        assert_eq!(some.wire(), b"A: 1\r\nBc: 2\r\nDef: 3\r\na: 4\r\n");
        assert_eq!(some.all("A").collect::<Vec<_>>(), [b"1", b"4"]);
        assert_eq!(some.get("def"), Some(&b"3"[..]));
        some.remove("Bc");
        assert_eq!(some.with_room(100).get("Def"), Some(&b"3"[..]));
        assert!(!some.contains("Bc"));
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
    fn sections_are_equal_when_they_are_on_the_wire() {
        assert_eq!(fields(&[("A", " 1")]), fields(&[("A", "1")]));
        assert_ne!(fields(&[("A", "1")]), fields(&[("a", "1")]));
        assert_ne!(fields(&[("A", "1")]), fields(&[]));
    }

    #[test]
    fn what_is_shown_to_a_programmer_is_escaped() {
        let shown = format!("{:?}", fields(&[("A", "\u{e9}!")]));
        assert_eq!(shown, r#"{"A": "\\xc3\\xa9!"}"#);
        assert!(InvalidField.to_string().contains("not allowed"));
    }

    #[test]
    fn memory_is_that_of_octets_and_lines() {
        let (none, some) = (Fields::new(), fields(&[("A", "1")]));
        assert_eq!(none.memory(), 0);
        assert!(some.memory() >= b"A: 1\r\n".len() + USUAL_LINES * size_of::<Line>());
    }

    #[test]
    #[should_panic(expected = "a field of our own making is valid")]
    fn an_invalid_line_of_our_own_is_a_mistake_of_ours() {
        Fields::new().push("A", "b\nc");
    }
}
