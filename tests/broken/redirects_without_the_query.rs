//! Sends whoever has left out a slash to the folder, and forgets what was asked of it.

use crate::{Flaw, Serve};
use http_parse::Status;
use static_files::{Files, Handler, Reply, Request};
use std::path::Path;

pub(crate) const FLAW: Flaw = Flaw {
    name: "redirects_without_the_query",
    fails: &["3c"],
    serve: Serve::Files(answer),
};

fn answer(files: &Files, _: &Path, request: &Request) -> Reply {
    let mut reply = files.handle(request);
    if let Reply::Ready(response) = &mut reply
        && response.head.status == Status::MOVED_PERMANENTLY
    {
        let fields = &mut response.head.fields;
        let location = fields.get("Location").unwrap_or_default();
        let location = String::from_utf8_lossy(location).into_owned();
        let path = location.split('?').next().unwrap_or_default();
        fields.remove("Location");
        fields.push("Location", path);
    }
    reply
}
