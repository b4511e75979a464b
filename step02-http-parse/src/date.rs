//! IMF-fixdate (RFC 9110 §5.6.7).

/// A point in time as HTTP writes it: whole seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpDate {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: u64,
}

impl HttpDate {
    /// Writes it as `Sun, 06 Nov 1994 08:49:37 GMT`, 29 octets.
    pub fn format(self) -> [u8; 29] {
        todo!()
    }
    /// Reads any of the three forms of RFC 9110 §5.6.7; `None` for anything else.
    pub fn parse(text: &[u8]) -> Option<HttpDate> {
        let _ = text;
        todo!()
    }
}
