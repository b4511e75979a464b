//! Chapter 4.6, time and endings: short deadlines, and two ways to hear SIGTERM.

use concurrency::{event_loop, stop_on_signals};
use socket::Stop;
use static_files::{Body, Config, Request, Response, Timeouts};
use std::env;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

/// What `/big` answers with: more than the buffers on the way can hold.
const BIG: usize = 32 << 20;

fn main() -> io::Result<()> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:7046".to_owned());
    let stop = Arc::new(Stop::new());
    match env::args().nth(2).as_deref() {
        Some("sudden") => {}
        _ => stop_on_signals(Arc::clone(&stop))?,
    }
    let big: Arc<[u8]> = vec![b'.'; BIG].into();
    let page = |request: &Request| {
        let mut response = Response::text("In time.\n");
        if request.path() == b"/big" {
            response.body = Body::Bytes(Arc::clone(&big));
        }
        response
    };
    let listener = TcpListener::bind(addr)?;
    println!("listening on {}", listener.local_addr()?);
    event_loop(&listener, &page, &config(), &stop)?;
    println!("everybody has been served");
    Ok(())
}

// ANCHOR: config
fn config() -> Config {
    Config {
        timeouts: Timeouts {
            head: Duration::from_secs(1),
            idle: Duration::from_secs(2),
            grace: Duration::from_secs(10),
            ..Timeouts::default()
        },
        ..Config::default()
    }
}
// ANCHOR_END: config
