//! Trailer sections, handed on from one side to the other.
//!
//! ```text
//!     …content │ 0 │ Server-Timing: db;dur=5 │ Set-Cookie: a=b │
//!                       handed on                stays behind
//! ```
//!
//! A trailer section comes when everything has been decided: who is asked, who asks, how long a copy
//! is good, what the octets are. Somebody who merges it into the head would decide again, behind
//! the back of all who did before. So what would decide anything stays behind, in whichever
//! direction; what only tells something goes on.

use super::hop::{is_hop, is_one_of};
use super::outward::is_deceptive;
use crate::environ::OF_FRONTS;
use http_parse::Fields;

/// Fields that decide: about access, caches, conditions, or what the content is. Those that frame
/// a message or name its receiver the parser has refused already.
///
/// Source: RFC 9110 §6.5.1
const DECIDING: [&str; 29] = [
    "accept-ranges",
    "age",
    "allow",
    "authorization",
    "cache-control",
    "content-encoding",
    "content-language",
    "content-location",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "expires",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "last-modified",
    "location",
    "max-forwards",
    "pragma",
    "range",
    "retry-after",
    "server",
    "set-cookie",
    "vary",
    "via",
    "www-authenticate",
];

/// What is handed on of a section, of a message whose Connection named these fields.
pub(super) fn clean(section: &Fields, named: &[Box<[u8]>]) -> Fields {
    let mut section = section.clone();
    section.retain(|name| {
        let stays = is_one_of(name, &DECIDING) || is_one_of(name, &OF_FRONTS);
        !stays && !is_hop(name, named) && !is_deceptive(name)
    });
    section
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_decide_anything_stays_behind() {
        let mut section = Fields::new();
        for name in [
            "Server-Timing",
            "Set-Cookie",
            "AUTHORIZATION",
            "X-Forwarded-For",
            "X_Sum",
            "X-Mine",
            "Keep-Alive",
            "Proxy",
            "Content-Type",
            "X-Sum",
        ] {
            section.push(name, "1");
        }
        let kept = clean(&section, &[Box::from(&b"x-mine"[..])]);
        assert_eq!(kept.wire(), b"Server-Timing: 1\r\nX-Sum: 1\r\n");
    }
}
