//! Checks of step 4: work in parallel, a full house, and clients that take their time.

use crate::answer::Asked;
use crate::grader::finding::Proof;
use crate::grader::request::{get, last_get};
use crate::grader::site::SLOW;
use crate::grader::step04::{PROMPT, best, ordinary};
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::Tree;
use crate::grader::verdict::Verdict;
use static_files::Config;
use std::thread;
use std::time::{Duration, Instant};

/// Jobs at once, and the workers that a server of the ladder is given for them.
const JOBS: usize = 8;

/// Clients of a full house. A server of the ladder has room for half of them: some served, and some
/// waiting.
const CROWD: usize = 128;
const SERVED: usize = 16;
const WAITING: usize = CROWD / 2 - SERVED;

/// In which each of them has to hear something, and in which it has to be as before.
const HEARD: Duration = Duration::from_secs(5);
const RECOVERED: Duration = Duration::from_secs(1);

/// Clients that drain a large file slowly, what each takes at a time, and how many at once come.
const DRAINS: usize = 200;
const SIP: usize = 1024;
const AT_ONCE: usize = 20;

/// Octets by which a server may grow because of them: 160 KiB for each.
const GROWTH_BYTES: u64 = 32 << 20;

/// Ordinary requests that are timed, of which one in a hundred may be slow.
const TIMED: usize = 100;

/// 4b: as many jobs as there are workers take as long as one.
pub(crate) fn really_parallel(subject: &Subject, tree: &Tree) -> Verdict {
    const PROOF: Proof = Proof {
        what: "eight requests at once, each of which takes 200 ms to be answered",
        rule: "a lock that is held while one job is done makes the others wait: eight workers take \
               eight jobs at once",
        chapter: "4.3",
    };
    let config = Config {
        pool: JOBS,
        ..Config::default()
    };
    subject.judged_with(tree, config, |server| {
        // On a machine that is busy with other things, one alone may take longer than its work.
        let allowed = 2 * jobs(PROOF, server, 1)?;
        let took = best(server, allowed, || jobs(PROOF, server, JOBS))?;
        match took > allowed {
            true => Err(PROOF.fails(format!("all of them within {allowed:.1?}, not {took:.1?}"))),
            false => Ok(()),
        }
    })
}

/// Runs so many jobs at once, and tells what they took together.
fn jobs(proof: Proof, server: &Server, count: usize) -> Found<Duration> {
    let mut talks = (0..count)
        .map(|_| proof.talk(server))
        .collect::<Found<Vec<Talk>>>()?;
    let started = Instant::now();
    thread::scope(|scope| {
        let job = |talk: &mut Talk| {
            talk.say(last_get("/slow"))
                .status(Asked::Other, &[200])
                .map(|_| talk.leave())
        };
        let all: Vec<_> = talks
            .iter_mut()
            .map(|talk| scope.spawn(move || job(talk)))
            .collect();
        let done = |thread: thread::ScopedJoinHandle<'_, Found>| {
            thread.join().expect("a client has no reason to panic")
        };
        all.into_iter().try_for_each(done)
    })?;
    let took = started.elapsed();
    match took < SLOW {
        true => Err(proof.fails(format!(
            "work that takes {SLOW:?}, but all was done in {took:.1?}"
        ))),
        false => Ok(took),
    }
}

