//! Looks at the client when there is something to send, and so learns last that it has left.

use crate::proxies::{PARTS, Parts};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "works_for_nobody",
    fails: &["5g"],
    serve: Serve::Proxies(&Parts {
        is_gone: |_| false,
        ..PARTS
    }),
};
