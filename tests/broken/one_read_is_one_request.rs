//! Reads once and takes what came for the request.
//!
//! A short request on a quiet machine arrives in one piece, so it works, until it does not.

use crate::right::{Guest, PARTS, Parts, Request, Taken};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "one_read_is_one_request",
    fails: &["2a"],
    serve: Serve::Messages(&Parts { head, ..PARTS }),
};

fn head(guest: &mut Guest) -> Taken<Option<Request>> {
    if guest.come.is_empty() && !guest.hear()? {
        return Ok(Ok(None));
    }
    match guest.come.windows(4).any(|part| part == b"\r\n\r\n") || guest.come.len() > 8192 {
        true => crate::right::head(guest),
        false => Ok(Err(400)),
    }
}
