//! Waits for content without a word, while its client waits for the word.

use crate::right::{PARTS, Parts};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "never_says_continue",
    fails: &["2h"],
    serve: Serve::Messages(&Parts {
        invites: |_| false,
        ..PARTS
    }),
};
