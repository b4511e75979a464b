//! Takes a range that makes no sense for one that cannot be had.

use crate::files::value;
use crate::{Flaw, Serve};
use static_files::{Files, Handler, Reply, Request, Response};
use std::path::Path;

pub(crate) const FLAW: Flaw = Flaw {
    name: "obeys_backwards_ranges",
    fails: &["3f"],
    serve: Serve::Files(answer),
};

fn answer(files: &Files, _: &Path, request: &Request) -> Reply {
    match value(request, "Range").as_deref() {
        Some("bytes=5-2") => {
            let refusal = Response::new(http_parse::Status::RANGE_NOT_SATISFIABLE);
            Reply::Ready(refusal.with("Content-Range", "bytes */10"))
        }
        _ => files.handle(request),
    }
}
