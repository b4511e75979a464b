//! Decodes, looks for dots, and then decodes once more.

use crate::files::whole;
use crate::{Flaw, Serve};
use static_files::{Files, Handler, Reply, Request};
use std::path::Path;

pub(crate) const FLAW: Flaw = Flaw {
    name: "decodes_twice",
    fails: &["3b"],
    serve: Serve::Files(answer),
};

fn answer(files: &Files, root: &Path, request: &Request) -> Reply {
    let path = String::from_utf8_lossy(request.path());
    let twice = path.replace("%25", "%").replace("%2e", ".");
    let leads_out = path.contains("%252e");
    match leads_out.then(|| whole(root, &twice)).flatten() {
        Some(response) => Reply::Ready(response),
        None => files.handle(request),
    }
}
