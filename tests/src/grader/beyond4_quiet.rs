//! Beyond the course: what those who say nothing cost.
//!
//! Processor time is compared, not time: how long something takes depends on who else is busy.

use crate::answer::Asked;
use crate::client::Heard;
use crate::grader::finding::Proof;
use crate::grader::request::{get, last_get};
use crate::grader::step04::{best, ordinary};
use crate::grader::subject::{Problem, Server, Subject, Verdict};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::{BIG_BYTES, Tree};
use concurrency::sys::raise_descriptor_limit;
use std::time::Duration;

/// Connections that have nothing to say, and how many of them come before the server is given time
/// to accept them.
const IDLE: usize = 2_000;
const AT_ONCE: usize = 50;

/// Descriptors needed beside theirs.
const SPARE_DESCRIPTORS: u64 = 200;

/// Clients who have asked for much and take nothing of it.
const DEAF: usize = 8;

/// Requests whose cost is compared.
const REQUESTS: usize = 300;

/// Times as much, and what a clock of 10 ms may be wrong by.
const TIMES: u32 = 3;
const GRAIN: Duration = Duration::from_millis(10);

/// A time in which nothing happens, and the processor time that it may cost.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_COST: Duration = Duration::from_millis(30);

/// To see whether a connection is still there.
const MOMENT: Duration = Duration::from_millis(1);

/// Of the silent ones, every so manieth asks in the end.
const ASK_EVERY: usize = 50;

const PROOF: Proof = Proof {
    what: "requests beside two thousand clients who say nothing",
    rule: "epoll(7): the kernel can keep the list of those who are waited for; then a wait costs what \
           is ready, however many are not",
    chapter: "4.5",
};

/// 4k: those who say nothing cost nothing, and all others are served as ever.
pub(crate) fn readiness(subject: &Subject, tree: &Tree) -> Verdict {
    // In one process both ends of each connection count.
    let needed = 2 * IDLE as u64 + SPARE_DESCRIPTORS;
    let allowed = raise_descriptor_limit().unwrap_or(0);
    if allowed < needed {
        return Err(Problem::NotJudged(format!(
            "{needed} descriptors are needed and {allowed} allowed: ulimit -n {needed}"
        )));
    }
    subject.judged(tree, |server| {
        let alone = requests(server)?.min(requests(server)?);
        let mut idle = arrive(server)?;
        let mut deaf = Vec::new();
        while deaf.len() < DEAF {
            let mut talk = PROOF.talk(server)?;
            talk.say(get("/big.bin", "Connection: close\r\n"));
            deaf.push(talk);
        }
        let rest = best(server, PAUSE_COST, || pause(server, &mut idle[0]))?;
        if rest > PAUSE_COST {
            return Err(PROOF.fails(format!(
                "at most {PAUSE_COST:?} of processor time in {PAUSE:?} without a word, not {rest:.0?}"
            )));
        }
        let allowed = TIMES * alone + GRAIN;
        let took = requests(server)?.min(requests(server)?);
        if took > allowed {
            return Err(PROOF.fails(format!(
                "{REQUESTS} requests for at most {allowed:.0?} of processor time, not {took:.0?}: \
                 without the others it was {alone:.0?}"
            )));
        }
        let mut some = idle.iter_mut().step_by(ASK_EVERY);
        some.try_for_each(speak)?;
        deaf.iter_mut().try_for_each(whole)
    })
}

/// Connects all those who will say nothing.
fn arrive(server: &Server) -> Found<Vec<Talk>> {
    let mut idle = Vec::new();
    while idle.len() < IDLE {
        for _ in 0..AT_ONCE {
            idle.push(PROOF.talk(server)?);
        }
        // Answered means that those before it were accepted: no door has room for thousands.
        ordinary(PROOF, server)?;
    }
    Ok(idle)
}

/// Whoever was silent asks in the end.
fn speak(talk: &mut Talk) -> Found {
    // A server may have waited long enough.
    if !matches!(talk.client().listen(MOMENT), Ok(Heard::Silence)) {
        return Ok(());
    }
    let answer = talk
        .say(last_get("/hello.txt"))
        .status(Asked::Other, &[200])?;
    talk.content(&answer, b"Hello, reader.\n")
}

/// The processor time of some requests on one connection.
fn requests(server: &Server) -> Found<Duration> {
    let mut talk = PROOF.talk(server)?;
    let before = server.cpu_time();
    for _ in 0..REQUESTS {
        talk = asked(talk, server)?;
    }
    Ok(server.cpu_time().saturating_sub(before))
}

/// Has one request answered, on another connection where this one was the last of its own.
fn asked(mut talk: Talk, server: &Server) -> Found<Talk> {
    let answer = talk
        .say(get("/hello.txt", ""))
        .status(Asked::Other, &[200])?;
    talk.content(&answer, b"Hello, reader.\n")?;
    match answer.field("Connection") {
        Some(b"close") => PROOF.talk(server),
        _ => Ok(talk),
    }
}

/// The processor time of a while in which nobody says anything.
fn pause(server: &Server, idle: &mut Talk) -> Found<Duration> {
    let before = server.cpu_time();
    match idle.client().listen(PAUSE) {
        Ok(Heard::Silence) => Ok(server.cpu_time().saturating_sub(before)),
        _ => Err(idle.fails("a connection that is kept while nothing is said for some seconds")),
    }
}

/// Whoever was deaf hears it all in the end.
fn whole(talk: &mut Talk) -> Found {
    let answer = talk.status(Asked::Other, &[200])?;
    match answer.content.len() {
        BIG_BYTES => Ok(()),
        other => Err(talk.fails(format!("{BIG_BYTES} octets of content, not {other}"))),
    }
}
