//! Beyond the course: a program names a file, and the server sends it.
//!
//! `/cgi/send?NAME` says `X-Sendfile: NAME`, a type, a field of its own, and content that nobody is to
//! see.

use crate::answer::{Answer, Asked};
use crate::grader::finding::Proof;
use crate::grader::request::get;
use crate::grader::subject::{Server, Subject, Verdict};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::{CANARY, DIGITS, MARKS, MODIFIED, Tree};

const SENT: &str = "the program decides who may have the file, and the server sends it: with the status and \
                    the ranges that a file has, with the program's own fields, and without the one that \
                    was meant for the server";

const CONFINED: &str = "what a program names may come from whoever has asked it: a name leads to a file of {root}, or \
                        to none";

/// 5j: the file that a program names is sent as a file, and no other is.
pub(crate) fn x_sendfile(subject: &Subject, tree: &Tree) -> Verdict {
    subject.judged(tree, |server| {
        whole(server)?;
        in_part(server)?;
        not_again(server)?;
        confined(server)
    })
}

fn ask(server: &Server, what: &'static str, rule: &'static str, request: &str) -> Found<Talk> {
    let proof = Proof {
        what,
        rule,
        chapter: "5.1",
    };
    let mut talk = proof.talk(server)?;
    talk.say(request);
    Ok(talk)
}

fn request(name: &str, lines: &str) -> String {
    get(
        &format!("/cgi/send?{name}"),
        &format!("Connection: close\r\n{lines}"),
    )
}

/// Demands what is true of every answer.
fn is_silent(talk: &Talk, answer: &Answer) -> Found {
    let told = |text: &[u8]| answer.content.windows(text.len()).any(|part| part == text);
    match answer.count("X-Sendfile") {
        0 if told(b"not this") => Err(talk.wrong(
            answer,
            answer.head.len(),
            "nothing of what the program said",
        )),
        0 => Ok(()),
        _ => Err(talk.wrong_field(answer, "X-Sendfile", "no field X-Sendfile")),
    }
}

fn whole(server: &Server) -> Found {
    let posted = request("digits.txt", "Content-Length: 5\r\n") + "hello";
    let tries = [
        (
            "a file that a program names",
            request("digits.txt", ""),
            Asked::Other,
        ),
        (
            "the same, and HEAD",
            request("digits.txt", "").replacen("GET", "HEAD", 1),
            Asked::Head,
        ),
        (
            "the same, and POST",
            posted.replacen("GET", "POST", 1),
            Asked::Other,
        ),
    ];
    for (what, request, asked) in tries {
        let mut talk = ask(server, what, SENT, &request)?;
        let answer = talk.status(asked, &[200])?;
        is_silent(&talk, &answer)?;
        talk.field_is(&answer, "Content-Length", "10")?;
        talk.field_is(&answer, "Content-Type", "text/x-sent")?;
        talk.field_is(&answer, "X-Odd", "kept")?;
        if asked == Asked::Other {
            talk.content(&answer, DIGITS)?;
        }
        talk.leave();
    }
    Ok(())
}

fn in_part(server: &Server) -> Found {
    let mut talk = ask(
        server,
        "the first five octets of a file that a program names",
        SENT,
        &request("digits.txt", "Range: bytes=0-4\r\n"),
    )?;
    let answer = talk.status(Asked::Other, &[206])?;
    is_silent(&talk, &answer)?;
    talk.field_is(&answer, "Content-Range", "bytes 0-4/10")?;
    talk.content(&answer, &DIGITS[..5])?;
    talk.leave();
    for (at, mark) in MARKS {
        let last = at + mark.len() as u64 - 1;
        let range = format!("Range: bytes={at}-{last}\r\n");
        let what = "a few octets of a file of two gigabytes";
        let mut talk = ask(server, what, SENT, &request("sparse.bin", &range))?;
        let answer = talk.status(Asked::Other, &[206])?;
        talk.content(&answer, mark)?;
        talk.leave();
    }
    Ok(())
}

fn not_again(server: &Server) -> Found {
    let since = format!("If-Modified-Since: {MODIFIED}\r\n");
    let mut talk = ask(
        server,
        "a file that a program names and the client has",
        SENT,
        &request("digits.txt", &since),
    )?;
    let answer = talk.status(Asked::Other, &[304])?;
    is_silent(&talk, &answer)?;
    talk.leave();
    Ok(())
}

fn confined(server: &Server) -> Found {
    let names = [
        "../canary",
        "sub/../../canary",
        "/../canary",
        "./../canary",
        "outward",
        "%2e%2e/canary",
        "nothing.txt",
    ];
    for name in names {
        let what = "a name that leads to no file of {root}";
        let mut talk = ask(server, what, CONFINED, &request(name, ""))?;
        let answer = talk.answer(Asked::Other, "a refusal")?;
        is_silent(&talk, &answer)?;
        let told = answer
            .content
            .windows(CANARY.len())
            .any(|part| part == CANARY.as_bytes());
        if told || answer.status < 400 {
            return Err(talk.wrong(&answer, 9, format!("a refusal, not {}", answer.status)));
        }
        talk.leave();
    }
    Ok(())
}
