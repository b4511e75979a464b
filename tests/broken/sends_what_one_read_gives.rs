//! Reads a file once, and sends what that gives: small files are whole.

use crate::files::whole;
use crate::{Flaw, Serve};
use static_files::{Body, Files, Handler, Reply, Request};
use std::path::Path;

pub(crate) const FLAW: Flaw = Flaw {
    name: "sends_what_one_read_gives",
    fails: &["3a"],
    serve: Serve::Files(answer),
};

/// What one read gives.
const READ: usize = 1 << 20;

fn answer(files: &Files, root: &Path, request: &Request) -> Reply {
    let large = request.path() == b"/big.bin";
    let file = large.then(|| whole(root, "big.bin"));
    let Some(mut response) = file.flatten() else {
        return files.handle(request);
    };
    if let Body::Bytes(octets) = &response.body {
        response.body = Body::Bytes(octets[..READ].into());
    }
    Reply::Ready(response)
}
