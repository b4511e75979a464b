//! Chapter 4.2, a thread each: as many as there are guests, or as many as there are places.

use concurrency::{Entrance, thread_per_connection};
use socket::Stop;
use static_files::{Config, Request, Response, serve_connection};
use std::env;
use std::error::Error;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::thread;

fn main() -> Result<(), Box<dyn Error>> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:7042".to_owned());
    let listener = TcpListener::bind(addr)?;
    println!("listening on {}", listener.local_addr()?);
    match env::args().nth(2) {
        None => unbounded(&listener)?,
        Some(places) => bounded(&listener, places.parse()?)?,
    }
    Ok(())
}

fn page(_: &Request) -> Response {
    Response::text("You have a thread of your own.\n")
}

// ANCHOR: serve
fn serve(stream: TcpStream) {
    if let Err(error) = serve_connection(stream, &page, &Config::default()) {
        println!("a guest was lost: {error}");
    }
}
// ANCHOR_END: serve

// ANCHOR: unbounded
fn unbounded(listener: &TcpListener) -> io::Result<()> {
    for stream in listener.incoming() {
        let stream = stream?;
        thread::Builder::new().spawn(move || serve(stream))?;
    }
    Ok(())
}
// ANCHOR_END: unbounded

// ANCHOR: bounded
fn bounded(listener: &TcpListener, places: usize) -> io::Result<()> {
    let stop = Stop::new();
    thread_per_connection(&Entrance::new(listener, &stop)?, places, serve)
}
// ANCHOR_END: bounded
