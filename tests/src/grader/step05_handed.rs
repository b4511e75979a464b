//! The check of step 5 that is about what a proxy hands on, in both directions.
//!
//! ```text
//! client: Connection: close, X-Named ──► proxy ──► upstream: no X-Named, no Connection of the client's
//! client: the content, framed anew   ◄── proxy ◄── upstream: the content, in chunks, or to the end
//! ```

use crate::answer::{Answer, Asked};
use crate::grader::behind::{Doors, Line, PATIENCE};
use crate::grader::finding::{Finding, Proof};
use crate::grader::handed::Handed;
use crate::grader::request::{get, last_get};
use crate::grader::subject::{Problem, Server, Subject, Verdict};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::Tree;
use std::fmt::Display;

/// What an upstream says where the question is what it was asked.
const FINE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfine";

const HOP: &str = "RFC 9110 §7.6.1: Connection, and the fields that it names, are about one connection; \
                   who hands a message on leaves them out";

const FRAMING: &str = "RFC 9112 §6.3: each connection has a framing of its own; whoever hands content on \
                       frames it anew, in one way, so that both sides see the same end";

const WHO: &str = "who stands next to the client is the one who knows who it is: what a client says about \
                   itself comes before that, or not at all";

/// A request, and what has to be true of it when it is handed on.
struct Onward {
    what: &'static str,
    rule: &'static str,
    request: String,
    holds: fn(&Handed) -> Result<(), String>,
}

/// An answer to a request, and what has to be true of it when it arrives.
struct Back {
    what: &'static str,
    rule: &'static str,
    request: String,
    answer: &'static str,
    status: u16,
    holds: fn(&Answer) -> Result<(), &'static str>,
}

/// 5f: what a proxy hands on is about the request, and what was about the connection is not handed on.
pub(crate) fn proxy_fields(subject: &Subject, tree: &Tree) -> Verdict {
    let (subject, mut doors) = behind(subject, &["{upstream}", "{other}"])?;
    subject.judged(tree, |server| {
        for row in onward() {
            row.hold(server, &mut doors)?;
        }
        for row in back() {
            row.hold(server, &mut doors)?;
        }
        Ok(())
    })
}

