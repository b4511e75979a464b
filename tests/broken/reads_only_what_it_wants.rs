//! Leaves content alone for which it has no use, and goes on with the next request.

use crate::right::{Framing, PARTS, Parts, Request};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "reads_only_what_it_wants",
    fails: &["2g"],
    serve: Serve::Messages(&Parts { judge, ..PARTS }),
};

fn judge(request: &Request) -> Result<Framing, u16> {
    let framing = crate::right::judge(request)?;
    Ok(match request.target.as_str() {
        "/echo" => framing,
        _ => Framing::Length(0),
    })
}
