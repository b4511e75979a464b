//! Gives a silent guest all the time in the world, and everybody behind him too.

use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "waits_for_ever",
    fails: &["1g"],
    serve: Serve::Patient(None),
};
