//! Asks another upstream where the first one gave no answer, whatever was asked: it may be done twice.

use crate::proxies::{PARTS, Parts};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "asks_again_whatever_it_was",
    fails: &["5g"],
    serve: Serve::Proxies(&Parts {
        again: |_| true,
        ..PARTS
    }),
};
