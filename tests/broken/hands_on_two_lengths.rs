//! Believes the length, and hands on what else says where the request ends: who knows what it is for.

use crate::answers::lines;
use crate::proxies::{PARTS, Parts, with};
use crate::right::{Framing, Request, number};
use crate::{Flaw, Serve};
use std::net::IpAddr;

pub(crate) const FLAW: Flaw = Flaw {
    name: "hands_on_two_lengths",
    fails: &["5h"],
    serve: Serve::Proxies(&Parts {
        judge,
        onward,
        ..PARTS
    }),
};

fn judge(request: &Request) -> Result<Framing, u16> {
    match request.all("Content-Length")[..] {
        [length, ..] => number(length, 10).map(Framing::Length).ok_or(400),
        [] => (PARTS.judge)(request),
    }
}

fn onward(request: &Request, content: &[u8], client: IpAddr) -> Vec<u8> {
    let codings = request.all("Transfer-Encoding");
    match (request.all("Content-Length").is_empty(), codings.is_empty()) {
        (false, false) => with(request, &lines(request.fields.iter()), content),
        (true, _) | (_, true) => (PARTS.onward)(request, content, client),
    }
}
