//! Where there are a length and chunks, reads the chunks and goes on: what a proxy that believed the
//! length takes for content becomes a request of its own.

use crate::right::{Framing, PARTS, Parts, Request};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "two_ends_are_better",
    fails: &["2f"],
    serve: Serve::Messages(&Parts { judge, ..PARTS }),
};

fn judge(request: &Request) -> Result<Framing, u16> {
    match request.all("Transfer-Encoding")[..] {
        ["chunked"] => Ok(Framing::Chunked),
        _ => crate::right::judge(request),
    }
}
