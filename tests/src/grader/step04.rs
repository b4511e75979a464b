//! Checks of step 4: many clients at once, rude ones among them, and the end.

use crate::answer::Asked;
use crate::client::Heard;
use crate::grader::finding::Proof;
use crate::grader::request::{get, last_get};
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::{BIG_BYTES, Tree};
use crate::grader::verdict::{Problem, Verdict};
use crate::trouble::Trouble;
use concurrency::sys::raise_descriptor_limit;
use static_files::{Config, Timeouts};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Clients that have stopped in the middle of a request.
const STALLED: usize = 8;

/// Ordinary requests beside them, and the time for all of them, or for one beside a drip.
const ORDINARY: usize = 100;
const ORDINARY_TIME: Duration = Duration::from_secs(1);

/// Requests that crash whoever handles them.
const CRASHES: usize = 100;

/// Connections that have nothing to say.
const IDLE: usize = 5_000;

/// How many of them come before the server is given time to accept them.
const AT_ONCE: usize = 50;

/// Descriptors needed beside them.
const SPARE_DESCRIPTORS: u64 = 200;

/// What a request may take beside them, at best.
pub(super) const PROMPT: Duration = Duration::from_millis(50);

/// Between two octets of a request that never ends.
const DRIP: Duration = Duration::from_millis(250);

/// How long a server of the ladder waits for a head, so that nobody else has to.
pub(super) const SHORT: Duration = Duration::from_secs(2);

/// Downloads under way when the server is asked to end.
const DOWNLOADS: usize = 50;

/// How long a server may take to end after its last answer.
const END: Duration = Duration::from_secs(5);

/// An ordinary request on a connection of its own, and what it took.
pub(super) fn ordinary(proof: Proof, server: &Server) -> Found<Duration> {
    let started = Instant::now();
    let mut talk = proof.talk(server)?;
    let answer = talk
        .say(last_get("/hello.txt"))
        .status(Asked::Other, &[200])?;
    talk.content(&answer, b"Hello, reader.\n")?;
    talk.leave();
    Ok(started.elapsed())
}

/// 4a: one slow guest is no reason to let the others wait.
pub(crate) fn one_slow_guest(subject: &Subject, tree: &Tree) -> Verdict {
    const PROOF: Proof = Proof {
        what: "a hundred requests beside eight clients that have stopped in the middle of theirs",
        rule: "a client that waits may not hold what the others need: a thread each, or none",
        chapter: "4.2",
    };
    subject.judged(tree, |server| {
        // What the same hundred take when nobody is in their way.
        let alone = a_hundred(PROOF, server)?;
        let allowed = ORDINARY_TIME.max(3 * alone);
        let took = best(server, allowed, || {
            let mut stalled = Vec::new();
            for _ in 0..STALLED {
                let mut talk = PROOF.talk(server)?;
                talk.say("GET / HTTP/1.1\r\nHo");
                stalled.push(talk);
            }
            a_hundred(PROOF, server)
        })?;
        match took > allowed {
            true => Err(PROOF.fails(format!("all within {allowed:.1?}, not {took:.1?}"))),
            false => Ok(()),
        }
    })
}

fn a_hundred(proof: Proof, server: &Server) -> Found<Duration> {
    let started = Instant::now();
    for _ in 0..ORDINARY {
        ordinary(proof, server)?;
    }
    Ok(started.elapsed())
}

/// The best of a few tries, the last of which is the first one that is good enough: on a machine that
/// is busy with other things, one that was slow says nothing about the server.
pub(super) fn best(
    server: &Server,
    enough: Duration,
    mut attempt: impl FnMut() -> Found<Duration>,
) -> Found<Duration> {
    let mut best = attempt()?;
    for _ in 1..server.patience().tries {
        if best <= enough {
            break;
        }
        best = best.min(attempt()?);
    }
    Ok(best)
}

/// 4d: a handler that crashes takes nobody with it.
pub(crate) fn contained_panic(subject: &Subject, tree: &Tree) -> Verdict {
    const PROOF: Proof = Proof {
        what: "a hundred ordinary requests after a hundred that crash their handler",
        rule: "a mistake in a handler costs one answer, not a worker and not the server",
        chapter: "4.3",
    };
    subject.judged(tree, |server| {
        for _ in 0..CRASHES {
            let mut talk = PROOF.talk(server)?;
            talk.say(last_get("/panic"));
            // A 500 is best, but a connection that is cut says the same.
            match talk.client().read_answer(Asked::Other) {
                Ok(answer) if answer.status < 500 => {
                    let expected = format!("a 500 or no answer to /panic, not {}", answer.status);
                    return Err(talk.wrong(&answer, 9, expected));
                }
                // It is silent to this guest, or to everybody: then nobody waits a hundred times.
                Err(Trouble::Late { .. }) => drop(ordinary(PROOF, server)?),
                Ok(_) | Err(_) => {}
            }
        }
        (0..ORDINARY).try_for_each(|_| ordinary(PROOF, server).map(drop))
    })
}

