//! What a check says.

use crate::grader::finding::Finding;

/// Why a check was not passed.
#[derive(Debug)]
pub enum Problem {
    /// The server did what it should not, or not what it should.
    Wrong(Box<Finding>),
    /// The server never came up: one sentence.
    NotServing(String),
    /// The grader could not do its part: one sentence.
    NotJudged(String),
}

/// What a check says.
pub type Verdict = Result<(), Problem>;

impl From<Box<Finding>> for Problem {
    fn from(finding: Box<Finding>) -> Problem {
        Problem::Wrong(finding)
    }
}
