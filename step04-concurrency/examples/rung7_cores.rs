//! Chapter 4.7, every core: several loops, each with a queue of its own at the same port.

use concurrency::sys::{self, Port};
use concurrency::{loop_per_core, stop_on_signals};
use socket::Stop;
use static_files::{Config, Request, Response};
use std::env;
use std::error::Error;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// What `/work` takes: a page that has to be computed, on the thread of its loop.
const WORK: Duration = Duration::from_millis(500);

fn main() -> Result<(), Box<dyn Error>> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:7047".to_owned());
    let name = env::args().nth(2).unwrap_or("one".to_owned());
    let workers = env::args().nth(3).unwrap_or("2".to_owned()).parse()?;
    let stop = Arc::new(Stop::new());
    stop_on_signals(Arc::clone(&stop))?;
    // ANCHOR: loops
    let page = |request: &Request| {
        if request.path() == b"/work" {
            thread::sleep(WORK);
        }
        let thread = thread::current().id();
        Response::text(format!("{name}, {thread:?}\n"))
    };
    let config = Config {
        workers,
        ..Config::default()
    };
    let listener = sys::listen(addr.parse()?, Port::Shared)?;
    println!("listening on {}", listener.local_addr()?);
    loop_per_core(&listener, &page, &config, &stop)?;
    // ANCHOR_END: loops
    Ok(())
}
