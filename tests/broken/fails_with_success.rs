//! Says what is wrong, and ends as if nothing were.

use crate::doors::{PARTS, Parts};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "fails_with_success",
    fails: &["1a"],
    serve: Serve::Doors(&Parts {
        refuse: |told, error| (format!("{told}: {error}"), 0),
        ..PARTS
    }),
};
