//! Takes memory for as much content as was announced, before any of it has come.

use crate::right::{Framing, Guest, PARTS, Parts, Taken};
use crate::{Flaw, Serve};
use std::io::Read;

pub(crate) const FLAW: Flaw = Flaw {
    name: "believes_every_length",
    fails: &["2e"],
    serve: Serve::Messages(&Parts { content, ..PARTS }),
};

fn content(guest: &mut Guest, framing: Framing) -> Taken<Vec<u8>> {
    let Framing::Length(length) = framing else {
        return crate::right::content(guest, framing);
    };
    let mut content = vec![0; length];
    let early = guest.come.len().min(length);
    content[..early].copy_from_slice(&guest.come[..early]);
    guest.come.drain(..early);
    guest.stream.read_exact(&mut content[early..])?;
    Ok(Ok(content))
}
