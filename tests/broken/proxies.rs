//! A small proxy that is right, made of parts that can be replaced by wrong ones.
//!
//! ```text
//! guest ─► head, judge, content ─► onward ─► a connection of its own to {upstream}, or to {other}
//!       ◄───────────── an answer, framed anew ◄─────┘
//! ```
//!
//! A whole request is read before it is handed on, and a whole answer before it is handed back. Only
//! what stands below `/api/` is handed on, and nothing else is there.

use crate::answers::{Answer, Come, kept, take_apart};
use crate::right::{self, Framing, Guest, Request};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// For an upstream to say something.
const PATIENCE: Duration = Duration::from_secs(2);

/// Between two looks whether the guest is still there.
const LOOK: Duration = Duration::from_millis(20);

/// Says where the content ends, or the status that refuses the request.
pub(crate) type Judge = fn(&Request) -> Result<Framing, u16>;

/// What a proxy has to get right.
pub(crate) struct Parts {
    pub(crate) judge: Judge,
    /// The request as an upstream hears it.
    pub(crate) onward: fn(&Request, &[u8], IpAddr) -> Vec<u8>,
    /// Whether a request that was not answered may be asked again, of another.
    pub(crate) again: fn(&Request) -> bool,
    /// What is made of an answer that breaks off.
    pub(crate) broken: fn(Answer) -> Option<Answer>,
    /// Whether the guest does not wait any more.
    pub(crate) is_gone: fn(&TcpStream) -> bool,
}

pub(crate) const PARTS: Parts = Parts {
    judge: right::judge,
    onward,
    again: |request| matches!(request.method.as_str(), "GET" | "HEAD"),
    broken: |_| None,
    is_gone,
};

/// Why there is no answer.
enum Failed {
    Gone,
    Late,
    /// Nobody is there, or what was said was no answer.
    Unanswered,
}

pub(crate) fn serve(
    listener: &TcpListener,
    upstreams: [SocketAddr; 2],
    parts: &'static Parts,
) -> io::Result<()> {
    let answer = move |guest: &Guest, request: &Request, content: &[u8]| match ask(
        guest, upstreams, request, content, parts,
    ) {
        Ok(answer) => Some(answer.written(request)),
        Err(Failed::Gone) => None,
        Err(Failed::Late) => Some(right::answer(request, 504, b"late")),
        Err(Failed::Unanswered) => Some(right::answer(request, 502, b"nonsense")),
    };
    serve_below("/api/", listener, parts.judge, answer)
}

/// Takes whole requests for what is below a prefix, and writes what they are answered; nothing where
/// nobody waits for it.
pub(crate) fn serve_below(
    prefix: &'static str,
    listener: &TcpListener,
    judge: Judge,
    answer: impl Fn(&Guest, &Request, &[u8]) -> Option<Vec<u8>> + Copy + Send + 'static,
) -> io::Result<()> {
    let here = move |guest: &Guest, request: &Request, content: &[u8]| match request
        .target
        .starts_with(prefix)
    {
        true => answer(guest, request, content),
        false => Some(right::answer(request, 404, b"nothing")),
    };
    loop {
        let (stream, _) = listener.accept()?;
        let come = Vec::new();
        let mut guest = Guest { stream, come };
        thread::Builder::new().spawn(move || {
            // A guest who is gone is no loss.
            let _ = converse(&mut guest, judge, here).and_then(|()| right::leave(&guest.stream));
        })?;
    }
}

fn converse(
    guest: &mut Guest,
    judge: Judge,
    answer: impl Fn(&Guest, &Request, &[u8]) -> Option<Vec<u8>>,
) -> io::Result<()> {
    loop {
        let request = match right::head(guest)? {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            Err(status) => return refuse(guest, &Request::default(), status),
        };
        let framing = match judge(&request) {
            Ok(framing) => framing,
            Err(status) => return refuse(guest, &request, status),
        };
        let content = match right::content(guest, framing)? {
            Ok(content) => content,
            Err(status) => return refuse(guest, &request, status),
        };
        let Some(answer) = answer(guest, &request, &content) else {
            return Ok(());
        };
        guest.stream.write_all(&answer)?;
        if !right::goes_on(&request) {
            return Ok(());
        }
    }
}

