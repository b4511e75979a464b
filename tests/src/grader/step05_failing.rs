//! The check of step 5 that is about upstreams that fail, and clients that leave.
//!
//! Whatever happens behind it, a proxy has one question to ask itself: has the head of an answer
//! gone out? If not, it says 502 or 504, or asks somebody else; if so, the answer must not look whole.

use crate::answer::Asked;
use crate::client::Heard as Silence;
use crate::grader::behind::{Doors, Line};
use crate::grader::finding::Proof;
use crate::grader::request::{get, last_get};
use crate::grader::step04::best;
use crate::grader::step05_again::{again, not_for_ever, once, once_on_a_kept_connection};
use crate::grader::step05_handed::behind;
use crate::grader::step05_rude::impatient;
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::Tree;
use crate::grader::verdict::Verdict;
use std::time::{Duration, Instant};

/// For an upstream that is of no use any more to be left.
const GONE: Duration = Duration::from_secs(1);

/// Between two looks who has come, and for how long that goes on: the server's own patience, and a
/// little.
const LOOK: Duration = Duration::from_millis(5);
const NEVER: Duration = Duration::from_secs(35);

/// What an upstream says that has not failed.
pub(super) const WHOLE: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfine";

const NONSENSE: &str = "RFC 9110 §15.6.3: an answer that is none is answered 502";

/// 5g: who cannot be asked, does not answer, or answers in part, is told apart.
pub(crate) fn proxy_failures(subject: &Subject, tree: &Tree) -> Verdict {
    let (subject, mut doors) = behind(subject, &["{upstream}", "{other}"])?;
    subject.judged_with(tree, impatient(), |server| {
        again(server, &mut doors)?;
        not_for_ever(server, &mut doors)?;
        once(server, &mut doors)?;
        once_on_a_kept_connection(server, &mut doors)?;
        nonsense(server, &mut doors)?;
        broken(server, &mut doors)?;
        gone(server, &mut doors)?;
        late(server, &mut doors)?;
        elsewhere(server, &mut doors)?;
        down(server, &mut doors)
    })
}

/// What may not be asked twice.
pub(super) fn post() -> String {
    let lines = "Connection: close\r\nContent-Length: 5\r\n";
    get("/api/x", lines).replacen("GET", "POST", 1) + "hello"
}

/// Receives every request that comes because of this conversation, does `each` with it, and goes on
/// until something is said to the client.
pub(super) fn meanwhile(
    talk: &mut Talk,
    doors: &mut Doors,
    mut each: impl FnMut(Line),
) -> Found<usize> {
    let (until, mut requests) = (Instant::now() + NEVER, 0);
    while Instant::now() < until {
        while let Some(line) = doors.look() {
            requests += 1;
            each(line);
        }
        match talk.client().listen(LOOK) {
            Ok(Silence::Silence) => {}
            Ok(Silence::Octets | Silence::End) | Err(_) => return Ok(requests),
        }
    }
    Err(talk.fails(format!("an answer within {NEVER:?}")))
}

/// Hears what comes because of this conversation, up to that end.
fn hear(talk: &Talk, line: &mut Line, end: &[u8]) -> Found {
    let heard = line.up_to(end);
    heard
        .map(drop)
        .map_err(|what| talk.wrongly_handed_on(line, what))
}

/// Hears it, answers with `said`, and demands that the client gets that answer.
pub(super) fn answer(talk: &mut Talk, line: &mut Line, end: &[u8], said: &str) -> Found {
    hear(talk, line, end)?;
    line.say(said);
    let answer = talk.status(Asked::Other, &[200])?;
    talk.content(&answer, b"fine")?;
    talk.leave();
    Ok(())
}

/// Hears a request, and leaves without a word.
pub(super) fn leave(mut line: Line) {
    // Half of it is enough to know that it has come.
    let _ = line.up_to(b"\r\n\r\n");
}

