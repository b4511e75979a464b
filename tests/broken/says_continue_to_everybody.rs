//! Says 100 also to a client of HTTP/1.0, which takes it for the answer.

use crate::right::{PARTS, Parts};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "says_continue_to_everybody",
    fails: &["2h"],
    serve: Serve::Messages(&Parts {
        invites: |request| request.all("Expect") == ["100-continue"],
        ..PARTS
    }),
};
