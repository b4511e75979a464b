//! Looks for the program by the target without its query, and tells the program of that target.

use crate::programs::{CHOICE, Choice};
use crate::{Flaw, Serve};
use gateway::Routes;
use http_parse::{Limits, Parsed, parse_request_head};
use static_files::{Handler, Reply, Request};
use std::path::Path;

pub(crate) const FLAW: Flaw = Flaw {
    name: "loses_the_query",
    fails: &["5a"],
    serve: Serve::Programs(&Choice { answer, ..CHOICE }),
};

fn answer(site: &Routes, _: &Path, request: &Request) -> Reply {
    let mut other = request.clone();
    let start = [b"GET ", request.path(), b" HTTP/1.0\r\n\r\n"].concat();
    if let Ok(Parsed::Complete(head, _)) = parse_request_head(&start, &Limits::default()) {
        other.head.target = head.target;
    }
    site.handle(&other)
}
