//! Requests that two servers could read in two ways: the other server must see as many as the client
//! gets answers for, and none that the client has hidden in another.
//!
//! ```text
//!     client ──► proxy ──► a server that believes anything
//!        └── answers of the other server = requests that it has seen ──┘
//! ```

mod common;
#[path = "desync/gullible.rs"]
mod gullible;
#[path = "desync/requests.rs"]
mod requests;

use common::{BOTH, Server};
use gateway::{Address, Capacity, Complaints, Proxy, Upstream};
use gullible::Gullible;
use http_parse::{
    BodyDecoder, Limits, Method, Parsed, Piece, parse_response_head, response_framing,
};
use requests::{AFTER, ambiguous};
use static_files::Config;
use std::io::{Read, Write};
use std::net::Shutdown;

/// The targets of the answers that came from the other server; those of the proxy itself have none.
fn answers(mut received: &[u8]) -> Vec<String> {
    let limits = Limits::default();
    let mut targets = Vec::new();
    while let Ok(Parsed::Complete(head, taken)) = parse_response_head(received, &limits) {
        received = &received[taken..];
        let framing = response_framing(&Method::Get, &head).expect("the proxy frames well");
        let mut decoder = BodyDecoder::new(framing, &limits);
        loop {
            let count = match decoder.next(received, true).expect("whole answers") {
                Piece::Skip(count) | Piece::Data(count) => count,
                Piece::NeedBytes => unreachable!("the input has ended"),
                Piece::End(_) => break,
            };
            decoder.advance(count);
            received = &received[count..];
        }
        let target = head.fields.get("X-Seen");
        targets.extend(target.map(|target| String::from_utf8_lossy(target).into_owned()));
    }
    targets
}

/// Sends a request with another one behind it, and returns all that comes back.
fn converse_with(server: &Server, request: &str) -> Vec<u8> {
    let mut stream = server.connect();
    let octets = [request.as_bytes(), AFTER.as_bytes()].concat();
    let mut received = Vec::new();
    // A request that is refused need not be read to its end.
    let _ = stream.write_all(&octets);
    let _ = stream.shutdown(Shutdown::Write);
    let ended = stream.read_to_end(&mut received);
    assert!(
        ended.is_ok() || !received.is_empty(),
        "{request:?} is not answered: {ended:?}"
    );
    received
}

#[test]
fn the_other_server_sees_what_the_client_is_answered_and_nothing_that_it_hides() {
    let requests = ambiguous("");
    assert!(requests.len() >= 40, "{}", requests.len());
    for name in BOTH {
        let other = Gullible::start().expect("a port is free");
        let complaints = Complaints::new().expect("threads start");
        let upstream = Upstream::new(
            vec![Address::Tcp(other.addr())],
            Capacity::default(),
            &complaints,
        );
        let server = Server::start(name, Config::default(), Proxy::new(&upstream));
        let mut handed_on = 0;
        for request in &requests {
            let received = converse_with(&server, request);
            let seen = other.seen();
            handed_on += seen.len();
            let hidden = seen.iter().any(|target| target.contains("hidden"));
            // Without framing the rest is a request of its own, as every reader of it agrees.
            assert!(!hidden || is_plain(request), "{request:?} hides {seen:?}");
            assert_eq!(answers(&received), seen, "{request:?}");
        }
        assert!(handed_on > 10, "most are refused, not all: {handed_on}");
        assert_eq!(
            answers(&converse_with(&server, "")),
            ["/api/after"],
            "it still works"
        );
    }
}

/// Whether a request says without any doubt that it ends before the hidden one.
fn is_plain(request: &str) -> bool {
    let plain = [
        "\r\nTransfer-Encoding: chunked\r\n\r\n0",
        "\r\nContent-Length: 5\r\n\r\n0",
        "\r\nContent-Length: 5 \r\n\r\n0",
        "\r\nContent-Length: 05\r\n\r\n0",
        "\r\nContent-Length:  5\r\n\r\n0",
    ];
    let lines =
        request.matches("Content-Length: ").count() + request.matches("-Encoding: ").count();
    lines == 1 && plain.iter().any(|fields| request.contains(fields))
}
