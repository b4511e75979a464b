//! A small server of step 2 that is right, made of parts that can be replaced by wrong ones.
//!
//! `GET /` is a page, `POST /echo` sends back what it gets, everything else is 404. A thread for
//! each guest, of whom there are as many as a check sends. Its clock stands still: no check asks
//! what time it is.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// Octets of a head.
const HEAD: usize = 32 * 1024;

/// Octets of a request line.
const LINE: usize = 8 * 1024;

/// For a guest who is told good-bye and goes on talking.
const LINGER: Duration = Duration::from_secs(2);

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// What was taken from a guest, or the status that refuses it.
pub(crate) type Taken<T> = io::Result<Result<T, u16>>;

/// What a server of messages has to get right.
pub(crate) struct Parts {
    /// Takes the next head from the guest: none at the end of input, or the status that refuses it.
    pub(crate) head: fn(&mut Guest) -> Taken<Option<Request>>,
    /// Says where the content ends, or the status that refuses the request.
    pub(crate) judge: fn(&Request) -> Result<Framing, u16>,
    /// Whether the guest has to be told to go on.
    pub(crate) invites: fn(&Request) -> bool,
    /// Takes the content from the guest, or says the status that refuses it.
    pub(crate) content: fn(&mut Guest, Framing) -> Taken<Vec<u8>>,
    /// Writes the answer.
    pub(crate) answer: fn(&Request, u16, &[u8]) -> Vec<u8>,
    /// Sends it.
    pub(crate) send: fn(&mut Guest, &Request, &[u8]) -> io::Result<()>,
    /// Whether another request may follow.
    pub(crate) goes_on: fn(&Request) -> bool,
}

/// All of them right.
pub(crate) const PARTS: Parts = Parts {
    head,
    judge,
    invites,
    content,
    answer,
    send,
    goes_on,
};

/// A connection, and what has come and was not used yet.
pub(crate) struct Guest {
    pub(crate) stream: TcpStream,
    pub(crate) come: Vec<u8>,
}

/// A head, taken apart but not judged.
#[derive(Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) version: String,
    pub(crate) fields: Vec<(String, String)>,
}

/// Where content ends.
#[derive(Clone, Copy)]
pub(crate) enum Framing {
    Length(usize),
    Chunked,
}

pub(crate) fn serve(listener: &TcpListener, parts: &'static Parts) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        let come = Vec::new();
        let mut guest = Guest { stream, come };
        thread::Builder::new().spawn(move || {
            // A guest who is gone is no loss.
            let _ = converse(&mut guest, parts).and_then(|()| leave(&guest.stream));
        })?;
    }
}

fn converse(guest: &mut Guest, parts: &Parts) -> io::Result<()> {
    loop {
        let request = match (parts.head)(guest)? {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            Err(status) => return refuse(guest, parts, &Request::default(), status),
        };
        let framing = match (parts.judge)(&request) {
            Ok(framing) => framing,
            Err(status) => return refuse(guest, parts, &request, status),
        };
        if (parts.invites)(&request) {
            guest.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let content = match (parts.content)(guest, framing)? {
            Ok(content) => content,
            Err(status) => return refuse(guest, parts, &request, status),
        };
        let (status, content) = match (request.method.as_str(), path(&request.target)) {
            ("GET" | "HEAD", "/") => (200, b"<!doctype html><title>front</title>".to_vec()),
            ("POST", "/echo") => (200, content),
            _ => (404, b"<!doctype html><title>nothing</title>".to_vec()),
        };
        let answer = (parts.answer)(&request, status, &content);
        (parts.send)(guest, &request, &answer)?;
        if !(parts.goes_on)(&request) {
            return Ok(());
        }
    }
}

fn refuse(guest: &mut Guest, parts: &Parts, request: &Request, status: u16) -> io::Result<()> {
    let page = b"<!doctype html><title>no</title>";
    let answer = (parts.answer)(request, status, page);
    guest.stream.write_all(&answer)
}

pub(crate) fn leave(mut stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(LINGER))?;
    while stream.read(&mut [0; 4096])? > 0 {}
    Ok(())
}

impl Guest {
    /// Waits for more; false at the end of input.
    pub(crate) fn hear(&mut self) -> io::Result<bool> {
        let mut buf = [0; 16 * 1024];
        let count = self.stream.read(&mut buf)?;
        self.come.extend(&buf[..count]);
        Ok(count > 0)
    }

    /// Takes octets up to and including `end`; none at the end of input or beyond `limit`.
    pub(crate) fn take_until(&mut self, end: &[u8], limit: usize) -> io::Result<Option<Vec<u8>>> {
        loop {
            let found = self.come.windows(end.len()).position(|part| part == end);
            match found {
                Some(at) => return Ok(Some(self.come.drain(..at + end.len()).collect())),
                None if self.come.len() > limit || !self.hear()? => return Ok(None),
                None => {}
            }
        }
    }

    /// Takes exactly so many octets.
    pub(crate) fn take(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.come.len() < count {
            if !self.hear()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.come.drain(..count).collect())
    }
}

