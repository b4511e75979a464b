//! Takes what comes and does not look at it, but for where it ends.

use crate::right::{Framing, PARTS, Parts, Request};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "believes_anything",
    fails: &["2c"],
    serve: Serve::Messages(&Parts { judge, ..PARTS }),
};

fn judge(request: &Request) -> Result<Framing, u16> {
    let framing = Request {
        version: "HTTP/1.0".into(),
        fields: request
            .fields
            .iter()
            .filter(|(name, _)| ["Content-Length", "Transfer-Encoding"].contains(&name.as_str()))
            .cloned()
            .collect(),
        ..Request::default()
    };
    crate::right::judge(&framing)
}
