//! The system calls that `std` has no word for, behind safe functions. All `unsafe` of the course
//! is in this folder.
//!
//! Rules: descriptors are borrowed for one call and never stored; a result of -1 becomes an
//! `io::Error` in one place ([`check`]); every new descriptor is close-on-exec from birth; one
//! unsafe operation a block, with the fact that makes it sound above it.

mod accept;
mod address;
mod connect;
mod epoll;
mod ffi;
mod files;
mod inherit;
mod poll;
mod process;
mod signal;
mod socket;

pub use accept::{accept, accept_with_unsent, accept_without_delay};
pub use connect::{connect, connect_from, connect_unix};
pub use epoll::{Epoll, Event, Events, Interest};
pub use files::{find_beneath, open_found};
pub use inherit::{claim, pass_on};
pub use poll::{Pollable, poll};
pub use process::{
    close_inherited_on_exec, descriptor_limit, interrupt_nobody, kill_group, pidfd_open,
    raise_descriptor_limit, too_many_open_files,
};
pub use signal::{Alarm, Signal, Wish, catch_endings, release_endings};
pub use socket::{
    Port, listen, reset_on_close, send_before_more, sendfile, set_nonblocking, shares_port,
    stop_listening,
};

use std::ffi::c_int;
use std::io;
use std::time::{Duration, Instant};

/// Turns the C convention (-1 and errno) into a `Result`.
fn check(result: c_int) -> io::Result<c_int> {
    if result == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// Milliseconds until `deadline` as poll(2) and epoll_wait(2) take them, rounded up: rounding down
/// would wake a moment too early, find nothing due, and spin. No deadline is -1, "for ever".
fn timeout_ms(now: Instant, deadline: Option<Instant>) -> c_int {
    let Some(deadline) = deadline else { return -1 };
    let left = deadline.saturating_duration_since(now);
    let rounded_up = left + Duration::from_nanos(999_999);
    c_int::try_from(rounded_up.as_millis()).unwrap_or(c_int::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_rounded_up_and_never_negative() {
        let now = Instant::now();
        assert_eq!(timeout_ms(now, None), -1);
        assert_eq!(timeout_ms(now, Some(now)), 0);
        assert_eq!(timeout_ms(now, Some(now + Duration::from_nanos(1))), 1);
        assert_eq!(timeout_ms(now, Some(now + Duration::from_millis(7))), 7);
        assert_eq!(timeout_ms(now + Duration::from_secs(1), Some(now)), 0);
        assert_eq!(
            timeout_ms(now, Some(now + Duration::from_secs(1 << 40))),
            c_int::MAX
        );
    }
}
