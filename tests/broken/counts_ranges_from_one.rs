//! Takes the last octet of a range for the first one after it.

use crate::files::{value, with};
use crate::{Flaw, Serve};
use static_files::{Files, Handler, Reply, Request};
use std::path::Path;

pub(crate) const FLAW: Flaw = Flaw {
    name: "counts_ranges_from_one",
    fails: &["3f", "3g"],
    serve: Serve::Files(answer),
};

fn answer(files: &Files, _: &Path, request: &Request) -> Reply {
    let shorter = value(request, "Range").and_then(|range| {
        let (from, to) = range.rsplit_once('-')?;
        let to: u64 = to.parse().ok()?;
        Some(format!("{from}-{}", to.saturating_sub(1)))
    });
    match shorter {
        Some(range) => files.handle(&with(request, "Range", &range)),
        None => files.handle(request),
    }
}
