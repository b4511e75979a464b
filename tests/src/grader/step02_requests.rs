//! Checks of step 2: reading requests, whole or in pieces, and refusing what is none.

use crate::answer::{Answer, Asked};
use crate::grader::finding::Proof;
use crate::grader::request::{get, last_get, post};
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::Tree;
use crate::grader::verdict::Verdict;
use crate::report::first_difference;

/// Octets by which a server may grow over the requests of [`limits`].
const GROWTH_BYTES: u64 = 16 << 20;

/// Requests that are too large, one after the other; the first tenth may still fill caches.
const TOO_LARGE: usize = 1000;

/// A server that is asked something odd has to be there for the next client.
pub(crate) fn still_serves(server: &Server, chapter: &'static str) -> Found {
    let proof = Proof {
        what: "an ordinary request after all that",
        rule: "one client's mistake is no reason to stop serving the others",
        chapter,
    };
    let mut talk = proof.talk(server)?;
    talk.say(last_get("/")).status(Asked::Other, &[200])?;
    Ok(())
}

/// 2a: a request cut anywhere is answered like the same request in one piece.
pub(crate) fn cut_anywhere(subject: &Subject, tree: &Tree) -> Verdict {
    subject.judged(tree, |server| {
        shapes().iter().try_for_each(|s| s.hold(server))
    })
}

/// A conversation that ends by itself, and what its answers are to.
struct Shape {
    what: &'static str,
    octets: String,
    answers: &'static [Asked],
}

fn shapes() -> Vec<Shape> {
    const ONE: &[Asked] = &[Asked::Other];
    let close = "Connection: close\r\n";
    let shape = |what, octets, answers| Shape {
        what,
        octets,
        answers,
    };
    let head = last_get("/").replacen("GET", "HEAD", 1);
    let post = post(&format!("{close}Content-Length: 11\r\n")) + "eleven more";
    vec![
        shape("a GET", last_get("/"), ONE),
        shape("a HEAD", head, &[Asked::Head]),
        shape("a GET of nothing", last_get("/no-such-thing"), ONE),
        shape("a query", last_get("/?a=b&c=%20d"), ONE),
        shape(
            "more fields",
            get("/", &format!("A: b\r\nCd:e\r\n{close}")),
            ONE,
        ),
        shape("HTTP/1.0", "GET / HTTP/1.0\r\n\r\n".into(), ONE),
        shape("no Host", format!("GET / HTTP/1.1\r\n{close}\r\n"), ONE),
        shape(
            "two GETs",
            get("/", "") + &last_get("/"),
            &[Asked::Other; 2],
        ),
        shape("content", post, ONE),
    ]
}

impl Shape {
    fn hold(&self, server: &Server) -> Found {
        let proof = Proof {
            what: self.what,
            rule: "a stream has no messages: what is sent at once may arrive in pieces, and one \
                   read is not one request (RFC 9293 §3.8)",
            chapter: "2.1",
        };
        let octets = self.octets.as_bytes();
        let mut talk = proof.talk(server)?;
        let whole = self.listen(talk.say(octets))?;
        for at in 1..octets.len() {
            let mut talk = proof.talk(server)?;
            let pieces = self.listen(talk.say_cut(octets, at))?;
            if let Some(at) = first_difference(&whole, &pieces) {
                let shown = whole[at..whole.len().min(at + 60)].escape_ascii();
                let mut finding = talk.fails(format!("as in one piece: at the mark, \"{shown}\""));
                finding.received = pieces;
                finding.at = Some(at);
                return Err(finding);
            }
        }
        Ok(())
    }

    /// All answers up to the end of the connection, dates masked.
    fn listen(&self, talk: &mut Talk) -> Found<Vec<u8>> {
        let mut all = Vec::new();
        for asked in self.answers {
            let answer = talk.answer(*asked, "an answer")?;
            all.extend(unframed(&answer.masked_head()));
            all.extend(answer.content);
        }
        talk.end()?;
        Ok(all)
    }
}

