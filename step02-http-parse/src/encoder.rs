//! Bodies, onto the wire.

/// A body whose length is not the one its head promised: a mistake of the sender, which breaks the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LengthMismatch {
    /// Octets promised and not sent; 0 when too many came.
    pub missing: u64,
}

/// Frames a body on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoder {
    /// No body goes out (HEAD, 1xx, 204, 304): what is given is dropped.
    Bodiless,
    /// So many octets are still owed.
    Length(u64),
    /// In chunks.
    Chunked,
    /// Until the connection closes.
    UntilClose,
}
