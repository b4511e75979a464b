//! A small proxy that is right, made of parts that can be replaced by wrong ones.
//!
//! ```text
//! guest ─► head, judge, content ─► onward ─► a connection of its own to {upstream}, or to {other}
//!       ◄───────────── an answer, framed anew ◄─────┘
//! ```
//!
//! A whole request is read before it is handed on, and a whole answer before it is handed back. Only
//! what stands below `/api/` is handed on, and nothing else is there.

use crate::right::{self, Framing, Guest, Request};
use http_parse::{
    BodyDecoder, Limits, Method, Parsed, Piece, ResponseHead, parse_response_head, response_framing,
};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// For an upstream to say something.
const PATIENCE: Duration = Duration::from_secs(2);

/// Between two looks whether the guest is still there.
const LOOK: Duration = Duration::from_millis(20);

/// Fields that are about one connection, or about the framing, which is made anew.
const HOP: [&str; 8] = [
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Upgrade",
    "Transfer-Encoding",
    "Content-Length",
];

/// What a proxy has to get right.
pub(crate) struct Parts {
    /// Says where the content ends, or the status that refuses the request.
    pub(crate) judge: fn(&Request) -> Result<Framing, u16>,
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

/// An upstream's answer.
pub(crate) struct Answer {
    head: ResponseHead,
    content: Vec<u8>,
}

/// What has come of an answer so far.
enum Come {
    Part,
    Whole(Answer),
    /// There is no more, and that was not all.
    Broken(Answer),
    Nonsense,
}

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
    loop {
        let (stream, _) = listener.accept()?;
        let come = Vec::new();
        let mut guest = Guest { stream, come };
        thread::Builder::new().spawn(move || {
            // A guest who is gone is no loss.
            let _ =
                converse(&mut guest, upstreams, parts).and_then(|()| right::leave(&guest.stream));
        })?;
    }
}

fn converse(guest: &mut Guest, upstreams: [SocketAddr; 2], parts: &Parts) -> io::Result<()> {
    loop {
        let request = match right::head(guest)? {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            Err(status) => return refuse(guest, &Request::default(), status),
        };
        let framing = match (parts.judge)(&request) {
            Ok(framing) => framing,
            Err(status) => return refuse(guest, &request, status),
        };
        let content = match right::content(guest, framing)? {
            Ok(content) => content,
            Err(status) => return refuse(guest, &request, status),
        };
        if !request.target.starts_with("/api/") {
            return refuse(guest, &request, 404);
        }
        let answer = match ask(guest, upstreams, &request, &content, parts) {
            Ok(answer) => answer.written(&request),
            Err(Failed::Gone) => return Ok(()),
            Err(Failed::Late) => right::answer(&request, 504, b"late"),
            Err(Failed::Unanswered) => right::answer(&request, 502, b"nonsense"),
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

fn take_apart(octets: &[u8], is_over: bool, method: &str) -> Come {
    let limits = Limits::default();
    let (head, mut at) = match parse_response_head(octets, &limits) {
        Ok(Parsed::Complete(head, at)) => (head, at),
        Ok(Parsed::Partial) if !is_over => return Come::Part,
        Ok(Parsed::Partial) | Err(_) => return Come::Nonsense,
    };
    if head.status.code() < 200 {
        return take_apart(&octets[at..], is_over, method);
    }
    let method = match method {
        "HEAD" => Method::Head,
        _ => Method::Get,
    };
    let Ok(framing) = response_framing(&method, &head) else {
        return Come::Nonsense;
    };
    let mut decoder = BodyDecoder::new(framing, &limits);
    let mut content = Vec::new();
    loop {
        let count = match decoder.next(&octets[at..], is_over) {
            Ok(Piece::Skip(count)) => count,
            Ok(Piece::Data(count)) => {
                content.extend(&octets[at..at + count]);
                count
            }
            Ok(Piece::NeedBytes) => return Come::Part,
            Ok(Piece::End(_)) => return Come::Whole(Answer { head, content }),
            Err(_) => return Come::Broken(Answer { head, content }),
        };
        decoder.advance(count);
        at += count;
    }
}

impl Answer {
    fn written(&self, request: &Request) -> Vec<u8> {
        let code = self.head.status.code();
        let fields = self.head.fields.iter().map(|(name, value)| {
            let text = |octets| String::from_utf8_lossy(octets).into_owned();
            (text(name), text(value))
        });
        let fields: Vec<(String, String)> = fields.collect();
        let mut octets = format!("HTTP/1.1 {code} so\r\n").into_bytes();
        octets.extend(kept(&fields).bytes());
        if !right::goes_on(request) {
            octets.extend(b"Connection: close\r\n");
        }
        let ends_with_head = request.method == "HEAD" || matches!(code, 204 | 304);
        if !ends_with_head {
            octets.extend(format!("Content-Length: {}\r\n", self.content.len()).bytes());
        }
        octets.extend(b"\r\n");
        octets.extend(&self.content);
        octets
    }
}

/// The fields that are handed on, as lines: those that are not about a connection.
fn kept(fields: &[(String, String)]) -> String {
    let connection = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("Connection");
    let named = fields.iter().filter(connection);
    let named: Vec<&str> = named.flat_map(|(_, value)| value.split(',')).collect();
    let is = |name: &str, other: &str| name.eq_ignore_ascii_case(other.trim());
    let is_kept = |(name, _): &&(String, String)| {
        let is_host = is(name, "Host");
        !HOP.iter().any(|hop| is(name, hop)) && (is_host || !named.iter().any(|hop| is(name, hop)))
    };
    lines(fields.iter().filter(is_kept))
}

/// Fields as lines.
pub(crate) fn lines<'f>(fields: impl Iterator<Item = &'f (String, String)>) -> String {
    let line = |(name, value): &(String, String)| format!("{name}: {value}\r\n");
    fields.map(line).collect()
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
