//! Serves a folder's page at once, whether or not the address ends in a slash.

use crate::files::whole;
use crate::{Flaw, Serve};
use static_files::{Files, Handler, Reply, Request};
use std::path::Path;

pub(crate) const FLAW: Flaw = Flaw {
    name: "forgets_the_slash",
    fails: &["3c"],
    serve: Serve::Files(answer),
};

fn answer(files: &Files, root: &Path, request: &Request) -> Reply {
    let is_folder = request.path() == b"/sub";
    match is_folder.then(|| whole(root, "sub/index.html")).flatten() {
        Some(response) => Reply::Ready(response),
        None => files.handle(request),
    }
}
