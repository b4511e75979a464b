//! What a check says.

use crate::grader::finding::Finding;
use std::time::Duration;

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

/// How long a subject is waited for, and how often it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For an answer, or for the end of a connection.
    pub wait: Duration,
    /// How often a prompt answer may be tried for, on a machine that is busy with other things.
    pub tries: usize,
}

impl Patience {
    /// What everybody is given.
    pub const USUAL: Patience = Patience {
        wait: Duration::from_secs(10),
        tries: 5,
    };

    /// Enough for a server of which it is known that it hangs, or is slow.
    pub const SHORT: Patience = Patience {
        wait: Duration::from_secs(2),
        tries: 1,
    };
}
