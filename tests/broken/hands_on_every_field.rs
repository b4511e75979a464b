//! Hands on every field that a client sends: a proxy that changes nothing cannot be wrong.

use crate::answers::lines;
use crate::proxies::{PARTS, Parts, with};
use crate::right::Request;
use crate::{Flaw, Serve};
use std::net::IpAddr;

pub(crate) const FLAW: Flaw = Flaw {
    name: "hands_on_every_field",
    fails: &["5f"],
    serve: Serve::Proxies(&Parts { onward, ..PARTS }),
};

fn onward(request: &Request, content: &[u8], client: IpAddr) -> Vec<u8> {
    let framing = ["Content-Length", "Transfer-Encoding"];
    let fields = request.fields.iter();
    let fields = fields.filter(|(name, _)| !framing.contains(&name.as_str()));
    let fields = format!("{}X-Forwarded-For: {client}\r\n", lines(fields));
    with(request, &fields, content)
}