/// A head without the fields that say where the content ends: a server may decide that anew for each
/// answer, by what it knows in time.
fn unframed(head: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(head);
    let frames = |line: &str| {
        let name = line.split(':').next().unwrap_or("");
        ["Content-Length", "Transfer-Encoding"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
    };
    let lines = text.split_inclusive('\n').filter(|line| !frames(line));
    lines.collect::<String>().into_bytes()
}

/// 2c: what is no request is refused with 400, and the connection ends.
pub(crate) fn say_400(subject: &Subject, tree: &Tree) -> Verdict {
    subject.judged(tree, |server| {
        all_refused(server, "2.3", malformed_fields())?;
        all_refused(server, "2.2", malformed_lines())?;
        all_refused(server, "2.3", malformed_lengths())?;
        still_serves(server, "2.3")
    })
}

/// What is no request: what it is about, its octets, and the rule.
type Malformed = (&'static str, String, &'static str);

fn all_refused<const N: usize>(
    server: &Server,
    chapter: &'static str,
    malformed: [Malformed; N],
) -> Found {
    for (what, octets, rule) in malformed {
        let proof = Proof {
            what,
            rule,
            chapter,
        };
        let mut talk = proof.talk(server)?;
        talk.say(octets).status(Asked::Other, &[400])?;
        // Nobody knows where the next request would begin.
        talk.end()?;
    }
    Ok(())
}

fn malformed_fields() -> [Malformed; 5] {
    const HOST: &str = "RFC 9112 §3.2: an HTTP/1.1 request has exactly one Host, and a valid one";
    let fields = |lines: &str| format!("GET / HTTP/1.1\r\n{lines}\r\n");
    [
        ("no Host", fields(""), HOST),
        ("two Hosts", fields("Host: a\r\nHost: b\r\n"), HOST),
        ("a Host that is none", fields("Host: a b\r\n"), HOST),
        (
            "a space before the colon",
            get("/", "A : b\r\n"),
            "RFC 9112 §5.1: no space stands between a field's name and the colon",
        ),
        (
            "a NUL in a value",
            get("/", "A: b\0c\r\n"),
            "RFC 9110 §5.5: NUL, CR and LF are no part of a value",
        ),
    ]
}

fn malformed_lines() -> [Malformed; 3] {
    [
        (
            "half an escape",
            last_get("/%4"),
            "RFC 3986 §2.1: after % come two hexadecimal digits",
        ),
        (
            "a version that is none",
            get("/", "").replacen("HTTP/1.1", "HTTP/x.y", 1),
            "RFC 9112 §2.3: a version is HTTP/, a digit, a dot and a digit",
        ),
        (
            "the beginning of a TLS connection",
            "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03\r\n\r\n".into(),
            "RFC 9112 §3: a method is made of letters, digits and a few marks",
        ),
    ]
}

fn malformed_lengths() -> [Malformed; 4] {
    const LENGTH: &str = "RFC 9112 §6.3: one Content-Length of digits only, or two servers in a \
                          row disagree where the request ends";
    let length = |value: &str| post(&format!("Content-Length: {value}\r\n"));
    [
        (
            "the same length twice",
            length("5\r\nContent-Length: 5"),
            LENGTH,
        ),
        ("two lengths", length("5\r\nContent-Length: 6"), LENGTH),
        ("a negative length", length("-5"), LENGTH),
        ("a length with a sign", length("+5"), LENGTH),
    ]
}

/// 2d: a head has a limit, a target has one, and neither costs memory.
pub(crate) fn limits(subject: &Subject, tree: &Tree) -> Verdict {
    subject.judged(tree, |server| {
        too_large_fields(server)?;
        let mut before = None;
        for number in 0..TOO_LARGE {
            too_large_target(server)?;
            if number == TOO_LARGE / 10 {
                before = server.memory();
            }
        }
        let after = server.memory();
        match before
            .zip(after)
            .map(|(before, after)| after.resident.saturating_sub(before.resident))
        {
            Some(grown) if grown > GROWTH_BYTES => Err(BOUNDED.fails(format!(
                "memory that does not grow with the number of requests, not {} KiB more after {}",
                grown / 1024,
                TOO_LARGE * 9 / 10
            ))),
            _ => still_serves(server, "2.3"),
        }
    })
}

const BOUNDED: Proof = Proof {
    what: "a thousand requests that are too large",
    rule: "every buffer has a limit: what is refused is given back",
    chapter: "2.3",
};

fn too_large_fields(server: &Server) -> Found {
    let proof = Proof {
        what: "a field of 64 KiB",
        rule: "RFC 6585 §5: a head has a limit, or one client can fill the server's memory",
        chapter: "2.3",
    };
    let line = format!("A: {}\r\n", "b".repeat(64 * 1024));
    refused(server, proof, &get("/", &line), &[431, 400]).map(drop)
}

fn too_large_target(server: &Server) -> Found {
    let proof = Proof {
        what: "a target of 16 KiB",
        rule: "RFC 9110 §15.5.15: a target that is too long is answered 414",
        chapter: "2.3",
    };
    let target = format!("/{}", "t".repeat(16 * 1024));
    refused(server, proof, &get(&target, ""), &[414]).map(drop)
}

fn refused(server: &Server, proof: Proof, octets: &str, statuses: &[u16]) -> Found<Answer> {
    proof
        .talk(server)?
        .say(octets)
        .status(Asked::Other, statuses)
}
