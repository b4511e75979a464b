//! 5h No desync: what a proxy says about the end of a request, and what it sends.
//!
//! Mend the body of `framing`. All other fields, connections and answers are given, and right;
//! `cargo test --test 5h` judges it.

use check::exercise::{self, Given};
use gateway::{Address, BadGateway, Capacity, Complaints, Heard, Http, Protocol, Upstream};
use http_parse::{Method, Version};
use static_files::Request;
use std::io;
use std::process::ExitCode;

/// The field that says where content ends, of which there are `length` octets: `Some(0)` for none, and
/// `None` where it comes in chunks. What there is of it is sent after the head.
fn framing(method: &Method, length: Option<u64>) -> Option<String> {
    match (method, length) {
        // These ask for something, and have no content. Have they?
        (Method::Get | Method::Head | Method::Options, _) => None,
        (_, Some(0)) => None,
        (_, Some(length)) => Some(format!("Content-Length: {length}")),
        (_, None) => Some("Transfer-Encoding: chunked".into()),
    }
}

/// Writes the head that is handed on.
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
    if let Some(framing) = framing(request.method(), length) {
        line(&[framing.as_bytes()]);
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
    exercise::main("5h", serve)
}
