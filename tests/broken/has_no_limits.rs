//! Reads a head to its end, however far away that is.

use crate::right::{Guest, PARTS, Parts, Request, Taken};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "has_no_limits",
    fails: &["2d"],
    serve: Serve::Messages(&Parts { head, ..PARTS }),
};

fn head(guest: &mut Guest) -> Taken<Option<Request>> {
    let head = guest.take_until(b"\r\n\r\n", usize::MAX)?;
    Ok(match head {
        Some(head) => Request::read(&head).map(Some).ok_or(400),
        None => Ok(None),
    })
}
