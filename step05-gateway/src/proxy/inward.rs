//! A response's head from another server, for the client.

use super::hop::{is_hop, via};
use http_parse::ResponseHead;

/// Takes off what was meant for this server only. Content-Length stays: where it is the framing it
/// will be held to, and with HEAD and 304 it speaks of a content that does not come.
/// `named` are the fields that its Connection names.
pub(super) fn clean(head: &mut ResponseHead, named: &[Box<[u8]>]) {
    head.fields.retain(|name| !is_hop(name, named));
    // A gateway MAY say so on responses; it helps whoever looks for the one that broke them.
    head.fields.push("Via", via(head.version));
}

/// The same for a `101`, which is about this connection: which protocol it was has to arrive.
pub(super) fn clean_switch(head: &mut ResponseHead, named: &[Box<[u8]>]) {
    let protocol: Option<Box<[u8]>> = head.fields.get("Upgrade").map(Box::from);
    clean(head, named);
    if let Some(protocol) = protocol {
        head.fields
            .try_push(b"Upgrade", &protocol)
            .expect("a value that was parsed is valid");
    }
}
