//! Takes the whole line for a chunk's size, because no client of its author sends an extension.

use crate::right::{Framing, Guest, PARTS, Parts, Taken, chunks};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "knows_no_extensions",
    fails: &["2f"],
    serve: Serve::Messages(&Parts { content, ..PARTS }),
};

fn content(guest: &mut Guest, framing: Framing) -> Taken<Vec<u8>> {
    match framing {
        Framing::Length(_) => crate::right::content(guest, framing),
        Framing::Chunked => chunks(guest, |line| line),
    }
}
