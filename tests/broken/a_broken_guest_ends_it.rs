//! Hands every error up with `?`, to the end of `main`.

use crate::echoes::{PARTS, Parts};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "a_broken_guest_ends_it",
    fails: &["1f"],
    serve: Serve::Echoes(&Parts { bear: Err, ..PARTS }),
};
