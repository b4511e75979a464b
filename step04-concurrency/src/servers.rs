//! The ladder: every way of serving many clients, under one signature.

use crate::{StopSignal, drive, event_loop, loop_per_core, thread_per_connection, thread_pool};
use http_parse::{Connection, Status};
use socket::{Stop, accept_until};
use static_files::{Config, Handler, Response, start_response};
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};

/// A server: serves `handler` on the listener until the stop is raised.
pub type Serve = fn(&TcpListener, &dyn Handler, &Config, &Stop) -> io::Result<()>;

/// Every server of this step, from the plainest to the quickest, by the name its binaries take.
pub const SERVERS: [(&str, Serve); 5] = [
    ("iterative", iterative),
    ("threads", threads),
    ("pool", pool),
    ("epoll", event_loop),
    ("cores", loop_per_core),
];

/// One client after the other.
fn iterative(
    listener: &TcpListener,
    handler: &dyn Handler,
    config: &Config,
    stop: &Stop,
) -> io::Result<()> {
    let signal = StopSignal::new(stop)?;
    accept_until(listener, stop, |stream| {
        serve(stream, handler, config, &signal)
    })
}

/// A thread for each connection.
fn threads(
    listener: &TcpListener,
    handler: &dyn Handler,
    config: &Config,
    stop: &Stop,
) -> io::Result<()> {
    let signal = StopSignal::new(stop)?;
    let each = |stream| serve(stream, handler, config, &signal);
    thread_per_connection(listener, stop, config.threads, each)
}

/// A fixed number of threads behind a queue.
fn pool(
    listener: &TcpListener,
    handler: &dyn Handler,
    config: &Config,
    stop: &Stop,
) -> io::Result<()> {
    let signal = StopSignal::new(stop)?;
    let each = |stream| serve(stream, handler, config, &signal);
    thread_pool(listener, stop, config.pool, config.queue, each, |stream| {
        refuse(stream, config)
    })
}

fn serve(stream: TcpStream, handler: &dyn Handler, config: &Config, signal: &StopSignal<'_>) {
    // An error ends one connection; there is nobody to tell but its client, who knows.
    let _ = drive(stream, handler, config, signal);
}

/// Answers 503 without reading the request: there is no thread to read it. The client may see a
/// reset instead if its request crosses the answer (RFC 9112 §9.6); lingering here would hold up
/// the thread that accepts.
fn refuse(stream: TcpStream, config: &Config) {
    let mut out = Vec::new();
    let page = Response::error(
        Status::SERVICE_UNAVAILABLE,
        "Every worker of this server is busy. Try again in a moment.",
    )
    .with("Retry-After", "1");
    let mut connection = Connection::new(&config.limits);
    connection.close_after_response();
    start_response(&mut connection, page.head, page.body.len(), &mut out);
    if let static_files::Body::Bytes(bytes) = &page.body {
        connection
            .send(bytes, &mut out)
            .expect("the length is the page's own");
    }
    // The socket is new and its buffer empty, so this does not wait; if it fails the client is gone.
    let _ = stream
        .set_nonblocking(true)
        .and_then(|()| (&stream).write_all(&out));
}
