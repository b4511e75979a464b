//! Chapter 4.4, one thread, many sockets: asking everybody in turn, or waiting for anybody.

use concurrency::sys::{self, Port};
use concurrency::{Session, Step, poll_loop};
use socket::Stop;
use static_files::{Config, Handler, Request, Response};
use std::env;
use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::time::Instant;

fn main() -> io::Result<()> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:7044".to_owned());
    let addr = addr.parse().map_err(io::Error::other)?;
    let listener = sys::listen(addr, Port::Exclusive)?;
    println!("listening on {}", listener.local_addr()?);
    let config = Config::default();
    match env::args().nth(2).as_deref() {
        Some("spin") => spin(&listener, &page, &config),
        _ => poll_loop(&listener, &page, &config, &Stop::new()),
    }
}

fn page(_: &Request) -> Response {
    Response::text("One thread, and you.\n")
}

// ANCHOR: spin
fn spin(listener: &TcpListener, handler: &dyn Handler, config: &Config) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let mut sessions = Vec::new();
    loop {
        let now = Instant::now();
        match listener.accept() {
            Ok((stream, _)) => sessions.push(Session::new(stream, handler, config, now)?),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        sessions.retain_mut(|session| match session.step(now) {
            Ok(Step::Waiting | Step::Again) => true,
            Ok(Step::Closed) | Err(_) => false,
        });
    }
}
// ANCHOR_END: spin
