//! Sends everything again, whatever the client has already.

use crate::files::without;
use crate::{Flaw, Serve};
use static_files::{Files, Handler, Reply, Request};
use std::path::Path;

pub(crate) const FLAW: Flaw = Flaw {
    name: "never_says_not_modified",
    fails: &["3e"],
    serve: Serve::Files(answer),
};

fn answer(files: &Files, _: &Path, request: &Request) -> Reply {
    let plain = without(&without(request, "If-None-Match"), "If-Modified-Since");
    files.handle(&plain)
}
