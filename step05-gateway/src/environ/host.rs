//! Whom a request is for, by name.

use static_files::Request;
use std::net::IpAddr;

/// Whom the client asked: an absolute target wins over the Host field (RFC 9112 §3.2.2).
pub(super) fn host(request: &Request) -> Option<&[u8]> {
    let fields = &request.head.fields;
    request.head.target.authority().or(fields.get("Host"))
}

/// `[2001:db8::1]:80` → `[2001:db8::1]`, `example.org:80` → `example.org`.
pub(super) fn without_port(host: &[u8]) -> &[u8] {
    let in_brackets = host.iter().rposition(|octet| *octet == b']');
    let (kept, rest) = host.split_at(in_brackets.map_or(0, |at| at + 1));
    let name = rest.split(|octet| *octet == b':').next();
    &host[..kept.len() + name.map_or(0, <[u8]>::len)]
}

/// The address the client came to, where it named no host.
pub(super) fn server_name(request: &Request) -> String {
    match request.local.ip().to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}
