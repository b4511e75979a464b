//! Looks at the date first: two versions within a second are one to it.

use crate::files::without;
use crate::{Flaw, Serve};
use static_files::{Files, Handler, Reply, Request};
use std::path::Path;

pub(crate) const FLAW: Flaw = Flaw {
    name: "dates_beat_tags",
    fails: &["3e"],
    serve: Serve::Files(answer),
};

fn answer(files: &Files, _: &Path, request: &Request) -> Reply {
    match request.head.fields.contains("If-Modified-Since") {
        true => files.handle(&without(request, "If-None-Match")),
        false => files.handle(request),
    }
}
