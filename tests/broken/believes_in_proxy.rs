//! Makes a variable of every field, also of the one that programs take for their administrator's
//! word about where to send their own requests.

use crate::programs::{CHOICE, Choice, run};
use crate::{Flaw, Serve};
use gateway::Routes;
use static_files::{Handler, Reply, Request, gateway_failure};
use std::path::Path;

pub(crate) const FLAW: Flaw = Flaw {
    name: "believes_in_proxy",
    fails: &["5a"],
    serve: Serve::Programs(&Choice { answer, ..CHOICE }),
};

fn answer(site: &Routes, programs: &Path, request: &Request) -> Reply {
    match request.head.fields.get("Proxy") {
        Some(proxy) => Reply::Ready(
            run(programs, request, &[("HTTP_PROXY", proxy)])
                .unwrap_or_else(|error| gateway_failure(&error)),
        ),
        None => site.handle(request),
    }
}