impl Request {
    /// Takes a head apart.
    pub(crate) fn read(head: &[u8]) -> Option<Request> {
        let text = String::from_utf8_lossy(head);
        let mut lines = text.trim_end_matches("\r\n").split("\r\n");
        let mut words = lines.next()?.splitn(3, ' ').map(str::to_owned);
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        let field = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.trim().to_owned()))
        };
        Some(Request {
            method,
            target,
            version,
            fields: lines.map(field).collect::<Option<Vec<_>>>()?,
        })
    }

    /// The values of all fields of that name.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let named = |(n, _): &&(String, String)| n.eq_ignore_ascii_case(name);
        let values = self.fields.iter().filter(named);
        values.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn is_old(&self) -> bool {
        self.version == "HTTP/1.0"
    }
}

fn path(target: &str) -> &str {
    target.split('?').next().unwrap_or(target)
}

pub(crate) fn head(guest: &mut Guest) -> Taken<Option<Request>> {
    if guest.come.is_empty() && !guest.hear()? {
        return Ok(Ok(None));
    }
    let Some(head) = guest.take_until(b"\r\n\r\n", HEAD)? else {
        let line = guest.come.iter().position(|&octet| octet == b'\r');
        return Ok(match (guest.come.len() > HEAD, line) {
            (false, _) => Ok(None),
            (true, Some(end)) if end <= LINE => Err(431),
            (true, _) => Err(414),
        });
    };
    let line = head.iter().position(|&octet| octet == b'\r').unwrap_or(0);
    Ok(match (head.len() > HEAD, line > LINE) {
        (_, true) => Err(414),
        (true, false) => Err(431),
        (false, false) => Request::read(&head).map(Some).ok_or(400),
    })
}

pub(crate) fn judge(request: &Request) -> Result<Framing, u16> {
    let is_token = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let fields_are_good = request
        .fields
        .iter()
        .all(|(name, value)| is_token(name) && !value.contains('\0'));
    let version_is_good = matches!(request.version.as_str(), "HTTP/1.0" | "HTTP/1.1");
    let hosts = request.all("Host");
    let host_is_good = match hosts[..] {
        [host] => !host.contains(' '),
        _ => hosts.is_empty() && request.is_old(),
    };
    let escapes_are_good =
        request.target.split('%').skip(1).all(|escape| {
            escape.len() >= 2 && escape.bytes().take(2).all(|b| b.is_ascii_hexdigit())
        });
    if !(fields_are_good && version_is_good && host_is_good && escapes_are_good) {
        return Err(400);
    }
    match (
        &request.all("Content-Length")[..],
        &request.all("Transfer-Encoding")[..],
    ) {
        ([], []) => Ok(Framing::Length(0)),
        ([length], []) => number(length, 10).map(Framing::Length).ok_or(400),
        ([], ["chunked"]) => Ok(Framing::Chunked),
        _ => Err(400),
    }
}

/// A number of digits and nothing else.
pub(crate) fn number(text: &str, radix: u32) -> Option<usize> {
    let plain = !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
    plain
        .then(|| usize::from_str_radix(text, radix).ok())
        .flatten()
}

pub(crate) fn invites(request: &Request) -> bool {
    request.all("Expect") == ["100-continue"] && !request.is_old()
}

pub(crate) fn content(guest: &mut Guest, framing: Framing) -> Taken<Vec<u8>> {
    match framing {
        Framing::Length(length) => guest.take(length).map(Ok),
        Framing::Chunked => chunks(guest, |line| line.split(';').next().unwrap_or("")),
    }
}

/// Puts chunks together; `size` finds the size in its line.
pub(crate) fn chunks(guest: &mut Guest, size: fn(&str) -> &str) -> Taken<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let line = guest.take_until(b"\r\n", HEAD)?.unwrap_or_default();
        let line = String::from_utf8_lossy(&line)
            .trim_end_matches("\r\n")
            .to_owned();
        let Some(size) = number(size(&line), 16) else {
            return Ok(Err(400));
        };
        if size == 0 {
            break;
        }
        content.extend(guest.take(size)?);
        if guest.take(2)? != b"\r\n" {
            return Ok(Err(400));
        }
    }
    // Trailers end as a head does: with an empty line.
    while guest
        .take_until(b"\r\n", HEAD)?
        .is_some_and(|line| line != b"\r\n")
    {}
    Ok(Ok(content))
}

pub(crate) fn answer(request: &Request, status: u16, content: &[u8]) -> Vec<u8> {
    let is_refusal = status >= 400 && status != 404;
    let connection = match goes_on(request) && !is_refusal {
        true => "",
        false => "Connection: close\r\n",
    };
    let length = content.len();
    let mut answer = format!(
        "HTTP/1.1 {status} so\r\nDate: {DATE}\r\n{connection}Content-Length: {length}\r\n\r\n"
    )
    .into_bytes();
    if request.method != "HEAD" {
        answer.extend(content);
    }
    answer
}

pub(crate) fn send(guest: &mut Guest, _: &Request, answer: &[u8]) -> io::Result<()> {
    guest.stream.write_all(answer)
}

pub(crate) fn goes_on(request: &Request) -> bool {
    !request.is_old() && request.all("Connection") != ["close"]
}
