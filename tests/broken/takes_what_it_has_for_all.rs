//! Answers with what has come when an application is gone: better a part than nothing.

use crate::applications::{PARTS, Parts};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "takes_what_it_has_for_all",
    fails: &["5c"],
    serve: Serve::Applications(&Parts {
        broken: Ok,
        ..PARTS
    }),
};
