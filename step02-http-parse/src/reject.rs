//! Why bytes were refused.

use crate::Status;

/// What is wrong with the bytes a peer sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A line ended in LF alone.
    BareLf,
}

impl Fault {
    /// One sentence for a person, and what to try.
    pub fn explain(self) -> &'static str {
        todo!()
    }
}

/// A refusal: the status to answer, the fault, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reject {
    /// The status to answer with.
    pub status: Status,
    /// What is wrong.
    pub fault: Fault,
    /// Offset of the first byte at fault, from the first byte of the message (or of the body).
    pub at: usize,
}
