//! Works where it should only wait: while one job is done, the loop turns for nobody.

use crate::company::{CHOICE, Choice};
use crate::{Flaw, Serve};
use check::grader::{SLOW, take};
use static_files::{Files, Reply, Request, Response};
use std::path::Path;

pub(crate) const FLAW: Flaw = Flaw {
    name: "sleeps_on_the_loop",
    fails: &["4b", "4c"],
    serve: Serve::Company(&Choice { answer, ..CHOICE }),
};

fn answer(files: &Files, root: &Path, request: &Request) -> Reply {
    if request.path() == b"/slow" {
        take(SLOW);
        return Reply::Ready(Response::text("done\n"));
    }
    (CHOICE.answer)(files, root, request)
}
