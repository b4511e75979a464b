//! Hands on the system's sentence, in which there is no address.

use crate::doors::{PARTS, Parts};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "does_not_say_which_address",
    fails: &["1a"],
    serve: Serve::Doors(&Parts {
        refuse: |_, error| (error.to_string(), 1),
        ..PARTS
    }),
};
