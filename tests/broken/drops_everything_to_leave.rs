//! Ends at once when it is asked to: what SIGTERM does to a program that does not listen.

use crate::company::{CHOICE, Choice};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "drops_everything_to_leave",
    fails: &["4h"],
    serve: Serve::Company(&Choice {
        hear: |_| Ok(()),
        ..CHOICE
    }),
};
