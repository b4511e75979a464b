//! One event loop for each core, sharing nothing but the handler.

use crate::event_loop::event_loop;
use crate::listeners::further_listeners;
use socket::Stop;
use static_files::{Config, Handler};
use std::io;
use std::net::TcpListener;
use std::thread;

/// Runs `config.workers` event loops until `stop` is raised.
///
/// If the listener shares its port (`SO_REUSEPORT`), each further loop gets a listener, and so a
/// queue in the kernel, of its own. If it does not, the loops share the one listener, and the
/// kernel wakes one of them for each connection.
///
/// # Errors
/// The first error of a loop; the others are stopped then.
pub fn loop_per_core(
    listener: &TcpListener,
    handler: &dyn Handler,
    config: &Config,
    stop: &Stop,
) -> io::Result<()> {
    let mut all = vec![listener.try_clone()?];
    all.extend(further_listeners(listener, 1..config.workers)?);
    loop_each(&all, handler, config, stop)
}

/// Runs an event loop for each listener.
///
/// # Errors
/// As [`loop_per_core`].
pub(crate) fn loop_each(
    listeners: &[TcpListener],
    handler: &dyn Handler,
    config: &Config,
    stop: &Stop,
) -> io::Result<()> {
    let Some((first, others)) = listeners.split_first() else {
        return Ok(());
    };
    thread::scope(|scope| {
        let serve = |listener| {
            // A loop ends when it was stopped or when it failed; then the others have to end too.
            let served = event_loop(listener, handler, config, stop);
            stop.stop();
            served
        };
        let mut threads = Vec::with_capacity(others.len());
        for listener in others {
            match thread::Builder::new().spawn_scoped(scope, move || serve(listener)) {
                Ok(thread) => threads.push(thread),
                Err(error) => {
                    stop.stop();
                    return Err(error);
                }
            }
        }
        let mut outcome = serve(first);
        for thread in threads {
            let served = thread
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("a loop panicked")));
            outcome = outcome.and(served);
        }
        outcome
    })
}
