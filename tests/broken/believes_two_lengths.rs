//! Where there are two lengths, believes the last one: a map of fields keeps no other.

use crate::right::{Framing, PARTS, Parts, Request};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "believes_two_lengths",
    fails: &["2c"],
    serve: Serve::Messages(&Parts { judge, ..PARTS }),
};

fn judge(request: &Request) -> Result<Framing, u16> {
    match request.all("Content-Length")[..] {
        [_, .., _] => Ok(Framing::Length(0)),
        _ => crate::right::judge(request),
    }
}
