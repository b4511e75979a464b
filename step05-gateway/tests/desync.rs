//! Requests that two servers could read in two ways: the other server must see as many as the client
//! gets answers for, and none that the client has hidden in another.
//!
//! ```text
//!     client ──► proxy ──► a server that believes anything
//!        └── answers of the other server = requests that it has seen ──┘
//! ```

mod common;

use common::{BOTH, DEADLINE, Server};
use gateway::{Address, Capacity, Complaints, Proxy, Upstream};
use http_parse::{
    BodyDecoder, Limits, Method, Parsed, Piece, parse_response_head, response_framing,
};
use static_files::Config;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What must never be seen as a request of its own.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: a\r\nX: ";

/// What follows each ambiguous request.
const AFTER: &str = "GET /after HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

type Seen = Arc<Mutex<Vec<String>>>;

/// A server that takes line feeds for line ends, the last of several lengths, `chunked` wherever it
/// stands, and numbers with anything around them. It answers each request with its target.
fn gullible() -> (SocketAddr, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let addr = listener.local_addr().expect("it is bound");
    let seen = Seen::default();
    let noted = Arc::clone(&seen);
    let serve = move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let seen = Arc::clone(&noted);
            // Whoever talks nonsense, or leaves, ends its own connection only.
            let talk = move || drop(converse(&stream, &seen));
            thread::Builder::new().spawn(talk).expect("a thread starts");
        }
    };
    thread::Builder::new()
        .spawn(serve)
        .expect("a thread starts");
    (addr, seen)
}

fn converse(stream: &TcpStream, seen: &Seen) -> io::Result<()> {
    stream.set_read_timeout(Some(DEADLINE))?;
    let mut from = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let target = line.split(' ').nth(1).unwrap_or("?").to_owned();
        let (mut length, mut chunked) = (0, false);
        loop {
            let mut line = String::new();
            from.read_line(&mut line)?;
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if line.starts_with("content-length") {
                length = number(&line);
            }
            chunked |= line.starts_with("transfer-encoding") && line.contains("chunked");
        }
        if chunked {
            skip_chunks(&mut from)?;
        } else {
            skip(&mut from, length)?;
        }
        seen.lock().expect("no panic").push(target.clone());
        let len = target.len();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n{target}");
        (&*stream).write_all(answer.as_bytes())?;
    }
}

