//! A small server that asks an application over FastCGI, made of parts that can be replaced by wrong ones.
//!
//! A connection for each request below `/fastcgi/`, and nothing else is there. All that the application
//! says is read before any of it is answered.

use crate::proxies::serve_below;
use crate::right::{self, Guest, Request};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

const BEGIN: u8 = 1;
const END: u8 = 3;
const PARAMS: u8 = 4;
const STDIN: u8 = 5;
pub(crate) const STDOUT: u8 = 6;
pub(crate) const STDERR: u8 = 7;

/// A record's kind, and its content.
pub(crate) type Record = (u8, Vec<u8>);

/// What such a server has to get right.
pub(crate) struct Parts {
    /// Reads a record.
    pub(crate) record: fn(&mut TcpStream) -> io::Result<Record>,
    /// Whether content of that kind is for the client.
    pub(crate) is_output: fn(u8) -> bool,
    /// What becomes of an answer that breaks off.
    pub(crate) broken: fn(Vec<u8>) -> io::Result<Vec<u8>>,
}

pub(crate) const PARTS: Parts = Parts {
    record,
    is_output: |kind| kind == STDOUT,
    broken: |_| Err(io::ErrorKind::UnexpectedEof.into()),
};

pub(crate) fn serve(
    listener: &TcpListener,
    application: SocketAddr,
    parts: &'static Parts,
) -> io::Result<()> {
    let answer = move |guest: &Guest, request: &Request, content: &[u8]| {
        let said = ask(application, guest, request, content, parts);
        let answer = said.ok().and_then(|said| answer(request, &said, parts));
        Some(answer.unwrap_or_else(|| right::answer(request, 502, b"nonsense")))
    };
    serve_below("/fastcgi/", listener, right::judge, answer)
}

/// Asks, and returns all that the application has said to the client.
fn ask(
    application: SocketAddr,
    guest: &Guest,
    request: &Request,
    content: &[u8],
    parts: &Parts,
) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(application)?;
    let mut octets = written(BEGIN, &[0, 1, 0, 0, 0, 0, 0, 0]);
    octets.extend(written(PARAMS, &variables(guest, request, content)?));
    octets.extend(written(PARAMS, b""));
    for part in content.chunks(0xFFFF) {
        octets.extend(written(STDIN, part));
    }
    octets.extend(written(STDIN, b""));
    stream.write_all(&octets)?;
    let mut said = Vec::new();
    loop {
        match (parts.record)(&mut stream) {
            Ok((END, _)) => return Ok(said),
            Ok((kind, content)) if (parts.is_output)(kind) => said.extend(content),
            Ok(_) => {}
            Err(_) => return (parts.broken)(said),
        }
    }
}

fn written(kind: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap_or(0).to_be_bytes();
    [&[1, kind, 0, 1, high, low, 0, 0], content].concat()
}

pub(crate) fn record(stream: &mut TcpStream) -> io::Result<Record> {
    let mut header = [0; 8];
    stream.read_exact(&mut header)?;
    let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
    let mut content = vec![0; length + usize::from(header[6])];
    stream.read_exact(&mut content)?;
    content.truncate(length);
    Ok((header[1], content))
}

fn variables(guest: &Guest, request: &Request, content: &[u8]) -> io::Result<Vec<u8>> {
    let (path, query) = request
        .target
        .split_once('?')
        .unwrap_or((&request.target, ""));
    let client = guest.stream.peer_addr()?.ip().to_string();
    let length = content.len().to_string();
    let info = path.trim_start_matches("/fastcgi");
    let mut pairs: Vec<(String, &str)> = [
        ("GATEWAY_INTERFACE", "CGI/1.1"),
        ("REQUEST_METHOD", &request.method),
        ("SERVER_PROTOCOL", &request.version),
        ("SCRIPT_NAME", "/fastcgi"),
        ("PATH_INFO", info),
        ("QUERY_STRING", query),
        ("REMOTE_ADDR", &client),
        ("CONTENT_LENGTH", &length),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    for (name, value) in &request.fields {
        match name.as_str() {
            "Content-Type" => pairs.push(("CONTENT_TYPE".into(), value)),
            "Content-Length" | "Proxy" | "Connection" => {}
            _ => pairs.push((
                format!("HTTP_{}", name.to_ascii_uppercase().replace('-', "_")),
                value,
            )),
        }
    }
    let mut octets = Vec::new();
    for (name, value) in &pairs {
        for text in [name, *value] {
            let length = u32::try_from(text.len()).unwrap_or(0) | 0x8000_0000;
            octets.extend(length.to_be_bytes());
        }
        octets.extend([name.as_bytes(), value.as_bytes()].concat());
    }
    Ok(octets)
}

/// Makes an answer of what an application has said; none where that was none.
fn answer(request: &Request, said: &[u8], parts: &Parts) -> Option<Vec<u8>> {
    let end = said.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, content) = (String::from_utf8_lossy(&said[..end]), &said[end + 4..]);
    let (mut status, mut fields) = ("200 OK", String::new());
    for line in head.split("\r\n") {
        match line.split_once(": ")? {
            ("Status", value) => status = value,
            // Whoever has promised something else has broken off.
            ("Content-Length", value) if value != content.len().to_string() => {
                (parts.broken)(said.to_vec()).ok()?;
            }
            ("Content-Length", _) => {}
            _ => fields += &format!("{line}\r\n"),
        }
    }
    let connection = match right::goes_on(request) {
        true => "",
        false => "Connection: close\r\n",
    };
    let length = content.len();
    let head = format!("HTTP/1.1 {status}\r\n{fields}{connection}Content-Length: {length}\r\n\r\n");
    Some([head.as_bytes(), content].concat())
}
