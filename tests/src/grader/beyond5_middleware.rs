//! Beyond the course: an application around another, which neither of them notices.
//!
//! `GET /count/N` is answered by an application, and what stands around it writes a line about each of
//! its answers to standard error. Every line has to say what the client has seen, whatever that was.

use crate::answer::Asked;
use crate::grader::finding::Proof;
use crate::grader::request::{get, last_get};
use crate::grader::step04::best;
use crate::grader::subject::{Server, Subject, Verdict};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::Tree;
use std::time::{Duration, Instant};
use std::{fs, thread};

/// Clients at once, and what each of them asks for.
const CLIENTS: usize = 8;
const EACH: usize = 25;

/// For the first line of an answer that goes on.
const FIRST: Duration = Duration::from_secs(1);

/// Lines of an answer that nobody waits for.
const LONG: u64 = 100_000_000;

/// For a line about an answer that is over.
const WRITTEN: Duration = Duration::from_secs(5);

/// Between two looks whether it is there.
const LOOK: Duration = Duration::from_millis(10);

const LINE: &str = "a log says what the client was sent: method, target, status and octets of content, a \
                    line for each answer";

/// 5i: what stands around an application sees each of its answers, and holds none of them up.
pub(crate) fn middleware(subject: &Subject, tree: &Tree) -> Verdict {
    subject.judged(tree, |server| {
        one_by_one(server)?;
        without_content(server)?;
        a_crowd(server)?;
        an_answer_that_goes_on(server)
    })
}

/// What the server has said on standard error; nothing for a function, whose words are the grader's.
fn said(server: &Server) -> String {
    // A log that cannot be read says as much as an empty one.
    String::from_utf8_lossy(&fs::read(&server.log).unwrap_or_default()).into_owned()
}

/// How often a line is there.
fn written(server: &Server, line: &str) -> usize {
    said(server).lines().filter(|said| *said == line).count()
}

/// Waits until as many lines say so as have to, and demands that no more do.
fn is_written(server: &Server, line: &str, times: usize, talk: &Talk) -> Found {
    let until = Instant::now() + WRITTEN;
    while written(server, line) < times && Instant::now() < until {
        thread::park_timeout(LOOK);
    }
    match written(server, line) {
        count if count == times => Ok(()),
        count => Err(talk.fails(format!(
            "the line `{line}` on standard error, {times} times and not {count}"
        ))),
    }
}

fn one_by_one(server: &Server) -> Found {
    let rows = [
        ("an answer", "/count/3", Some(&b"1\n2\n3\n"[..])),
        ("an answer without content", "/count/0", Some(b"")),
        ("an error of the application's own", "/count/x", None),
        ("a query", "/count/2?a=b%20c", Some(b"1\n2\n")),
    ];
    for (what, target, wanted) in rows {
        let mut talk = proof(what).talk(server)?;
        let status = if wanted.is_some() { 200 } else { 404 };
        let answer = talk.say(last_get(target)).status(Asked::Other, &[status])?;
        wanted.map_or(Ok(()), |wanted| talk.content(&answer, wanted))?;
        talk.leave();
        let octets = answer.content.len();
        is_written(server, &format!("GET {target} {status} {octets}"), 1, &talk)?;
    }
    Ok(())
}

/// A server that cuts an application off after the head does it sooner or later, so one answer says
/// little.
fn without_content(server: &Server) -> Found {
    let mut talk = proof("answers to HEAD, which have no content").talk(server)?;
    let request = get("/count/4", "").replacen("GET", "HEAD", 1);
    for _ in 0..EACH {
        talk.say(&request).status(Asked::Head, &[200])?;
    }
    talk.leave();
    is_written(server, "HEAD /count/4 200 0", EACH, &talk)
}

fn proof(what: &'static str) -> Proof {
    Proof {
        what,
        rule: LINE,
        chapter: "5.2",
    }
}

fn a_crowd(server: &Server) -> Found {
    const PROOF: Proof = Proof {
        what: "eight clients at once",
        rule: "several calls run at the same time: what stands around them has to keep them apart, and \
               its lines whole",
        chapter: "5.2",
    };
    let target = |client: usize| format!("/count/{}", 100 + client);
    let talks = (0..CLIENTS).map(|_| PROOF.talk(server));
    let talks = talks.collect::<Found<Vec<Talk>>>()?;
    let clients = talks.into_iter().enumerate().map(|(client, mut talk)| {
        move || {
            for _ in 0..EACH {
                talk.say(get(&target(client), ""))
                    .status(Asked::Other, &[200])?;
            }
            talk.leave();
            Ok(talk)
        }
    });
    let talks = thread::scope(|scope| {
        let all: Vec<_> = clients.map(|client| scope.spawn(client)).collect();
        let done = |thread: thread::ScopedJoinHandle<'_, Found<Talk>>| {
            thread.join().expect("a client has no reason to panic")
        };
        all.into_iter().map(done).collect::<Found<Vec<Talk>>>()
    })?;
    for (client, talk) in talks.iter().enumerate() {
        let lines: usize = (1..=100 + client).map(|n| n.to_string().len() + 1).sum();
        let line = format!("GET {} 200 {lines}", target(client));
        is_written(server, &line, EACH, talk)?;
    }
    Ok(())
}

fn an_answer_that_goes_on(server: &Server) -> Found {
    let proof = Proof {
        what: "an answer of a hundred million lines, and a client who leaves after the first",
        rule: "what stands in between passes on what comes when it comes; who collects it first needs \
               memory for all of it, and makes the client wait for the last line",
        chapter: "5.2",
    };
    let target = format!("/count/{LONG}");
    let mut last = None;
    let took = best(server, FIRST, || {
        let started = Instant::now();
        let mut talk = proof.talk(server)?;
        talk.say(get(&target, ""));
        let wanted = "a 200 and the first line";
        let head = talk.client().read_head();
        head.map_err(|trouble| talk.trouble(wanted, &trouble))?;
        let piece = talk.client().read_piece();
        piece.map_err(|trouble| talk.trouble(wanted, &trouble))?;
        last = Some(talk);
        Ok(started.elapsed())
    })?;
    let talk = last.expect("at least one was tried");
    if took > FIRST {
        return Err(talk.fails(format!("the first line within {FIRST:?}, not {took:.1?}")));
    }
    let gone = talk.fails(format!(
        "a line `GET {target} 200 …` with the octets that were sent, within {WRITTEN:?} after the client \
         has left"
    ));
    talk.vanish()
        .map_err(|_| proof.fails("a connection that can be left"))?;
    let start = format!("GET {target} 200 ");
    let is_it = |line: &str| {
        let octets = line.strip_prefix(&start).map(str::parse::<u64>);
        // A hundred million lines are more octets than that.
        matches!(octets, Some(Ok(octets)) if (1..LONG).contains(&octets))
    };
    let until = Instant::now() + WRITTEN;
    while Instant::now() < until {
        if said(server).lines().any(is_it) {
            return Ok(());
        }
        thread::park_timeout(LOOK);
    }
    Err(gone)
}
