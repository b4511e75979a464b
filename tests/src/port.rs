//! Ports for programs that have to be told theirs, and cannot ask the system for any free one.

use std::net::TcpListener;
use std::ops::Range;
use std::sync::atomic::{AtomicU16, Ordering};

/// Where free ports are looked for: below those the system gives to outgoing connections, of which
/// other tests make thousands. A port of that kind could be taken between our look and its use.
const RANGE: Range<u16> = 10_000..32_000;

/// A port of the loopback interface that was free a moment ago, and that nobody else in this
/// process has been given.
///
/// # Panics
/// When none of some twenty thousand is free.
pub fn free_port() -> u16 {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    // Processes that run at once start looking at different places.
    let start = std::process::id().wrapping_mul(97);
    let size = u32::from(RANGE.end - RANGE.start);
    RANGE
        .map(|_| u32::from(TRIED.fetch_add(1, Ordering::Relaxed)))
        .filter_map(|tried| u16::try_from(start.wrapping_add(tried) % size).ok())
        .map(|offset| RANGE.start + offset)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("the loopback interface has a free port")
}
