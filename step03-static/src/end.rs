//! How a connection ends when it does not end by agreement.
//!
//! Every function that talks to the client returns one of these as its error, so that `?` leads
//! from wherever the talk broke off to the one place that ends it.

use crate::Response;
use http_parse::{LengthMismatch, Reject};
use std::io;

/// Why a connection ends, other than by agreement.
#[derive(Debug)]
pub(crate) enum End {
    /// The client has left, or has nothing to ask.
    Silent,
    /// After this answer.
    Refused(Response),
    /// At once: the client has gone, or must be able to see that a response is broken.
    Cut(io::Error),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> End {
        End::Cut(error)
    }
}

impl From<Reject> for End {
    fn from(reject: Reject) -> End {
        End::Refused(reject.into())
    }
}

impl From<LengthMismatch> for End {
    fn from(mismatch: LengthMismatch) -> End {
        let sentence = match mismatch.missing {
            0 => "the response is longer than announced".to_owned(),
            missing => format!("the response is {missing} octets shorter than announced"),
        };
        End::Cut(io::Error::new(io::ErrorKind::InvalidData, sentence))
    }
}
