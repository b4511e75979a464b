//! Takes the end of a connection for the end of an answer: where nothing more comes, that was all.

use crate::proxies::{PARTS, Parts};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "takes_an_end_for_the_end",
    fails: &["5g"],
    serve: Serve::Proxies(&Parts {
        broken: Some,
        ..PARTS
    }),
};
