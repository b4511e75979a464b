//! 5f Proxy fields: a request, as the next server hears it.
//!
//! Write the body of `forward`. Connections, content and answers are the course's own;
//! `cargo test --test 5f` judges it.

use check::exercise::{self, Given};
use gateway::{Address, BadGateway, Capacity, Complaints, Heard, Http, Protocol, Upstream};
use static_files::Request;
use std::io;
use std::process::ExitCode;

/// Writes the head that is handed on. `length` is that of the content, which follows: `Some(0)` for
/// none, `None` for content in chunks.
fn forward(request: &Request, length: Option<u64>, out: &mut Vec<u8>) {
    // All that the client has said, as it came. What of it was said to this server alone? What does only
    // this server know? And who says where the content ends?
    let method = request.method().as_str().as_bytes();
    let target = request.head.target.raw();
    out.extend([method, b" ", target, b" HTTP/1.1\r\n"].concat());
    out.extend(request.head.fields.wire());
    if length.is_none() {
        out.extend(b"Transfer-Encoding: chunked\r\n");
    }
    out.extend(b"\r\n");
}

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
