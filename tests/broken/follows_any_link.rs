//! Opens what the name says, and does not ask where a symbolic link has led it.

use crate::files::whole;
use crate::{Flaw, Serve};
use static_files::{Files, Handler, Reply, Request};
use std::path::Path;

pub(crate) const FLAW: Flaw = Flaw {
    name: "follows_any_link",
    fails: &["3b"],
    serve: Serve::Files(answer),
};

fn answer(files: &Files, root: &Path, request: &Request) -> Reply {
    let path = String::from_utf8_lossy(request.path());
    let is_link = root.join(&path[1..]).is_symlink();
    match is_link.then(|| whole(root, &path)).flatten() {
        Some(response) => Reply::Ready(response),
        None => files.handle(request),
    }
}
