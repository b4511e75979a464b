//! One event loop for each core, sharing nothing but the handler.

use crate::event_loop::run_loop;
use crate::sys::{self, Port};
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
    listener.set_nonblocking(true)?;
    let served = run_loops(listener, handler, config, stop);
    // Only now: a listener that is shared is nonblocking for all loops or for none.
    listener.set_nonblocking(false)?;
    served
}

fn run_loops(
    listener: &TcpListener,
    handler: &dyn Handler,
    config: &Config,
    stop: &Stop,
) -> io::Result<()> {
    let others = further_listeners(listener, config.workers)?;
    thread::scope(|scope| {
        let serve = |listener| {
            // A loop ends when it was stopped or when it failed; then the others have to end too.
            let served = run_loop(listener, handler, config, stop);
            stop.stop();
            served
        };
        let mut threads = Vec::with_capacity(others.len());
        for listener in &others {
            match thread::Builder::new().spawn_scoped(scope, move || serve(listener)) {
                Ok(thread) => threads.push(thread),
                Err(error) => {
                    stop.stop();
                    return Err(error);
                }
            }
        }
        let mut outcome = serve(listener);
        for thread in threads {
            let served = thread
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("a loop panicked")));
            outcome = outcome.and(served);
        }
        outcome
    })
}

// ANCHOR: further_listeners
fn further_listeners(listener: &TcpListener, workers: usize) -> io::Result<Vec<TcpListener>> {
    let shared = sys::shares_port(listener)?;
    let addr = listener.local_addr()?;
    let further = |_| {
        let further = if shared {
            sys::listen(addr, Port::Shared)?
        } else {
            listener.try_clone()?
        };
        further.set_nonblocking(true)?;
        Ok(further)
    };
    (1..workers).map(further).collect()
}
// ANCHOR_END: further_listeners
