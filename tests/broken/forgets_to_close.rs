//! Iterates to the end and lets go: an iterable is over when it is over.

use crate::python::Server;
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "forgets_to_close",
    fails: &["5e"],
    serve: Serve::Python(&Server::Script(include_str!("forgets_to_close.py"))),
};