fn nonsense(server: &Server, doors: &mut Doors) -> Found {
    for (what, said) in [
        (
            "an upstream that answers in no language",
            "hello, world\r\n\r\n",
        ),
        (
            "an upstream that ends in its head",
            "HTTP/1.1 200 OK\r\nContent-",
        ),
        (
            "an answer of two lengths",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        ),
    ] {
        let mut talk = proof(what, NONSENSE).talk(server)?;
        talk.say(post());
        meanwhile(&mut talk, doors, |mut line| {
            // It is all the same what was asked.
            let _ = line.up_to(b"hello");
            line.say(said);
            line.finish();
        })?;
        talk.status(Asked::Other, &[502])?;
        talk.leave();
    }
    Ok(())
}

fn broken(server: &Server, doors: &mut Doors) -> Found {
    const RULE: &str = "RFC 9112 §8: an answer that breaks off is not complete, and must not look so: its \
                        length is not reached, or its last chunk never comes";
    for (what, said) in [
        (
            "an upstream that dies in its content",
            "HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\nhell",
        ),
        (
            "an upstream that dies between two chunks",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n",
        ),
    ] {
        let mut talk = proof(what, RULE).talk(server)?;
        talk.say(last_get("/api/x"));
        meanwhile(&mut talk, doors, |mut line| {
            // As above.
            let _ = line.up_to(b"\r\n\r\n");
            line.say(said);
        })?;
        // A server that had not begun to answer may still say so.
        match talk.client().read_answer(Asked::Other) {
            Ok(answer) if answer.status < 500 => {
                return Err(
                    talk.fails(format!("an answer that breaks off, or a 502; not {said:?}"))
                );
            }
            Ok(_) | Err(_) => {}
        }
        talk.leave();
    }
    Ok(())
}

fn gone(server: &Server, doors: &mut Doors) -> Found {
    let proof = proof(
        "a client that leaves before its answer",
        "nobody works for a client that is gone: the connection to the upstream is closed, so that it \
         can stop",
    );
    let took = best(server, GONE, || {
        let mut talk = proof.talk(server)?;
        talk.say(get("/api/x", ""));
        let mut line = talk.door(doors)?;
        hear(&talk, &mut line, b"\r\n\r\n")?;
        let started = Instant::now();
        let left = talk.fails(format!(
            "the connection to the upstream closed within {GONE:?}"
        ));
        let left = line.show(left);
        talk.vanish().map_err(|_| left.clone())?;
        match line.ends_within(NEVER) {
            true => Ok(started.elapsed()),
            false => Err(left),
        }
    })?;
    match took > GONE {
        true => Err(proof.fails(format!(
            "the connection to the upstream closed within {GONE:?}, not {took:.1?}"
        ))),
        false => Ok(()),
    }
}

fn late(server: &Server, doors: &mut Doors) -> Found {
    let proof = proof(
        "upstreams that take a request and never answer it",
        "RFC 9110 §15.6.5: patience with a server has an end, and then the answer is 504",
    );
    let mut talk = proof.talk(server)?;
    talk.say(last_get("/api/x"));
    let mut held = Vec::new();
    meanwhile(&mut talk, doors, |mut line| {
        // What is not read would be spoken for ever.
        let _ = line.up_to(b"\r\n\r\n");
        held.push(line);
    })?;
    talk.status(Asked::Other, &[504])?;
    talk.leave();
    Ok(())
}

fn elsewhere(server: &Server, doors: &mut Doors) -> Found {
    let proof = proof(
        "a POST while one of two upstreams is not there",
        "who cannot be reached has begun nothing: whatever was to be asked is asked of the other",
    );
    doors.close("{other}");
    for _ in 0..4 {
        let mut talk = proof.talk(server)?;
        talk.say(post());
        let mut line = talk.door(doors)?;
        answer(&mut talk, &mut line, b"hello", WHOLE)?;
    }
    Ok(())
}

fn down(server: &Server, doors: &mut Doors) -> Found {
    let proof = proof(
        "upstreams that are not there",
        "RFC 9110 §15.6.3 and §15.6.4: who cannot reach a server says 502, or 503 where it will not try",
    );
    doors.close("{upstream}");
    let mut talk = proof.talk(server)?;
    talk.say(last_get("/api/x"))
        .status(Asked::Other, &[502, 503])?;
    talk.leave();
    Ok(())
}

/// What is to be proved about failures.
pub(super) fn proof(what: &'static str, rule: &'static str) -> Proof {
    Proof {
        what,
        rule,
        chapter: "5.6",
    }
}
