//! Gives a thread to every guest, also to those who say nothing.

use crate::company::{CHOICE, Choice};
use crate::{Flaw, Serve};
use concurrency::SERVERS;

pub(crate) const FLAW: Flaw = Flaw {
    name: "a_thread_for_each",
    fails: &["4e"],
    serve: Serve::Company(&Choice {
        serve: SERVERS[1].1,
        ..CHOICE
    }),
};
