//! Fields that are meant for the next server only, and those that tell which way a message came
//! (RFC 9110 §7.6).

use http_parse::{Fields, Version};

/// The name in `Via`: a pseudonym, as the host's own name is nobody's business (RFC 9110 §7.6.3).
pub(super) const PSEUDONYM: &str = "build-your-own";

/// This server's part of `Via`, behind a message of that version.
pub(super) fn via(received: Version) -> &'static str {
    match received {
        Version::Http10 => "1.0 build-your-own",
        Version::Http11 => "1.1 build-your-own",
    }
}

/// Fields about one connection, whether Connection names them or not.
const HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Options of Connection that are no names of fields, or of fields that are dropped anyway.
const OPTIONS: [&str; 4] = ["close", "keep-alive", "te", "upgrade"];

// ANCHOR: hop
/// What Connection must not take away: a message without it would be another message, to somebody
/// else or of another length.
const NEVER: [&str; 3] = ["host", "content-length", "transfer-encoding"];

/// The fields that a message's Connection names; mostly none, and then nothing is allocated.
pub(super) fn named(fields: &Fields) -> Vec<Box<[u8]>> {
    let names = fields.list("Connection");
    names
        .filter(|name| !is_one_of(name, &OPTIONS) && !is_one_of(name, &NEVER))
        .map(Box::from)
        .collect()
}

/// Whether a field goes no further than here.
pub(super) fn is_hop(name: &[u8], named: &[Box<[u8]>]) -> bool {
    is_one_of(name, &HOP) || named.iter().any(|other| name.eq_ignore_ascii_case(other))
}
// ANCHOR_END: hop

/// Whether it is one of these names.
pub(super) fn is_one_of(name: &[u8], names: &[&str]) -> bool {
    let mut names = names.iter();
    names.any(|other| name.eq_ignore_ascii_case(other.as_bytes()))
}