fn number(text: &str) -> u64 {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// Reads content and forgets it; a request without all of it is none.
fn skip(from: &mut impl BufRead, len: u64) -> io::Result<()> {
    match io::copy(&mut from.take(len), &mut io::sink())? {
        came if came == len => Ok(()),
        _less => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn skip_chunks(from: &mut impl BufRead) -> io::Result<()> {
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let digits = line.trim().split(';').next().unwrap_or_default();
        let size = u64::from_str_radix(digits, 16).unwrap_or(0);
        skip(from, size)?;
        from.read_line(&mut String::new())?;
        if size == 0 {
            return Ok(());
        }
    }
}

/// The contents of the answers that came from the other server; those of the proxy itself have no
/// Via and are left out.
fn answers(mut received: &[u8]) -> Vec<String> {
    let limits = Limits::default();
    let mut contents = Vec::new();
    while let Ok(Parsed::Complete(head, taken)) = parse_response_head(received, &limits) {
        received = &received[taken..];
        let framing = response_framing(&Method::Get, &head).expect("the proxy frames well");
        let mut decoder = BodyDecoder::new(framing, &limits);
        let mut content = Vec::new();
        loop {
            let count = match decoder.next(received, true).expect("whole answers") {
                Piece::Skip(count) => count,
                Piece::Data(count) => {
                    content.extend_from_slice(&received[..count]);
                    count
                }
                Piece::NeedBytes => unreachable!("the input has ended"),
                Piece::End(_) => break,
            };
            decoder.advance(count);
            received = &received[count..];
        }
        if head.fields.contains("Via") {
            contents.push(String::from_utf8_lossy(&content).into_owned());
        }
    }
    contents
}

/// Lengths; the content is longer than each of them.
const LENGTHS: [&str; 16] = [
    "0",
    "5",
    "5, 5",
    "+5",
    "-5",
    "5 ",
    "05",
    "0x5",
    "5\u{b}",
    "5.0",
    "5e0",
    "18446744073709551621",
    "",
    "5;5",
    " 5",
    "5\r\nContent-Length: 5",
];

/// Codings, beside a length of five.
const CODINGS: [&str; 12] = [
    "chunked",
    "identity",
    "xchunked",
    "Chunked",
    " chunked",
    "chunked, identity",
    "identity, chunked",
    "\"chunked\"",
    "chunked;q=1",
    "\u{b}chunked",
    "\r\n chunked",
    "",
];

/// Fields that hide one of the two, or say it twice.
const FIELDS: [&str; 10] = [
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Transfer-Encoding : chunked\r\nContent-Length: 5",
    "Transfer_Encoding: chunked\r\nContent-Length: 5",
    "X: y\nTransfer-Encoding: chunked\r\nContent-Length: 5",
    "X: y\rTransfer-Encoding: chunked\r\nContent-Length: 5",
    "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked",
    "Connection: Content-Length\r\nContent-Length: 5",
    "Connection: Host, Content-Length, close\r\nContent-Length: 5",
];

/// Sizes of a chunk of two octets.
const SIZES: [&str; 8] = [
    "0x2",
    "+2",
    "2 ",
    "2;\n",
    "2\n",
    "00000000000000002",
    "-2",
    "2\u{b}",
];

/// Beginnings that change what a length means.
const STARTS: [&str; 6] = [
    "GET /seen HTTP/1.0\r\nTransfer-Encoding: chunked",
    "GET /seen HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 5",
    "GET /seen HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5",
    "HEAD /seen HTTP/1.1\r\nHost: a\r\nContent-Length: 5",
    "GET /seen\r\nHost: a HTTP/1.1\r\nContent-Length: 5",
    "GET /seen HTTP/1.1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5",
];

/// Requests with content in which another one stands.
fn ambiguous() -> Vec<String> {
    const POST: &str = "POST /seen HTTP/1.1\r\nHost: a\r\n";
    let hidden = format!("0\r\n\r\n{HIDDEN}");
    let whole = hidden.len();
    let post = |fields: &str| format!("{POST}{fields}\r\n\r\n{hidden}");
    let mut all: Vec<String> = FIELDS.map(post).into();
    for length in LENGTHS {
        all.push(post(&format!("Content-Length: {length}")));
    }
    for coding in CODINGS {
        for length in [5, whole] {
            let length = format!("Content-Length: {length}");
            all.push(post(&format!("{length}\r\nTransfer-Encoding: {coding}")));
        }
    }
    for name in ["Content-Length", "Content-Length "] {
        all.push(post(&format!("Content-Length: 5\r\n{name}: {whole}")));
        all.push(post(&format!("{name}: {whole}\r\nContent-Length: 5")));
    }
    all.push(post(&format!("Content-Length: {whole}")));
    for size in SIZES {
        let chunks = format!("{size}\r\nab\r\n0\r\n\r\n{HIDDEN}");
        all.push(format!("{POST}Transfer-Encoding: chunked\r\n\r\n{chunks}"));
    }
    all.extend(STARTS.map(|start| format!("{start}\r\n\r\n{hidden}")));
    all
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
    let requests = ambiguous();
    assert!(requests.len() >= 40, "{}", requests.len());
    for name in BOTH {
        let (addr, seen) = gullible();
        let complaints = Complaints::new().expect("threads start");
        let upstream = Upstream::new(vec![Address::Tcp(addr)], Capacity::default(), &complaints);
        let server = Server::start(name, Config::default(), Proxy::new(&upstream));
        let mut handed_on = 0;
        for request in &requests {
            let received = converse_with(&server, request);
            let seen = std::mem::take(&mut *seen.lock().expect("no panic"));
            handed_on += seen.len();
            let hidden = seen.iter().any(|target| target.contains("hidden"));
            // Without framing the rest is a request of its own, as every reader of it agrees.
            assert!(!hidden || is_plain(request), "{request:?} hides {seen:?}");
            if !request.starts_with("HEAD") {
                assert_eq!(answers(&received), seen, "{request:?}");
            }
        }
        assert!(handed_on > 10, "most are refused, not all: {handed_on}");
        assert_eq!(
            answers(&converse_with(&server, "")),
            ["/after"],
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