/// 4e: a connection without a request costs next to nothing.
pub(crate) fn five_thousand_idle(subject: &Subject, tree: &Tree) -> Verdict {
    const PROOF: Proof = Proof {
        what: "a request beside five thousand idle connections",
        rule: "epoll(7): the kernel says which of many connections has something to say, so none \
               of them needs a thread",
        chapter: "4.5",
    };
    // In one process both ends of each connection count.
    let ends = if subject.is_process() { 1 } else { 2 };
    let needed = ends * IDLE as u64 + SPARE_DESCRIPTORS;
    let allowed = raise_descriptor_limit().unwrap_or(0);
    if allowed < needed {
        return Err(Problem::NotJudged(format!(
            "{needed} descriptors are needed and {allowed} allowed: ulimit -n {needed}"
        )));
    }
    subject.judged(tree, |server| {
        let before = server.threads();
        let mut idle: Vec<Talk> = Vec::new();
        while idle.len() < IDLE {
            for _ in 0..AT_ONCE {
                idle.push(PROOF.talk(server)?);
            }
            // Answered means that those before it were accepted: no door has room for thousands.
            ordinary(PROOF, server)?;
        }
        let best = best(server, PROMPT, || ordinary(PROOF, server))?;
        if best > PROMPT {
            return Err(PROOF.fails(format!("an answer within {PROMPT:?}, not {best:.0?}")));
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let more = server.threads().saturating_sub(before);
        match more > cores + 1 {
            true => Err(PROOF.fails(format!("no thread for each of them, not {more} more"))),
            false => Ok(()),
        }
    })
}

/// 4g: a request that never ends is cut off at a deadline, and hurts nobody meanwhile.
pub(crate) fn drip_feed(subject: &Subject, tree: &Tree) -> Verdict {
    const PROOF: Proof = Proof {
        what: "a head that comes an octet at a time and never ends",
        rule: "RFC 9110 §15.5.9: the time for a head is counted from its first octet; a deadline \
               that every octet pushes back is none",
        chapter: "4.6",
    };
    let timeouts = Timeouts {
        head: SHORT,
        ..Timeouts::default()
    };
    let config = Config {
        timeouts,
        ..Config::default()
    };
    subject.judged_with(tree, config, |server| {
        let mut dripping = None;
        // A drip of its own for each try: to wait until the last one is cut off would be no proof.
        let took = best(server, ORDINARY_TIME, || {
            let mut talk = PROOF.talk(server)?;
            talk.say("GET / HTTP/1.1\r\nHost: a\r\nA: ");
            dripping = Some(talk);
            ordinary(PROOF, server)
        })?;
        let mut talk = dripping.expect("there was a try");
        if took > ORDINARY_TIME {
            return Err(talk.fails(format!(
                "an ordinary request beside it answered within {ORDINARY_TIME:?}, not {took:.1?}"
            )));
        }
        let allowed = 2 * server.patience().wait;
        let started = Instant::now();
        while started.elapsed() < allowed {
            talk.say("b");
            ordinary(PROOF, server)?;
            match talk.client().listen(DRIP) {
                Ok(Heard::Silence) => {}
                // A 408, an end or a reset: each says that it is over.
                Ok(Heard::Octets | Heard::End) | Err(_) => return Ok(()),
            }
        }
        Err(talk.fails(format!(
            "a 408, or the end of the connection, within {allowed:?}"
        )))
    })
}

/// 4h: asked to end, a server finishes what it has begun, and begins nothing more.
pub(crate) fn good_bye(subject: &Subject, tree: &Tree) -> Verdict {
    const PROOF: Proof = Proof {
        what: "fifty downloads under way when the server is asked to end (SIGTERM)",
        rule: "who is being served is served to the end, who comes now is turned away, and then \
               the server ends with status 0",
        chapter: "4.6",
    };
    subject.judged(tree, |server| {
        let mut downloads = Vec::new();
        for _ in 0..DOWNLOADS {
            let mut talk = PROOF.talk(server)?;
            talk.say(get("/big.bin", ""));
            talk.client()
                .read_head()
                .map_err(|trouble| talk.trouble("a download", &trouble))?;
            downloads.push(talk);
        }
        if let Err(error) = server.ask_to_stop() {
            return Err(PROOF.fails(format!("a signal, but {error}")));
        }
        complete(&mut downloads)?;
        if TcpStream::connect_timeout(&server.addr(), END).is_ok() {
            return Err(PROOF.fails("no new connection after the server was asked to end"));
        }
        let ended = server.wait(END);
        ended.map_err(|why| PROOF.fails(format!("the end, with status 0; but {why}")))
    })
}

/// Reads all downloads side by side: one that nobody reads meanwhile would be given up by its server.
fn complete(downloads: &mut [Talk]) -> Found {
    let mut left = vec![BIG_BYTES; downloads.len()];
    while left.iter().any(|left| *left > 0) {
        let unread = downloads.iter_mut().zip(&mut left).enumerate();
        for (number, (talk, left)) in unread.filter(|(_, (_, left))| **left > 0) {
            let piece = talk.client().read_piece();
            let wanted = format!("download {} to its end, {left} octets more", number + 1);
            match piece {
                Ok(piece) if piece.is_empty() => return Err(talk.fails(wanted)),
                Ok(piece) => *left = left.saturating_sub(piece.len()),
                Err(trouble) => return Err(talk.trouble(&wanted, &trouble)),
            }
            if *left == 0 {
                talk.leave();
            }
        }
    }
    Ok(())
}
