//! Leaves out on one wire what the others are told: nobody has missed it so far.

use crate::files::without;
use crate::{Flaw, Serve};
use gateway::Routes;
use static_files::{Handler, Reply, Request};

pub(crate) const FLAW: Flaw = Flaw {
    name: "tells_one_wire_less",
    fails: &["5d"],
    serve: Serve::Wires(ask),
};

fn ask(site: &Routes, request: &Request) -> Reply {
    match request.path().starts_with(b"/uwsgi/") {
        true => site.handle(&without(request, "Content-Type")),
        false => site.handle(request),
    }
}