/// 4c: more clients than there is room for: each is told something, and then it is over.
pub(crate) fn full_house(subject: &Subject, tree: &Tree) -> Verdict {
    const PROOF: Proof = Proof {
        what: "a hundred and twenty-eight requests at once, each of which takes 200 ms",
        rule: "RFC 9110 §15.6.4: a server without room says 503; whoever is left without a word does \
               not know whether to wait or to come again, and a reset can destroy the word (RFC 9112 \
               §9.6)",
        chapter: "4.3",
    };
    let config = Config {
        pool: SERVED,
        queue: WAITING,
        ..Config::default()
    };
    subject.judged_with(tree, config, |server| {
        // One after the other they would need five times as long.
        let allowed = HEARD.max(25 * jobs(PROOF, server, 1)?);
        let mut crowd = crowd(server, PROOF)?;
        let until = Instant::now() + allowed;
        let (mut sent_away, mut cut) = (0, Vec::new());
        for talk in &mut crowd {
            talk.client().patience = until.saturating_duration_since(Instant::now());
            let answer = talk.status(Asked::Other, &[200, 503])?;
            match answer.status {
                503 => {
                    sent_away += 1;
                    cut.extend(talk.end().err());
                }
                _ => talk.leave(),
            }
        }
        // A server need not keep everybody whom it has sent away, but most of them.
        if 2 * cut.len() > sent_away {
            return Err(cut.swap_remove(0));
        }
        drop(crowd);
        let took = best(server, RECOVERED, || ordinary(PROOF, server))?;
        match took > RECOVERED {
            true => Err(PROOF.fails(format!(
                "an ordinary request after that answered within {RECOVERED:?}, not {took:.1?}"
            ))),
            false => Ok(()),
        }
    })
}

/// Clients who all ask. Half of them are there before anybody has asked, so that however slowly they
/// come, nobody is done before the house is full.
fn crowd(server: &Server, proof: Proof) -> Found<Vec<Talk>> {
    let mut crowd = Vec::new();
    while crowd.len() < CROWD / 2 {
        crowd.push(proof.talk(server)?);
    }
    while crowd.len() < CROWD {
        let mut talk = proof.talk(server)?;
        talk.say(last_get("/slow"));
        crowd.push(talk);
    }
    for talk in &mut crowd[..CROWD / 2] {
        talk.say(last_get("/slow"));
    }
    Ok(crowd)
}

/// 4f: who takes a file slowly costs neither memory nor anybody else's time.
pub(crate) fn slow_drains(subject: &Subject, tree: &Tree) -> Verdict {
    const PROOF: Proof = Proof {
        what: "ordinary requests beside two hundred clients that read a file of 2 GiB in sips",
        rule: "what a client does not take stays in the file: a server that reads ahead fills its \
               memory with other people's patience",
        chapter: "4.5",
    };
    subject.judged(tree, |server| {
        let alone = slowest(PROOF, server, &mut [])?;
        let before = server.memory();
        let mut drains = Vec::new();
        while drains.len() < DRAINS {
            for _ in 0..AT_ONCE {
                drains.push(draining(PROOF, server)?);
            }
            let grown = before.zip(server.memory());
            let grown = grown.map_or(0, |(before, now)| now.anonymous.saturating_sub(before.anonymous));
            if grown > GROWTH_BYTES {
                let (count, grown) = (drains.len(), grown >> 20);
                return Err(PROOF.fails(format!(
                    "memory that does not grow with the file, not {grown} MiB more for {count} of them"
                )));
            }
        }
        let allowed = PROMPT.max(3 * alone);
        let took = best(server, allowed, || slowest(PROOF, server, &mut drains))?;
        match took > allowed {
            true => Err(PROOF.fails(format!(
                "99 of a hundred ordinary requests answered within {allowed:.0?}, not {took:.0?}"
            ))),
            false => Ok(()),
        }
    })
}

/// A client that has asked for a large file and read its head.
fn draining(proof: Proof, server: &Server) -> Found<Talk> {
    let mut talk = proof.talk(server)?;
    talk.say(get("/sparse.bin", ""));
    let head = talk.client().read_head();
    head.map_err(|trouble| talk.trouble("a download", &trouble))?;
    Ok(talk)
}

/// What all but one in a hundred ordinary requests took at most, while each of the drains takes its
/// sips.
fn slowest(proof: Proof, server: &Server, drains: &mut [Talk]) -> Found<Duration> {
    let mut times = Vec::new();
    let mut sipping = 0..drains.len();
    for _ in 0..TIMED {
        times.push(ordinary(proof, server)?);
        for at in sipping.by_ref().take(DRAINS / TIMED) {
            let talk = &mut drains[at];
            let sip = talk.client().read_at_most(SIP);
            sip.map_err(|trouble| talk.trouble("more of the file", &trouble))?;
        }
    }
    times.sort_unstable();
    Ok(times[TIMED - TIMED / 100 - 1])
}
