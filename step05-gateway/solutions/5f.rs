//! 5f Proxy fields: a request, as the next server hears it.
//!
//! Each connection has words of its own, and each server on the way knows something that nobody else
//! does. What is left is the request.

use check::exercise::{self, Given};
use gateway::{Address, BadGateway, Capacity, Complaints, Heard, Http, Protocol, Upstream};
use http_parse::Version;
use static_files::Request;
use std::io;
use std::process::ExitCode;

/// Writes the head that is handed on. `length` is that of the content, which follows: `Some(0)` for
/// none, `None` for content in chunks.
fn forward(request: &Request, length: Option<u64>, out: &mut Vec<u8>) {
    let head = &request.head;
    let mut line = |parts: &[&[u8]]| out.extend([&parts.concat()[..], b"\r\n"].concat());
    let query = head.target.query().map(|query| [b"?", query].concat());
    let target = [head.target.path(), &query.unwrap_or_default()].concat();
    let method = request.method().as_str().as_bytes();
    line(&[method, b" ", &target, b" HTTP/1.1"]);
    // Whom the client meant: its target wins over its Host (RFC 9112 §3.2.2).
    line(&[b"Host: ", head.host()]);

    let named: Vec<&[u8]> = head.fields.list("Connection").collect();
    for (name, value) in head.fields.iter() {
        let is_named = named.iter().any(|other| name.eq_ignore_ascii_case(other));
        let is_ours = OURS
            .iter()
            .any(|other| name.eq_ignore_ascii_case(other.as_bytes()));
        if !is_named && !is_ours {
            line(&[name, b": ", value]);
        }
    }

    line(&[
        b"X-Forwarded-For: ",
        request.peer.ip().to_string().as_bytes(),
    ]);
    line(&[b"X-Forwarded-Proto: ", request.scheme().as_str().as_bytes()]);
    line(match head.version {
        Version::Http10 => &[b"Via: 1.0 learner"],
        Version::Http11 => &[b"Via: 1.1 learner"],
    });
    match length {
        Some(0) => {}
        Some(length) => line(&[b"Content-Length: ", length.to_string().as_bytes()]),
        None => line(&[b"Transfer-Encoding: chunked"]),
    }
    line(&[]);
}

/// Fields that go no further: those about the client's connection, whether it names them or not (RFC
/// 9110 §7.6.1), and those that are written anew, which nobody can name away.
const OURS: [&str; 13] = [
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "Proxy-Authorization",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "Host",
    "Content-Length",
    "Expect",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
];

/// HTTP, with a head of our own.
struct Forwarding(Http);

impl Protocol for Forwarding {
    fn begin(&mut self, request: &Request, length: Option<u64>, out: &mut Vec<u8>) {
        // It has to know what was asked, to understand what is answered.
        self.0.begin(request, length, &mut Vec::new());
        forward(request, length, out);
    }

    fn body(&mut self, data: &[u8], out: &mut Vec<u8>) {
        self.0.body(data, out);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.0.end(out);
    }

    fn hear(&mut self, front: &[u8], eof: bool) -> Result<Heard, BadGateway> {
        self.0.hear(front, eof)
    }

    fn took(&mut self, n: usize) {
        self.0.took(n);
    }
}

fn serve(given: &Given) -> io::Result<()> {
    given.serve_below("/api", || {
        let address = |name| given.place(name)?.parse().map_err(io::Error::other);
        let addresses: Vec<Address> = vec![address("upstream")?, address("other")?];
        let upstream = Upstream::new(addresses, Capacity::default(), &Complaints::new()?);
        Ok(move |request: &Request| upstream.ask(request, Box::new(Forwarding(Http::default()))))
    })
}

fn main() -> ExitCode {
    exercise::main("5f", serve)
}
