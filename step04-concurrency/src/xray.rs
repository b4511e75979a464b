//! A page on which the server draws its own event loops while they run.
//!
//! ```text
//! /.xray/         the page         /.xray/xray.js  what draws it
//! /.xray/trace    the lines of this process's trace, from now on until it stops
//! ```
//!
//! Only for clients on this machine: a trace tells who is connected and when they ask. The lines
//! are a response like any other, of which the content comes out of a socket that the loops write
//! to. The connection that carries it is left out of what it tells.

use crate::trace::Trace;
use http_parse::{RequestHead, ResponseHead, Status};
use static_files::{Ends, Exchange, Handler, Record, Reply, Request, Response, gateway_failure};
use std::fmt;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

const PAGE: &str = include_str!("xray/page.html");
const SCRIPT: &str = include_str!("xray/xray.js");
const STYLE: &str = include_str!("xray/xray.css");

/// A [`Handler`] that answers below `/.xray/`, and leaves everything else to another.
pub struct Xray<'h> {
    inner: &'h dyn Handler,
    trace: &'static Trace,
}

impl<'h> Xray<'h> {
    /// Puts the page before `inner`. To be called before the servers start: loops that run already
    /// are not seen.
    pub fn new(inner: &'h dyn Handler) -> Xray<'h> {
        let trace = Trace::of_process();
        Xray { inner, trace }
    }

    fn look(&self, request: &Request, name: &[u8]) -> Reply {
        if !request.peer.ip().to_canonical().is_loopback() {
            return not_here().into();
        }
        match name {
            b"" => text("text/html; charset=utf-8", PAGE).into(),
            b"xray.js" => text("text/javascript; charset=utf-8", SCRIPT).into(),
            b"xray.css" => text("text/css; charset=utf-8", STYLE).into(),
            b"trace" => match self.trace.watch(request.peer) {
                Ok(lines) => Reply::Exchange(Box::new(Watching { lines })),
                Err(error) => gateway_failure(&error).into(),
            },
            _ => not_here().into(),
        }
    }
}

impl Handler for Xray<'_> {
    fn handle(&self, request: &Request) -> Reply {
        match request.path().strip_prefix(b"/.xray/") {
            Some(name) => self.look(request, name),
            None => self.inner.handle(request),
        }
    }

    fn record(&self, peer: SocketAddr, head: Option<&RequestHead>) -> Option<Record> {
        self.inner.record(peer, head)
    }
}

impl fmt::Debug for Xray<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Xray").finish_non_exhaustive()
    }
}

fn not_here() -> Response {
    let sentence = "The x-ray shows itself at /.xray/, to clients on the server's own machine.";
    Response::error(Status::NOT_FOUND, sentence)
}

fn text(media_type: &str, text: &str) -> Response {
    let response = Response::new(Status::OK).typed(media_type, text.to_owned());
    // A page that outlives its server would draw what is no longer there.
    response.with("Cache-Control", "no-store")
}

/// The lines, on their way to one watcher. They end when a loop is asked to stop.
#[derive(Debug)]
struct Watching {
    lines: UnixStream,
}

impl Exchange for Watching {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        // Whatever a client sends with its question is not asked for.
        Ok(data.len())
    }

    fn close_write(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn head(&mut self) -> io::Result<ResponseHead> {
        let mut head = ResponseHead::new(Status::OK);
        head.fields
            .push("Content-Type", "text/plain; charset=utf-8");
        head.fields.push("Cache-Control", "no-store");
        Ok(head)
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.lines.read(buf)
    }

    fn ends(&self) -> Ends<'_> {
        Ends::Duplex(self.lines.as_fd())
    }
}
