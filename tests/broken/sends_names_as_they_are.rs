//! Writes names into a listing as they are: what is a name becomes a tag.

use crate::{Flaw, Serve};
use static_files::{Files, Handler, Reply, Request, Response};
use std::path::Path;

pub(crate) const FLAW: Flaw = Flaw {
    name: "sends_names_as_they_are",
    fails: &["3d"],
    serve: Serve::Files(answer),
};

fn answer(files: &Files, root: &Path, request: &Request) -> Reply {
    if request.path() != b"/odd/" {
        return files.handle(request);
    }
    let mut page = String::from("<!doctype html><title>odd</title>");
    for entry in root.join("odd").read_dir().into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        page.push_str(&format!("<a href=\"{name}\">{name}</a>\n"));
    }
    let empty = Response::new(http_parse::Status::OK);
    Reply::Ready(empty.typed("text/html; charset=utf-8", page))
}
