//! Says that a method is not allowed, and not which ones are.

use crate::{Flaw, Serve};
use static_files::{Files, Handler, Reply, Request};
use std::path::Path;

pub(crate) const FLAW: Flaw = Flaw {
    name: "forgets_allow",
    fails: &["3h"],
    serve: Serve::Files(answer),
};

fn answer(files: &Files, _: &Path, request: &Request) -> Reply {
    let mut reply = files.handle(request);
    if let Reply::Ready(response) = &mut reply {
        response.head.fields.remove("Allow");
    }
    reply
}
