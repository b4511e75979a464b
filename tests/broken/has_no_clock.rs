//! Leaves out the date.

use crate::right::{PARTS, Parts, Request};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "has_no_clock",
    fails: &["2b"],
    serve: Serve::Messages(&Parts { answer, ..PARTS }),
};

fn answer(request: &Request, status: u16, content: &[u8]) -> Vec<u8> {
    let answer = crate::right::answer(request, status, content);
    let text = String::from_utf8_lossy(&answer);
    let is_date = |line: &&str| !line.starts_with("Date:");
    let lines: Vec<&str> = text.split("\r\n").filter(is_date).collect();
    match request.method.as_str() {
        // What is echoed need not be text.
        "POST" => answer,
        _ => lines.join("\r\n").into_bytes(),
    }
}
