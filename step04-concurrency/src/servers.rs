//! The ladder: every way of serving many clients, under one signature.

use crate::doorman::Doorman;
use crate::sys::{self, Port};
use crate::{
    Entrance, StopSignal, drive, event_loop, loop_per_core, poll_loop, thread_per_connection,
    thread_pool,
};
use socket::Stop;
use static_files::{Config, Handler};
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

/// A server: serves `handler` on the listener, which becomes nonblocking, until the stop is raised and
/// what was under way is answered. When it returns the listener does not listen any more, unless
/// it was handed over.
pub type Serve = fn(&TcpListener, &dyn Handler, &Config, &Stop) -> io::Result<()>;

/// Every server of this step, from the plainest to the quickest, by the name its binaries take.
pub const SERVERS: [(&str, Serve); 6] = [
    ("iterative", iterative),
    ("threads", threads),
    ("pool", pool),
    ("poll", poll_loop),
    ("epoll", event_loop),
    ("cores", loop_per_core),
];

/// Opens the listener that a server of that name serves best from.
///
/// Only the loops on several cores share their port, each with a queue of its own, and only after
/// the port was seen to be free: whoever shares one with a server that still runs gets half of its
/// connections.
///
/// # Errors
/// Those of [`sys::listen`].
pub fn listen_for(server: &str, addr: SocketAddr) -> io::Result<TcpListener> {
    let listener = sys::listen(addr, Port::Exclusive)?;
    if server != "cores" {
        return Ok(listener);
    }
    let addr = listener.local_addr()?;
    drop(listener);
    sys::listen(addr, Port::Shared)
}

/// One client after the other.
fn iterative(
    listener: &TcpListener,
    handler: &dyn Handler,
    config: &Config,
    stop: &Stop,
) -> io::Result<()> {
    let entrance = entrance(listener, config, stop)?;
    let each = |stream| serve(stream, handler, config, &entrance.signal);
    entrance.accept(each)
}

/// A thread for each connection.
fn threads(
    listener: &TcpListener,
    handler: &dyn Handler,
    config: &Config,
    stop: &Stop,
) -> io::Result<()> {
    let entrance = entrance(listener, config, stop)?;
    let each = |stream| serve(stream, handler, config, &entrance.signal);
    thread_per_connection(&entrance, config.threads, each)
}

/// A fixed number of threads behind a queue.
fn pool(
    listener: &TcpListener,
    handler: &dyn Handler,
    config: &Config,
    stop: &Stop,
) -> io::Result<()> {
    let entrance = entrance(listener, config, stop)?;
    let each = |stream| serve(stream, handler, config, &entrance.signal);
    let doorman = Doorman::new(config);
    let refuse = |stream| doorman.refuse(stream);
    thread_pool(&entrance, config.pool, config.queue, each, refuse)
}

fn entrance<'e>(
    listener: &'e TcpListener,
    config: &Config,
    stop: &'e Stop,
) -> io::Result<Entrance<'e>> {
    Ok(Entrance::new(listener, stop)?.open_after_the_stop(config.timeouts.drain))
}

fn serve(stream: TcpStream, handler: &dyn Handler, config: &Config, signal: &StopSignal<'_>) {
    // An error ends one connection; there is nobody to tell but its client, who knows.
    let _ = drive(stream, handler, config, signal);
}
