//! Checks of step 2: answers, and connections that last.

use crate::answer::{Answer, Asked};
use crate::client::Heard;
use crate::expected::is_imf_fixdate;
use crate::grader::finding::Proof;
use crate::grader::request::{get, last_get, post};
use crate::grader::step02_requests::still_serves;
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::Tree;
use crate::grader::verdict::Verdict;
use crate::trouble::Trouble;
use std::time::Duration;

/// How long silence has to last to be believed.
const SILENCE: Duration = Duration::from_millis(100);

/// 2b: an answer says how long it is and when it was made, and HEAD is GET without content.
pub(crate) fn well_formed(subject: &Subject, tree: &Tree) -> Verdict {
    const GET: Proof = Proof {
        what: "the fields of an answer",
        rule: "RFC 9110 §6.6.1 and §8.6: an answer has a Date, and says how long its content is",
        chapter: "2.4",
    };
    const HEAD: Proof = Proof {
        what: "HEAD",
        rule: "RFC 9110 §9.3.2: HEAD is answered like GET, field by field, but without content",
        chapter: "2.4",
    };
    subject.judged(tree, |server| {
        let mut talk = GET.talk(server)?;
        let got = talk.say(last_get("/")).status(Asked::Other, &[200])?;
        talk.end()?;
        let date = talk.field(&got, "Date")?;
        if !is_imf_fixdate(date) {
            let expected = "a Date such as `Sun, 06 Nov 1994 08:49:37 GMT`";
            return Err(talk.wrong_field(&got, "Date", expected));
        }
        talk.field_is(&got, "Content-Length", &got.content.len().to_string())?;

        let mut talk = HEAD.talk(server)?;
        talk.say(last_get("/").replacen("GET", "HEAD", 1));
        let head = talk.status(Asked::Head, &[200])?;
        talk.end()?;
        same_fields(&talk, &got, &head)
    })
}

fn same_fields(talk: &Talk, got: &Answer, head: &Answer) -> Found {
    for (name, value) in got.fields.iter().filter(|(name, _)| !is_date(name)) {
        if head.field(name) != Some(value.as_slice()) {
            let value = value.escape_ascii();
            return Err(talk.wrong_field(head, name, format!("{name}: {value}, as GET has it")));
        }
    }
    match head.fields.iter().find(|(name, _)| got.count(name) == 0) {
        Some((name, _)) => Err(talk.wrong_field(head, name, format!("no {name}: GET has none"))),
        None => Ok(()),
    }
}

fn is_date(name: &str) -> bool {
    name.eq_ignore_ascii_case("Date")
}

/// 2g: pipelined requests are answered in order, up to the one that asks for the end.
pub(crate) fn pipeline(subject: &Subject, tree: &Tree) -> Verdict {
    const ORDER: Proof = Proof {
        what: "four requests at once, of which the third is the last",
        rule: "RFC 9112 §9.3.2 and §9.6: answers come in the order of the requests, and none \
               after one that says Connection: close",
        chapter: "2.5",
    };
    const HEAD: Proof = Proof {
        what: "HEAD and GET at once",
        rule: "RFC 9112 §6.3: an answer to HEAD has no content, so the next one begins at once",
        chapter: "2.5",
    };
    subject.judged(tree, |server| {
        let mut talk = ORDER.talk(server)?;
        talk.say(get("/", "") + &get("/no-such-thing", "") + &last_get("/") + &get("/", ""));
        for status in [200, 404, 200] {
            talk.status(Asked::Other, &[status])?;
        }
        talk.end_or_reset()?;
        let mut talk = HEAD.talk(server)?;
        talk.say(get("/", "").replacen("GET", "HEAD", 1) + &last_get("/no-such-thing"));
        talk.status(Asked::Head, &[200])?;
        talk.status(Asked::Other, &[404])?;
        talk.end()?;
        content_is_no_request(server)
    })
}

