//! Chapter 4.3, a pool: four workers behind a queue, three times.

use concurrency::SERVERS;
use http_parse::Status;
use socket::Stop;
use static_files::{Config, Request, Response, serve_connection};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use std::{env, panic};

/// Threads that serve.
const WORKERS: usize = 4;
/// Connections that wait for one of them.
const QUEUE: usize = 4;

fn main() -> io::Result<()> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:7043".to_owned());
    let listener = TcpListener::bind(addr)?;
    println!("listening on {}", listener.local_addr()?);
    // One line for a panic: the whole report is of no use here.
    panic::set_hook(Box::new(|_| println!("somebody panicked")));
    match env::args().nth(2).as_deref() {
        Some("first") => pool(&listener, first),
        Some("second") => pool(&listener, second),
        _ => third(&listener),
    }
}

// ANCHOR: page
fn page(request: &Request) -> Response {
    match request.path() {
        b"/slow" => {
            thread::sleep(Duration::from_millis(500));
            Response::text("That was half a second of work.\n")
        }
        b"/panic" => panic!("a mistake in a handler"),
        b"/" => Response::text("Served.\n"),
        _ => Response::error(Status::NOT_FOUND, "There is /, /slow and /panic."),
    }
}
// ANCHOR_END: page

fn serve(stream: TcpStream) {
    if let Err(error) = serve_connection(stream, &page, &Config::default()) {
        println!("a guest was lost: {error}");
    }
}

// ANCHOR: pool
fn pool(listener: &TcpListener, work: fn(&Mutex<Receiver<TcpStream>>)) -> io::Result<()> {
    let (queue, waiting) = mpsc::sync_channel(QUEUE);
    let waiting = Mutex::new(waiting);
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            thread::Builder::new().spawn_scoped(scope, || work(&waiting))?;
        }
        for stream in listener.incoming() {
            queue.send(stream?).map_err(io::Error::other)?;
        }
        Ok(())
    })
}
// ANCHOR_END: pool

// ANCHOR: first
fn first(waiting: &Mutex<Receiver<TcpStream>>) {
    while let Ok(stream) = waiting
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .recv()
    {
        serve(stream);
    }
}
// ANCHOR_END: first

// ANCHOR: second
fn second(waiting: &Mutex<Receiver<TcpStream>>) {
    loop {
        let next = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(stream) = next else { return };
        serve(stream);
    }
}
// ANCHOR_END: second

// ANCHOR: third
fn third(listener: &TcpListener) -> io::Result<()> {
    let config = Config {
        pool: WORKERS,
        queue: QUEUE,
        ..Config::default()
    };
    let mut servers = SERVERS.into_iter();
    let (_, pool) = servers
        .find(|(name, _)| *name == "pool")
        .expect("step 4 has one");
    pool(listener, &page, &config, &Stop::new())
}
// ANCHOR_END: third
