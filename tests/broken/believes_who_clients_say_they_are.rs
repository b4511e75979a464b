//! Adds the client's address where there is none yet, and so lets every client choose its own.

use crate::proxies::{PARTS, Parts};
use crate::right::Request;
use crate::{Flaw, Serve};
use std::net::IpAddr;

pub(crate) const FLAW: Flaw = Flaw {
    name: "believes_who_clients_say_they_are",
    fails: &["5f"],
    serve: Serve::Proxies(&Parts { onward, ..PARTS }),
};

fn onward(request: &Request, content: &[u8], client: IpAddr) -> Vec<u8> {
    let said = request.all("X-Forwarded-For").pop();
    let who = said.and_then(|said| said.parse().ok()).unwrap_or(client);
    (PARTS.onward)(request, content, who)
}
