//! Collects all that a program says before its client hears a word of it.

use crate::programs::{CHOICE, Choice, run};
use crate::{Flaw, Serve};
use gateway::Routes;
use static_files::{Handler, Reply, Request, gateway_failure};
use std::path::Path;

pub(crate) const FLAW: Flaw = Flaw {
    name: "waits_for_the_end",
    fails: &["5b"],
    serve: Serve::Programs(&Choice { answer, ..CHOICE }),
};

fn answer(site: &Routes, programs: &Path, request: &Request) -> Reply {
    match request.path() {
        b"/cgi/slow" => Reply::Ready(
            run(programs, request, &[]).unwrap_or_else(|error| gateway_failure(&error)),
        ),
        _ => site.handle(request),
    }
}
