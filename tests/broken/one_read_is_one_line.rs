//! Takes what one read brings for a line.

use crate::lines::{PARTS, Parts};
use crate::{Flaw, Serve};

pub(crate) const FLAW: Flaw = Flaw {
    name: "one_read_is_one_line",
    fails: &["1c"],
    serve: Serve::Lines(&Parts { line, ..PARTS }),
};

fn line(come: &mut Vec<u8>) -> Option<Vec<u8>> {
    if come.starts_with(b"bye\n") {
        come.clear();
        return Some(b"bye".to_vec());
    }
    come.pop()?;
    Some(std::mem::take(come))
}
