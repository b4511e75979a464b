//! Field lines: ordered, with case-insensitive names.

/// A field name or value that may not be written on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidField;

/// A field section, kept as the bytes that stand on the wire (`Name: value CR LF` each) and where its parts are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    wire: Vec<u8>,
}

impl Fields {
    /// An empty section.
    pub fn new() -> Fields {
        Fields::default()
    }
    /// Appends a line of our own making.
    ///
    /// # Panics
    /// When name or value is not allowed on the wire: a mistake of the caller. Octets that came from outside go through [`Fields::try_push`].
    pub fn push(&mut self, name: &'static str, value: &str) {
        let _ = (name, value);
        todo!()
    }
    /// Appends a line whose octets came from outside.
    ///
    /// # Errors
    /// `InvalidField` when the name is no token or the value has a control character.
    pub fn try_push(&mut self, name: &[u8], value: &[u8]) -> Result<(), InvalidField> {
        let _ = (name, value);
        todo!()
    }
    /// Removes every line of that name.
    pub fn remove(&mut self, name: &str) {
        let _ = name;
        todo!()
    }
    /// The value of the first line of that name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, v)| v)
    }
    /// Whether there is a line of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
    /// The values of all lines of that name, in order.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f [u8]> {
        self.iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, v)| v)
    }
    /// The members of a comma-separated list over all lines of that name, trimmed, empty ones left out (RFC 9110 §5.6.1).
    pub fn list<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f [u8]> {
        self.all(name)
            .flat_map(|value| value.split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|member| !member.is_empty())
    }
    /// Every line as (name, value), in order, names as they came.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        std::iter::empty()
    }
    /// The number of lines.
    pub fn len(&self) -> usize {
        todo!()
    }
    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.wire.is_empty()
    }
    /// The lines as they go on the wire, each ended by CR LF, without the empty line after them.
    pub fn wire(&self) -> &[u8] {
        &self.wire
    }
}
