//! Sends all that an application says to the client, its complaints too: it must have meant it.

use crate::applications::{PARTS, Parts, STDERR, STDOUT};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "shows_what_is_complained_about",
    fails: &["5c"],
    serve: Serve::Applications(&Parts {
        is_output: |kind| matches!(kind, STDOUT | STDERR),
        ..PARTS
    }),
};
