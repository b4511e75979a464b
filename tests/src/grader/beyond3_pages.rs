//! Beyond the course: the site's own pages for what went wrong.
//!
//! `{root}/errors` has pages for 404 and 503, and, as a temptation, for statuses that are none of
//! this handler's business. It has none for 500.

use crate::answer::{Answer, Asked};
use crate::grader::finding::Proof;
use crate::grader::request::{get, last_get};
use crate::grader::subject::{Server, Subject, Verdict};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::Tree;
use crate::grader::tree_beyond::error_page;

const INSTEAD: &str = "an answer of 404 or 5xx keeps its status and has the content of the page \
                       for it, octet by octet";

const LENGTH: &str =
    "RFC 9110 §9.3.2: HEAD has GET's fields, Content-Length among them, and no content";

const NO_FILE: &str = "RFC 9110 §13.2.1 and §14.2: ranges and conditions are about what was asked for; where that \
                       is not there, they are ignored";

const FIELDS: &str = "RFC 9110 §10.2.3: what else the handler has said, such as when to come back, it says \
                      still";

const OWN: &str =
    "who has no page, or gives another status, has reasons of their own: their words stay";

/// 3j: an error has the site's own page, and is the same error.
pub(crate) fn error_pages(subject: &Subject, tree: &Tree) -> Verdict {
    subject.judged(tree, |server| {
        missing(server)?;
        failing(server)?;
        untouched(server)
    })
}

fn ask(server: &Server, what: &'static str, rule: &'static str, request: &str) -> Found<Talk> {
    let proof = Proof {
        what,
        rule,
        chapter: "3.2",
    };
    let mut talk = proof.talk(server)?;
    talk.say(request);
    Ok(talk)
}

/// Demands the page for a status, and says what came with it.
fn page(talk: &mut Talk, status: u16) -> Found<Answer> {
    let answer = talk.status(Asked::Other, &[status])?;
    talk.leave();
    talk.content(&answer, &error_page(status))?;
    is_html(talk, &answer)?;
    Ok(answer)
}

fn is_html(talk: &Talk, answer: &Answer) -> Found {
    match talk
        .field(answer, "Content-Type")?
        .starts_with(b"text/html")
    {
        true => Ok(()),
        false => Err(talk.wrong_field(answer, "Content-Type", "the page's type, text/html")),
    }
}

/// Demands the fields of the page and nothing behind them: the next answer follows at once.
fn head(server: &Server, target: &str, status: u16) -> Found<()> {
    let request = get(target, "").replacen("GET", "HEAD", 1);
    let mut talk = ask(server, "HEAD of what failed, then a file", LENGTH, &request)?;
    let answer = talk.status(Asked::Head, &[status])?;
    is_html(&talk, &answer)?;
    let len = error_page(status).len();
    talk.field_is(&answer, "Content-Length", &len.to_string())?;
    let next = last_get("/hello.txt");
    let answer = talk.say(next).status(Asked::Other, &[200])?;
    talk.content(&answer, b"Hello, reader.\n")
}

fn missing(server: &Server) -> Found {
    let what = "a file that is not there";
    page(
        &mut ask(server, what, INSTEAD, &last_get("/no-such/page"))?,
        404,
    )?;
    head(server, "/no-such/page", 404)?;
    let asked = [
        ("a part of what is not there", "Range: bytes=0-4\r\n"),
        ("any version of what is not there", "If-None-Match: *\r\n"),
        (
            "what is not there, if it is newer",
            "If-Modified-Since: Fri, 31 Dec 2100 23:59:59 GMT\r\n",
        ),
    ];
    for (what, line) in asked {
        let request = get("/no-such/page", &format!("Connection: close\r\n{line}"));
        let mut talk = ask(server, what, NO_FILE, &request)?;
        let answer = page(&mut talk, 404)?;
        if answer.count("Content-Range") > 0 {
            return Err(talk.wrong_field(&answer, "Content-Range", "no Content-Range"));
        }
    }
    Ok(())
}

fn failing(server: &Server) -> Found {
    let posted =
        "POST /down HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
    for (what, request) in [
        ("a handler that is down", &*last_get("/down")),
        ("the same, once it has taken what was sent", posted),
    ] {
        let mut talk = ask(server, what, INSTEAD, request)?;
        page(&mut talk, 503)?;
        let mut talk = ask(server, what, FIELDS, request)?;
        let answer = page(&mut talk, 503)?;
        talk.field_is(&answer, "Retry-After", "30")?;
    }
    head(server, "/down", 503)
}

fn untouched(server: &Server) -> Found {
    let own: [(&str, &str, u16, &[u8]); 3] = [
        (
            "a failure without a page",
            "/broken",
            500,
            b"out of order\n",
        ),
        (
            "another status, for which there happens to be a page",
            "/gone",
            410,
            b"sold in spring\n",
        ),
        ("a file", "/hello.txt", 200, b"Hello, reader.\n"),
    ];
    for (what, target, status, content) in own {
        let mut talk = ask(server, what, OWN, &last_get(target))?;
        let answer = talk.status(Asked::Other, &[status])?;
        talk.content(&answer, content)?;
    }
    let request = last_get("/hello.txt").replacen("GET", "DELETE", 1);
    let mut talk = ask(server, "a method that a file does not have", OWN, &request)?;
    let answer = talk.status(Asked::Other, &[405])?;
    talk.field(&answer, "Allow")?;
    match answer.content == error_page(405) {
        true => Err(talk.wrong(&answer, answer.head.len(), "the handler's own words")),
        false => Ok(()),
    }
}
