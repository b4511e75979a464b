//! Gets a large file ready for everybody who asks for it, before the first octet is taken.

use crate::company::{CHOICE, Choice};
use crate::{Flaw, Serve};
use http_parse::Status;
use static_files::{Body, Files, Reply, Request, Response};
use std::path::Path;

pub(crate) const FLAW: Flaw = Flaw {
    name: "reads_ahead",
    fails: &["4f"],
    serve: Serve::Company(&Choice { answer, ..CHOICE }),
};

/// What it reads ahead, and all it ever gets to send.
const AHEAD: usize = 8 << 20;

fn answer(files: &Files, root: &Path, request: &Request) -> Reply {
    if request.path() != b"/sparse.bin" {
        return (CHOICE.answer)(files, root, request);
    }
    let mut response = Response::new(Status::OK);
    response.body = Body::Bytes(vec![b'x'; AHEAD].into());
    Reply::Ready(response)
}
