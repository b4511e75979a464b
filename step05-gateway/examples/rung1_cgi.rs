//! Chapter 5.1, a process for each request: the programs of a folder, below /cgi.
//!
//! ```text
//! cargo run -p step05-gateway --example rung1_cgi                         step 3's server
//! cargo run -p step05-gateway --example rung1_cgi -- 127.0.0.1:0 epoll    a server of step 4
//! ```
//!
//! Step 3's server writes a request's whole body before it reads any of the answer. A program that
//! answers while it reads fills its pipe, stops reading, and both wait for the other. The servers
//! of step 4 move both directions at once.

use concurrency::SERVERS;
use gateway::{Cgi, Prefix, Programs};
use socket::{Stop, accept_until};
use static_files::{Config, Handler, serve_connection};
use std::error::Error;
use std::io;
use std::net::TcpListener;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let addr = arguments.next();
    let server = arguments.next();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/programs");

    let programs = Programs::new(Programs::LIMIT)?;
    let prefix: Prefix = "/cgi".parse()?;
    let cgi = Cgi::new(prefix, &folder, &programs)?;

    let listener = TcpListener::bind(addr.as_deref().unwrap_or("127.0.0.1:7051"))?;
    println!("try http://{}/cgi/env", listener.local_addr()?);
    match server {
        None => serve_one_by_one(&listener, &cgi)?,
        Some(name) => serve_as(&name, &listener, &cgi)?,
    }
    Ok(())
}

fn serve_one_by_one(listener: &TcpListener, handler: &dyn Handler) -> io::Result<()> {
    let config = Config::default();
    accept_until(listener, &Stop::new(), |stream| {
        if let Err(error) = serve_connection(stream, handler, &config) {
            println!("a guest was lost: {error}");
        }
    })
}

fn serve_as(name: &str, listener: &TcpListener, handler: &dyn Handler) -> io::Result<()> {
    let known = SERVERS.into_iter().find(|(known, _)| *known == name);
    let (_, serve) = known.ok_or_else(|| io::Error::other(format!("no server {name}")))?;
    serve(listener, handler, &Config::default(), &Stop::new())
}
