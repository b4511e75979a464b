//! Chapter 5.2, one environ, one trait: two applications in the server's own process.
//!
//! ```text
//! curl http://127.0.0.1:7052/env?a=b
//! curl --data-binary @Cargo.lock http://127.0.0.1:7052/digest
//! ```
//!
//! And the same nap twice: on a thread of the pool, and on the event loop's own.

use concurrency::event_loop;
use gateway::{App, Authorization, Environ, Mount, Offload, Pool, Responder, Routes};
use http_parse::{ResponseHead, Status};
use socket::Stop;
use static_files::{Config, Request, Response};
use std::error::Error;
use std::io::{self, BufWriter, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// Shows what an application is told, in the words of CGI.
struct Env;

impl App for Env {
    fn call(&self, request: &Request, _: &mut dyn Read, respond: Responder<'_>) -> io::Result<()> {
        let mount = Mount {
            script_name: b"/env",
            path_info: b"",
            document_root: Path::new("/"),
            script_filename: Path::new("/env"),
        };
        let environ = Environ::new(request, &mount, Authorization::Passed);
        let mut body = BufWriter::new(respond.start(&text())?);
        for (name, value) in environ.iter() {
            writeln!(body, "{}={}", name.escape_ascii(), value.escape_ascii())?;
        }
        body.flush()
    }
}

// ANCHOR: digest
/// Counts what is sent to it, and boils it down to sixteen digits (FNV-1a), however much it is.
struct Digest;

impl App for Digest {
    fn call(&self, _: &Request, input: &mut dyn Read, respond: Responder<'_>) -> io::Result<()> {
        let (mut octets, mut digest) = (0, 0xcbf2_9ce4_8422_2325_u64);
        let mut buf = [0; 64 * 1024];
        loop {
            let count = input.read(&mut buf)?;
            if count == 0 {
                break;
            }
            octets += count;
            for octet in &buf[..count] {
                digest = (digest ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
        writeln!(respond.start(&text())?, "{octets} octets, {digest:016x}")
    }
}
// ANCHOR_END: digest

/// Waits for something, as an application does that asks a database.
struct Nap;

const NAP: Duration = Duration::from_secs(3);

impl App for Nap {
    fn call(&self, _: &Request, _: &mut dyn Read, respond: Responder<'_>) -> io::Result<()> {
        thread::sleep(NAP);
        writeln!(respond.start(&text())?, "rested")
    }
}

// ANCHOR: trap
/// The same as a handler, which the server calls on its own thread.
fn nap_on_the_loop(_: &Request) -> Response {
    thread::sleep(NAP);
    Response::text("rested\n")
}
// ANCHOR_END: trap

/// Has a fault.
struct Faulty;

impl App for Faulty {
    fn call(&self, request: &Request, _: &mut dyn Read, _: Responder<'_>) -> io::Result<()> {
        let names: Vec<&[u8]> = request.path().split(|octet| *octet == b'/').collect();
        panic!("there is no {:?}", names[9])
    }
}

fn text() -> ResponseHead {
    let mut head = ResponseHead::new(Status::OK);
    head.fields
        .push("Content-Type", "text/plain; charset=utf-8");
    head
}

fn main() -> Result<(), Box<dyn Error>> {
    let addr = std::env::args().nth(1);
    // ANCHOR: routes
    let mut routes = Routes::new(|_: &Request| Response::text("try /env and /digest\n"));
    routes.mount("/env".parse()?, Offload::new(Env, Pool::default())?);
    routes.mount("/digest".parse()?, Offload::new(Digest, Pool::default())?);
    routes.mount("/nap".parse()?, Offload::new(Nap, Pool::default())?);
    routes.mount("/nap/loop".parse()?, nap_on_the_loop);
    routes.mount("/faulty".parse()?, Offload::new(Faulty, Pool::default())?);
    // ANCHOR_END: routes

    let listener = TcpListener::bind(addr.as_deref().unwrap_or("127.0.0.1:7052"))?;
    println!("try http://{}/env", listener.local_addr()?);
    event_loop(&listener, &routes, &Config::default(), &Stop::new())?;
    Ok(())
}
