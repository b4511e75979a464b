//! How much of anything a peer may send.

/// Bounds on what a peer may send, in octets unless the name says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Method token; longer is 501.
    pub method: usize,
    /// Request-target; longer is 414.
    pub target: usize,
    /// One field line; longer is 431.
    pub field_line: usize,
    /// The field section; longer is 431.
    pub section: usize,
    /// Number of field lines; more is 431.
    pub fields: usize,
    /// Empty lines skipped before a request line (RFC 9112 §2.2).
    pub empty_lines: usize,
    /// One chunk-size line with its extensions; longer is 400.
    pub chunk_line: usize,
    /// Chunk extensions over a whole body; more is 400.
    pub chunk_extensions: usize,
    /// The trailer section; longer is 431.
    pub trailers: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            method: 32,
            target: 8_000,
            field_line: 8 * 1024,
            section: 32 * 1024,
            fields: 100,
            empty_lines: 8,
            chunk_line: 256,
            chunk_extensions: 16 * 1024,
            trailers: 8 * 1024,
        }
    }
}
