//! Ends when a handler has crashed, as a process does whose panics abort.

use crate::company::{CHOICE, Choice};
use crate::{Flaw, Serve};
use static_files::{Files, Reply, Request};
use std::path::Path;

pub(crate) const FLAW: Flaw = Flaw {
    name: "dies_of_a_panic",
    fails: &["4d"],
    serve: Serve::Company(&Choice { answer, ..CHOICE }),
};

fn answer(files: &Files, root: &Path, request: &Request) -> Reply {
    if request.path() == b"/panic" {
        std::process::abort();
    }
    (CHOICE.answer)(files, root, request)
}
