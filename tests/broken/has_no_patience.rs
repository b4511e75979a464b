//! Sends away whoever has to think: what a second feels like to a program.

use crate::{Flaw, Serve};
use std::time::Duration;

pub(crate) const FLAW: Flaw = Flaw {
    name: "has_no_patience",
    fails: &["1g"],
    serve: Serve::Patient(Some(Duration::from_millis(100))),
};
