//! An answer for whoever shares out work among servers: am I to be sent more of it?
//!
//! A load balancer asks `/.health` again and again. From the moment a server is asked to stop it says
//! 503 there, and goes on accepting for as long as it was told to (`Timeouts::drain`): time for
//! everybody to hear of it, and to turn elsewhere before the door closes.
//!
//! It does not look at what the server needs to work (a program, another server): those tell of
//! their trouble in the answers that need them.

use http_parse::{Method, RequestHead, Status};
use socket::Stop;
use static_files::{Handler, Record, Reply, Request, Response};
use std::fmt;
use std::net::SocketAddr;

/// What is asked for.
const PATH: &[u8] = b"/.health";

/// Answers `/.health`, and leaves every other request to the handler behind it.
pub struct Health<'h> {
    handler: &'h dyn Handler,
    stop: &'h Stop,
}

impl<'h> Health<'h> {
    /// The health of a server of `handler` that `stop` ends.
    pub fn new(handler: &'h dyn Handler, stop: &'h Stop) -> Health<'h> {
        Health { handler, stop }
    }

    fn response(&self) -> Response {
        let (status, word) = if self.stop.is_stopped() {
            (Status::SERVICE_UNAVAILABLE, "stopping\n")
        } else {
            (Status::OK, "ok\n")
        };
        Response::new(status)
            .typed("text/plain; charset=utf-8", word.to_owned())
            // What was true a moment ago is not what is asked for.
            .with("Cache-Control", "no-store")
    }
}

fn asks(head: &RequestHead) -> bool {
    head.target.path() == PATH && matches!(head.method, Method::Get | Method::Head)
}

impl Handler for Health<'_> {
    fn handle(&self, request: &Request) -> Reply {
        if asks(&request.head) {
            self.response().into()
        } else {
            self.handler.handle(request)
        }
    }

    /// Probes come every second and tell nothing about visitors, so they are not recorded.
    fn record(&self, peer: SocketAddr, head: Option<&RequestHead>) -> Option<Record> {
        if head.is_some_and(asks) {
            return None;
        }
        self.handler.record(peer, head)
    }
}

impl fmt::Debug for Health<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health")
            .field("stop", self.stop)
            .finish_non_exhaustive()
    }
}
