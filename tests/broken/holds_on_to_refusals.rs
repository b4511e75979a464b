//! Refuses what is too large, and remembers every octet of it.

use crate::right::{Guest, PARTS, Parts, Request, Taken};
use crate::{Flaw, Serve};
use std::sync::Mutex;

pub(crate) const FLAW: Flaw = Flaw {
    name: "holds_on_to_refusals",
    fails: &["2d"],
    serve: Serve::Messages(&Parts { head, ..PARTS }),
};

static REFUSED: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

fn head(guest: &mut Guest) -> Taken<Option<Request>> {
    let head = crate::right::head(guest)?;
    if head.is_err() {
        let octets = vec![b'x'; 48 * 1024];
        REFUSED
            .lock()
            .expect("nobody panics while it is held")
            .push(octets);
    }
    Ok(head)
}
