//! Prints the address that it was told, which is not where it is when that was port 0.

use crate::doors::{PARTS, Parts};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "repeats_what_it_was_told",
    fails: &["1a"],
    serve: Serve::Doors(&Parts {
        announce: |told, _| format!("listening on {told}"),
        ..PARTS
    }),
};
