//! Reads a file into memory before it looks which part of it is wanted.

use crate::{Flaw, Serve};
use static_files::{Files, Handler, Reply, Request};
use std::path::Path;

pub(crate) const FLAW: Flaw = Flaw {
    name: "reads_the_whole_file",
    fails: &["3g"],
    serve: Serve::Files(answer),
};

/// As much of a large file as is enough to be noticed, and not more than any machine has.
const READ: usize = 64 << 20;

fn answer(files: &Files, _: &Path, request: &Request) -> Reply {
    if request.path() == b"/sparse.bin" {
        let content = vec![1_u8; READ];
        assert!(content.iter().all(|octet| *octet == 1), "it is in memory");
    }
    files.handle(request)
}
