//! Resets whoever goes on behind its last request, in the middle of the answer to that.

use crate::right::{self, PARTS, Parts};
use crate::{Flaw, Serve};
use concurrency::sys::reset_on_close;
use std::io::{self, ErrorKind};

pub(crate) const FLAW: Flaw = Flaw {
    name: "cuts_off_who_goes_on",
    fails: &["2g"],
    serve: Serve::Messages(&Parts {
        send: |guest, request, answer| {
            if right::goes_on(request) || guest.come.is_empty() {
                return right::send(guest, request, answer);
            }
            right::send(guest, request, &answer[..answer.len() / 2])?;
            reset_on_close(&guest.stream)?;
            Err(io::Error::from(ErrorKind::ConnectionReset))
        },
        ..PARTS
    }),
};
