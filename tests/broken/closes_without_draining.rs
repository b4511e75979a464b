//! Closes when it has said everything, whatever its guest still has to say.

use crate::lines::{PARTS, Parts};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "closes_without_draining",
    fails: &["1e"],
    serve: Serve::Lines(&Parts {
        leave: |_| Ok(()),
        ..PARTS
    }),
};
