//! What a proxy hands back of answers.

use crate::answer::{Answer, Asked};
use crate::grader::behind::Doors;
use crate::grader::request::{get, last_get};
use crate::grader::step05_handed::{FRAMING, HOP, proof};
use crate::grader::subject::Server;
use crate::grader::talk::Found;

/// An answer to a request, and what has to be true of it when it arrives.
pub(super) struct Back {
    what: &'static str,
    rule: &'static str,
    request: String,
    answer: &'static str,
    status: u16,
    holds: fn(&Answer) -> Result<(), &'static str>,
}

/// The answers.
pub(super) fn back() -> Vec<Back> {
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

impl Back {
    pub(super) fn hold(&self, server: &Server, doors: &mut Doors) -> Found {
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
