//! Serves one guest to the end before it looks at the next.

use crate::company::{CHOICE, Choice};
use crate::{Flaw, Serve};
use concurrency::SERVERS;

pub(crate) const FLAW: Flaw = Flaw {
    name: "one_guest_at_a_time",
    fails: &["4a", "4b", "4c", "4e", "4f", "4g", "4h"],
    serve: Serve::Company(&Choice {
        serve: SERVERS[0].1,
        ..CHOICE
    }),
};
