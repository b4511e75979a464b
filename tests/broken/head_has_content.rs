//! Answers HEAD as if it were GET.

use crate::right::{PARTS, Parts, Request};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "head_has_content",
    // The rest of the page is taken for the beginning of the next answer.
    fails: &["2a", "2b", "2g"],
    serve: Serve::Messages(&Parts { answer, ..PARTS }),
};

fn answer(request: &Request, status: u16, content: &[u8]) -> Vec<u8> {
    let mut answer = crate::right::answer(request, status, content);
    if request.method == "HEAD" {
        answer.extend(content);
    }
    answer
}
