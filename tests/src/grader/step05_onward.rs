//! What a proxy hands on of requests.

use crate::answer::Asked;
use crate::grader::behind::Doors;
use crate::grader::handed::Handed;
use crate::grader::request::{get, last_get};
use crate::grader::step05_handed::{FRAMING, HOP, proof};
use crate::grader::subject::Server;
use crate::grader::talk::Found;

/// What an upstream says where the question is what it was asked.
const FINE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfine";

const WHO: &str = "who stands next to the client is the one who knows who it is: what a client says about \
                   itself comes before that, or not at all";

/// A request, and what has to be true of it when it is handed on.
pub(super) struct Onward {
    what: &'static str,
    rule: &'static str,
    request: String,
    holds: fn(&Handed) -> Result<(), String>,
}

fn post(lines: &str, content: &str) -> String {
    get("/api/x", lines).replacen("GET", "POST", 1) + content
}

/// The requests.
pub(super) fn onward() -> Vec<Onward> {
    let mut rows = of_targets();
    rows.extend(of_connections());
    rows.extend(of_content());
    rows.extend(of_clients());
    rows
}

fn of_targets() -> Vec<Onward> {
    vec![
        Onward {
            what: "a target with escapes and a query",
            rule: "RFC 9110 §7.7: path and query are handed on as they came",
            request: last_get("/api/a%2Fb%20c?q=%41&r"),
            holds: |handed| match &handed.line.strip_suffix("HTTP/1.0") {
                Some("GET /api/a%2Fb%20c?q=%41&r ") => Ok(()),
                None if handed.line == "GET /api/a%2Fb%20c?q=%41&r HTTP/1.1" => Ok(()),
                Some(_) | None => Err("GET /api/a%2Fb%20c?q=%41&r, octet by octet".into()),
            },
        },
        Onward {
            what: "a request of HTTP/1.0",
            rule: "RFC 9112 §3.2: a request has one Host, whoever sends it",
            request: "GET /api/x HTTP/1.0\r\nHost: a\r\n\r\n".into(),
            holds: |handed| one(handed, "Host"),
        },
    ]
}

fn of_connections() -> Vec<Onward> {
    vec![
        Onward {
            what: "fields that are about the client's connection",
            rule: HOP,
            request: get(
                "/api/x",
                "Connection: close, X-Named\r\nX-Named: secret\r\nKeep-Alive: timeout=77\r\n\
                 Proxy-Connection: keep-alive\r\nX-Other: kept\r\n",
            ),
            holds: |handed| {
                none(handed, "X-Named")?;
                none(handed, "Keep-Alive")?;
                none(handed, "Proxy-Connection")?;
                match handed.all("X-Other")[..] {
                    ["kept"] => Ok(()),
                    _ => Err("the field X-Other, which is nobody's connection".into()),
                }
            },
        },
        Onward {
            what: "a Connection field that names what says where the request ends",
            rule: "RFC 9110 §7.6.1: Connection must not name what everybody on the way needs; a request \
                   without its length would be another one",
            request: post(
                "Connection: close, Host, Content-Length\r\nContent-Length: 5\r\n",
                "hello",
            ),
            holds: |handed| one(handed, "Host").and_then(|()| content(handed, b"hello")),
        },
    ]
}

fn of_content() -> Vec<Onward> {
    vec![
        Onward {
            what: "content with a length",
            rule: FRAMING,
            request: post("Connection: close\r\nContent-Length: 5\r\n", "hello"),
            holds: |handed| content(handed, b"hello"),
        },
        Onward {
            what: "content in chunks, with an extension and a trailer",
            rule: FRAMING,
            request: post(
                "Connection: close\r\nTransfer-Encoding: chunked\r\n",
                "2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: z\r\n\r\n",
            ),
            holds: |handed| content(handed, b"hello"),
        },
    ]
}

fn of_clients() -> Vec<Onward> {
    vec![
        Onward {
            what: "a client that says it is somebody else",
            rule: WHO,
            request: get(
                "/api/x",
                "Connection: close\r\nX-Forwarded-For: 192.0.2.66\r\nX-Forwarded-Proto: https\r\n",
            ),
            holds: |handed| {
                last(handed, "X-Forwarded-For", "127.0.0.1")?;
                last(handed, "X-Forwarded-Proto", "http")
            },
        },
        Onward {
            what: "the way that a request has come",
            rule: "RFC 9110 §7.6.3: each server on the way adds itself to Via, with the version that it \
                   was asked in",
            request: last_get("/api/x"),
            holds: |handed| match handed.last("Via") {
                Some(via) if via.starts_with("1.1 ") => Ok(()),
                Some(_) | None => Err("a field Via that ends in `1.1 ` and a name".into()),
            },
        },
    ]
}

fn one(handed: &Handed, name: &str) -> Result<(), String> {
    match handed.all(name).len() {
        1 => Ok(()),
        count => Err(format!("one field {name}, not {count}")),
    }
}

fn none(handed: &Handed, name: &str) -> Result<(), String> {
    match handed.all(name)[..] {
        [] => Ok(()),
        _ => Err(format!("no field {name}")),
    }
}

fn last(handed: &Handed, name: &str, wanted: &str) -> Result<(), String> {
    match handed.last(name) {
        Some(value) if value == wanted => Ok(()),
        Some(_) | None => Err(format!("a field {name} that ends in {wanted}")),
    }
}

fn content(handed: &Handed, wanted: &[u8]) -> Result<(), String> {
    match handed.content == wanted {
        true => Ok(()),
        false => Err(format!("the content \"{}\"", wanted.escape_ascii())),
    }
}

impl Onward {
    pub(super) fn hold(&self, server: &Server, doors: &mut Doors) -> Found {
        let mut talk = proof(self.what, self.rule).talk(server)?;
        let (mut line, handed) = talk.say(&self.request).handed_on(doors)?;
        if let Err(wanted) = (self.holds)(&handed) {
            return Err(talk.wrongly_handed_on(&line, wanted));
        }
        line.say(FINE);
        line.finish();
        let mut judge = || {
            let answer = talk.status(Asked::Other, &[200])?;
            talk.content(&answer, b"fine")?;
            talk.leave();
            Ok(())
        };
        judge().map_err(|finding| line.show(finding))
    }
}