/// Content may look like a request; who does not read it takes it for one.
fn content_is_no_request(server: &Server) -> Found {
    const PROOF: Proof = Proof {
        what: "a request as the content of another one",
        rule: "RFC 9112 §9.3 and §6.3: the next request begins where the last one ended; who has not \
               read it to its end closes the connection",
        chapter: "2.5",
    };
    let content = get("/no-such-thing", "");
    let head = get("/", &format!("Content-Length: {}\r\n", content.len()));
    let mut talk = PROOF.talk(server)?;
    talk.say(head.replacen("GET", "POST", 1) + &content + &last_get("/"));
    talk.answer(Asked::Other, "an answer to the POST")?;
    match talk.client().read_answer(Asked::Other) {
        // The second answer is one to the second request, or there is none.
        Ok(answer) if answer.status != 404 => Ok(()),
        Err(Trouble::Ended | Trouble::Reset) => Ok(()),
        Ok(answer) => {
            let expected = "the answer to the GET that follows, not 404 for what was content";
            Err(talk.wrong(&answer, 9, expected))
        }
        Err(trouble) => Err(talk.trouble("the answer to the next request, or the end", &trouble)),
    }
}

/// 2h: who asks for a `100 Continue` gets one, and nobody else does.
pub(crate) fn continues(subject: &Subject, tree: &Tree) -> Verdict {
    subject.judged(tree, |server| {
        waits_for_continue(server)?;
        sends_at_once(server)?;
        knows_no_continue(server)?;
        still_serves(server, "2.5")
    })
}

const EXPECT: &str = "Connection: close\r\nContent-Length: 5\r\nExpect: 100-continue\r\n";

fn waits_for_continue(server: &Server) -> Found {
    let proof = Proof {
        what: "a client that waits for 100 Continue",
        rule: "RFC 9110 §10.1.1: a server that is going to read the content says 100 first",
        chapter: "2.5",
    };
    let mut talk = proof.talk(server)?;
    talk.say(post(EXPECT));
    let wanted = "status 100 before any content is sent";
    match talk.client().read_answer(Asked::Other) {
        Ok(answer) if answer.status == 100 => {}
        Ok(answer) => {
            let expected = format!("{wanted}, not {}", answer.status);
            return Err(talk.wrong(&answer, 9, expected));
        }
        Err(trouble) => return Err(talk.trouble(wanted, &trouble)),
    }
    let answer = talk.say("hello").status(Asked::Other, &[200])?;
    talk.content(&answer, b"hello")
}

fn sends_at_once(server: &Server) -> Found {
    let proof = Proof {
        what: "a client that does not wait for 100 Continue",
        rule: "RFC 9110 §10.1.1: a client need not wait, and the content is content all the same",
        chapter: "2.5",
    };
    let mut talk = proof.talk(server)?;
    let answer = talk
        .say(post(EXPECT) + "hello")
        .status(Asked::Other, &[200])?;
    talk.content(&answer, b"hello")
}

fn knows_no_continue(server: &Server) -> Found {
    let proof = Proof {
        what: "HTTP/1.0 and 100 Continue",
        rule: "RFC 9110 §10.1.1: HTTP/1.0 knows no interim answers and would take one for the \
               final one",
        chapter: "2.5",
    };
    let mut talk = proof.talk(server)?;
    talk.say(post(EXPECT).replacen("HTTP/1.1", "HTTP/1.0", 1));
    // What comes before the content is sent can only be an interim answer.
    if let Ok(Heard::Octets) = talk.client().listen(SILENCE) {
        return Err(talk.fails("no answer before the content"));
    }
    let answer = talk.say("hello").client().read_answer(Asked::Other);
    match answer {
        Ok(answer) if answer.status == 200 => talk.content(&answer, b"hello"),
        Ok(answer) => {
            let expected = format!("status 200, not {}", answer.status);
            Err(talk.wrong(&answer, 9, expected))
        }
        Err(trouble) => Err(talk.trouble("status 200", &trouble)),
    }
}
