//! Why a client did not get what it waited for.

use crate::answer::Malformed;
use crate::report::Escaped;
use std::fmt;
use std::io;
use std::time::Duration;

/// Why the client did not get what it waited for.
#[derive(Debug)]
pub enum Trouble {
    /// Nobody accepts at the address.
    Connect(io::Error),
    /// The server no longer takes octets.
    Send(io::Error),
    /// Nothing more came before the deadline.
    Late {
        /// How long the client waited.
        waited: Duration,
    },
    /// The connection was reset: octets under way may have been lost.
    Reset,
    /// The input ended before the answer did.
    Ended,
    /// The answer is not what HTTP/1.1 allows.
    Malformed {
        /// One sentence.
        what: &'static str,
        /// Offset from the answer's first octet.
        at: usize,
    },
    /// Octets came where nothing was to come.
    Surplus(Vec<u8>),
    /// Anything else the socket reports.
    Io(io::Error),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Connect(error) => write!(f, "cannot connect: {error}"),
            Trouble::Send(error) => write!(f, "the server stopped reading: {error}"),
            Trouble::Late { waited } => write!(f, "nothing more came within {waited:.1?}"),
            Trouble::Reset => f.write_str("the connection was reset, which can destroy an answer"),
            Trouble::Ended => f.write_str("the connection ended before the answer was complete"),
            Trouble::Malformed { what, at } => write!(f, "{what} (offset {at})"),
            Trouble::Surplus(octets) => {
                write!(f, "octets came after the last answer: {}", Escaped(octets))
            }
            Trouble::Io(error) => write!(f, "the socket failed: {error}"),
        }
    }
}

impl std::error::Error for Trouble {}

impl From<Malformed> for Trouble {
    fn from(malformed: Malformed) -> Trouble {
        Trouble::Malformed {
            what: malformed.what,
            at: malformed.at,
        }
    }
}
