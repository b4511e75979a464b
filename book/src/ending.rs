//! Ctrl-C, and being asked to end: heard by whoever has something to put away first.
//!
//! A process hears its signals in one place, and several parts of a verb want to know of them, one after
//! the other. So the first that asks begins to listen, and all of them share what is heard.

use concurrency::stop_on_signals;
use socket::Stop;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

static HEARD: Mutex<Option<Arc<Stop>>> = Mutex::new(None);

/// What is raised by the first signal, and cut by the second; the third ends the process.
///
/// # Errors
/// What the system reports, of a descriptor or a thread that it does not have.
pub(crate) fn heard() -> io::Result<Arc<Stop>> {
    let mut heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(stop) = &*heard {
        return Ok(Arc::clone(stop));
    }
    let stop = Arc::new(Stop::new());
    stop_on_signals(Arc::clone(&stop))?;
    Ok(Arc::clone(heard.insert(stop)))
}

/// Whether a signal has been heard.
pub(crate) fn has_come() -> bool {
    let heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
    heard.as_ref().is_some_and(|stop| stop.is_stopped())
}