fn refuse(guest: &mut Guest, request: &Request, status: u16) -> io::Result<()> {
    guest
        .stream
        .write_all(&right::answer(request, status, b"no"))
}

/// Asks one upstream, and perhaps the other.
fn ask(
    guest: &Guest,
    [first, second]: [SocketAddr; 2],
    request: &Request,
    content: &[u8],
    parts: &Parts,
) -> Result<Answer, Failed> {
    let client = guest.stream.peer_addr().map_err(|_| Failed::Gone)?;
    let octets = (parts.onward)(request, content, client.ip());
    let ask = |upstream: SocketAddr| {
        let connected = TcpStream::connect(upstream).map_err(|_| Failed::Unanswered)?;
        listen(connected, &octets, request, guest, parts)
    };
    match ask(first) {
        Err(Failed::Unanswered) if (parts.again)(request) => ask(second),
        outcome => outcome,
    }
}

fn listen(
    mut upstream: TcpStream,
    octets: &[u8],
    request: &Request,
    guest: &Guest,
    parts: &Parts,
) -> Result<Answer, Failed> {
    let unanswered = |_: io::Error| Failed::Unanswered;
    upstream.write_all(octets).map_err(unanswered)?;
    upstream.set_read_timeout(Some(LOOK)).map_err(unanswered)?;
    let (mut come, mut last) = (Vec::new(), Instant::now());
    loop {
        let mut buf = [0; 16 * 1024];
        let is_over = match upstream.read(&mut buf) {
            Ok(count) => {
                come.extend(&buf[..count]);
                last = Instant::now();
                count == 0
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => false,
            Err(_) => true,
        };
        match take_apart(&come, is_over, &request.method) {
            Come::Part if (parts.is_gone)(&guest.stream) => return Err(Failed::Gone),
            Come::Part if last.elapsed() > PATIENCE => return Err(Failed::Late),
            Come::Part => {}
            Come::Whole(answer) => return Ok(answer),
            Come::Broken(answer) => return (parts.broken)(answer).ok_or(Failed::Unanswered),
            Come::Nonsense => return Err(Failed::Unanswered),
        }
    }
}

fn onward(request: &Request, content: &[u8], client: IpAddr) -> Vec<u8> {
    let said =
        |(name, _): &&(String, String)| !name.to_ascii_lowercase().starts_with("x-forwarded-");
    let fields: Vec<(String, String)> = request.fields.iter().filter(said).cloned().collect();
    with(
        request,
        &format!("{}X-Forwarded-For: {client}\r\n", kept(&fields)),
        content,
    )
}

/// A request with these lines of fields.
pub(crate) fn with(request: &Request, fields: &str, content: &[u8]) -> Vec<u8> {
    let length = match (request.method.as_str(), content) {
        ("GET" | "HEAD", []) => String::new(),
        _ => format!("Content-Length: {}\r\n", content.len()),
    };
    let version = request.version.trim_start_matches("HTTP/");
    let head = format!(
        "{} {} HTTP/1.1\r\n{fields}X-Forwarded-Proto: http\r\nVia: {version} gallery\r\n{length}\r\n",
        request.method, request.target
    );
    [head.as_bytes(), content].concat()
}

/// A reset says so; that nothing more is said may mean that somebody listens.
fn is_gone(guest: &TcpStream) -> bool {
    let peek = || {
        guest.set_nonblocking(true)?;
        let peeked = guest.peek(&mut [0]);
        guest.set_nonblocking(false)?;
        peeked
    };
    peek().is_err_and(|error| error.kind() != ErrorKind::WouldBlock)
}
