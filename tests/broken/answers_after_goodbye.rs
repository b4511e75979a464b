//! Goes on with what was pipelined after the request that asked for the end.

use crate::right::{PARTS, Parts};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "answers_after_goodbye",
    // A connection that never ends is noticed by whoever waits for its end.
    fails: &["2a", "2b", "2g"],
    serve: Serve::Messages(&Parts {
        goes_on: |_| true,
        ..PARTS
    }),
};