/// A subject with the grader behind it.
pub(super) fn behind(
    subject: &Subject,
    places: &[&'static str],
) -> Result<(Subject, Doors), Problem> {
    let open = || {
        let doors = Doors::open(places)?;
        Ok((subject.before(doors.behind()?), doors))
    };
    open().map_err(|error: std::io::Error| Problem::NotJudged(error.to_string()))
}

fn post(lines: &str, content: &str) -> String {
    get("/api/x", lines).replacen("GET", "POST", 1) + content
}

fn onward() -> Vec<Onward> {
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

fn back() -> Vec<Back> {
    let mut rows = of_answers();
    rows.extend(of_framings());
    rows.extend(of_nothing());
    rows
}

fn of_answers() -> Vec<Back> {
    vec![
        Back {
            what: "fields that are about the upstream's connection",
            rule: HOP,
            request: last_get("/api/x"),
            answer: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close, X-Back\r\n\
                     X-Back: secret\r\nKeep-Alive: timeout=77\r\nSet-Cookie: a=b\r\n\
                     Set-Cookie: c=d\r\n\r\nhello",
            status: 200,
            holds: |answer| match (
                answer.count("X-Back"),
                answer.field("Keep-Alive"),
                answer.count("Set-Cookie"),
            ) {
                (1.., _, _) => Err("no field X-Back"),
                (_, Some(b"timeout=77"), _) => Err("no field Keep-Alive of the upstream's"),
                (0, _, 2) => hello(answer),
                (0, _, _) => Err("two fields Set-Cookie"),
            },
        },
        Back {
            what: "interim answers before the one that counts",
            rule: "RFC 9110 §15.2: a client takes any number of interim answers, and so does who asks for \
                   it",
            request: last_get("/api/x"),
            answer: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n\
                     HTTP/1.1 201 Made\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
            status: 201,
            holds: hello,
        },
    ]
}

fn of_framings() -> Vec<Back> {
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
                           2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: z\r\n\r\n";
    let back = |what, request, answer| Back {
        what,
        rule: FRAMING,
        request,
        answer,
        status: 200,
        holds: hello,
    };
    vec![
        back("an answer in chunks", last_get("/api/x"), CHUNKED),
        Back {
            rule: "RFC 9112 §6.1: chunks are for HTTP/1.1; who asks in HTTP/1.0 is sent none",
            holds: |answer| match answer.count("Transfer-Encoding") {
                0 => hello(answer),
                _ => Err("no chunks for HTTP/1.0"),
            },
            ..back(
                "an answer in chunks, asked for in HTTP/1.0",
                "GET /api/x HTTP/1.0\r\nHost: a\r\n\r\n".into(),
                CHUNKED,
            )
        },
        back(
            "an answer that ends with its connection",
            last_get("/api/x"),
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
        ),
        back(
            "an answer of HTTP/1.0",
            last_get("/api/x"),
            "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        ),
    ]
}

fn of_nothing() -> Vec<Back> {
    const NOTHING: &str = "RFC 9112 §6.3: an answer to HEAD, a 204 and a 304 end with their head, \
                           whatever their fields say";
    let nothing = |answer: &Answer| match answer.content.is_empty() {
        true => Ok(()),
        false => Err("no content"),
    };
    vec![
        Back {
            what: "an answer to HEAD",
            rule: NOTHING,
            request: last_get("/api/x").replacen("GET", "HEAD", 1),
            answer: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n",
            status: 200,
            holds: nothing,
        },
        Back {
            what: "a 304 that says how long the content would be",
            rule: NOTHING,
            request: get("/api/x", "Connection: close\r\nIf-None-Match: \"x\"\r\n"),
            answer: "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 5\r\n\
                     Connection: close\r\n\r\n",
            status: 304,
            holds: nothing,
        },
    ]
}

fn hello(answer: &Answer) -> Result<(), &'static str> {
    match &answer.content[..] {
        b"hello" => Ok(()),
        _ => Err("the content \"hello\""),
    }
}

fn proof(what: &'static str, rule: &'static str) -> Proof {
    Proof {
        what,
        rule,
        chapter: "5.6",
    }
}

impl Onward {
    fn hold(&self, server: &Server, doors: &mut Doors) -> Found {
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

impl Back {
    fn hold(&self, server: &Server, doors: &mut Doors) -> Found {
        let mut talk = proof(self.what, self.rule).talk(server)?;
        let (mut line, handed) = talk.say(&self.request).handed_on(doors)?;
        line.say(self.answer);
        line.finish();
        let asked = match handed.method() {
            "HEAD" => Asked::Head,
            _ => Asked::Other,
        };
        let mut judge = || {
            let answer = talk.status(asked, &[self.status])?;
            let said = |wanted| format!("{wanted}; the upstream had said {:?}", self.answer);
            (self.holds)(&answer).map_err(|wanted| talk.fails(said(wanted)))?;
            talk.leave();
            Ok(())
        };
        judge().map_err(|finding| line.show(finding))
    }
}

impl Talk {
    /// What has been made of this conversation's request: heard by an upstream, whole.
    pub(super) fn handed_on(&self, doors: &mut Doors) -> Found<(Line, Handed)> {
        let mut line = self.door(doors)?;
        match Handed::hear(&mut line) {
            Ok(handed) => Ok((line, handed)),
            Err(what) => Err(self.wrongly_handed_on(&line, format!("a whole request; but {what}"))),
        }
    }

    /// The connection on which somebody speaks because of this conversation.
    pub(super) fn door(&self, doors: &mut Doors) -> Found<Line> {
        let nobody = || self.fails(format!("the request handed on within {PATIENCE:?}"));
        doors.wait(PATIENCE).ok_or_else(nobody)
    }

    /// A finding about what somebody behind the server has heard.
    pub(super) fn wrongly_handed_on(&self, line: &Line, wanted: impl Display) -> Box<Finding> {
        line.show(self.fails(format!("behind the server, {wanted}")))
    }
}

impl Line {
    /// The same finding, with what was heard behind the server.
    pub(super) fn show(&self, mut finding: Box<Finding>) -> Box<Finding> {
        finding.heard.clone_from(&self.heard);
        finding
    }
}
