//! Which requests are handed on at all.

use super::Http;
use super::hop::PSEUDONYM;
use super::outward::max_forwards;
use crate::remote::{ALLOW, check_method};
use crate::upstream::Upstream;
use http_parse::Status;
use static_files::{Handler, Reply, Request, Response};
use std::sync::Arc;

/// Times a request may pass servers of this name. Nobody builds a longer chain on purpose; a proxy
/// that is its own upstream builds one without end.
const ROUNDS: usize = 8;

/// A [`Handler`] that hands requests on to other HTTP servers.
#[derive(Debug)]
pub struct Proxy {
    upstream: Arc<Upstream>,
}

impl Proxy {
    /// Hands every request on to one of the servers of `upstream`.
    pub fn new(upstream: &Arc<Upstream>) -> Proxy {
        Proxy {
            upstream: Arc::clone(upstream),
        }
    }
}

impl Handler for Proxy {
    fn handle(&self, request: &Request) -> Reply {
        match answer_here(request) {
            Some(response) => Reply::Ready(response),
            None => self.upstream.ask(request, Box::new(Http::default())),
        }
    }
}

/// The answer to a request that goes no further.
fn answer_here(request: &Request) -> Option<Response> {
    if let Err(refusal) = check_method(request) {
        return Some(refusal);
    }
    if max_forwards(request) == Some(0) {
        return Some(Response::new(Status::NO_CONTENT).with("Allow", ALLOW));
    }
    let hops = request.head.fields.list("Via");
    let ours = hops.filter(|hop| hop.ends_with(PSEUDONYM.as_bytes()));
    (ours.count() >= ROUNDS).then(|| {
        Response::error(
            Status::LOOP_DETECTED,
            "This request has come by here before: a server hands it on to itself. \
             Its operator finds out which from the Via field.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speaking::request;

    #[track_caller]
    fn check(head: &str, expected: Option<u16>) {
        let status = answer_here(&request(head)).map(|response| response.head.status.code());
        assert_eq!(status, expected);
    }

    #[test]
    fn some_requests_go_no_further() {
        check("GET / HTTP/1.1\nHost: a", None);
        check("TRACE / HTTP/1.1\nHost: a", Some(405));
        check("CONNECT a:1 HTTP/1.1\nHost: a", Some(405));
        check("OPTIONS / HTTP/1.1\nHost: a\nMax-Forwards: 0", Some(204));
        check("OPTIONS / HTTP/1.1\nHost: a\nMax-Forwards: 1", None);
        check("GET / HTTP/1.1\nHost: a\nMax-Forwards: 0", None);
    }

    #[test]
    fn a_request_that_goes_in_circles_is_stopped() {
        let head = "GET / HTTP/1.1\nHost: a\nVia: 1.1 other";
        let via = |times| format!("{head}{}", ", 1.1 build-your-own".repeat(times));
        check(&via(ROUNDS - 1), None);
        check(&via(ROUNDS), Some(508));
    }
}
