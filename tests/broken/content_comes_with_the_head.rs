//! Takes for the content what has arrived by the time the head has been read, and one read more.

use crate::right::{Framing, Guest, PARTS, Parts, Taken};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "content_comes_with_the_head",
    fails: &["2e"],
    serve: Serve::Messages(&Parts { content, ..PARTS }),
};

fn content(guest: &mut Guest, framing: Framing) -> Taken<Vec<u8>> {
    match framing {
        Framing::Length(length) if length > 1024 => {
            guest.hear()?;
            Ok(Ok(std::mem::take(&mut guest.come)))
        }
        _ => crate::right::content(guest, framing),
    }
}
