//! The check of step 5 that is about programs which do not do what they should, and about clients
//! who do not wait for them.

use crate::answer::Asked;
use crate::grader::finding::Proof;
use crate::grader::request::{get, last_get};
use crate::grader::step04::{SHORT, best};
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::Tree;
use crate::grader::verdict::Verdict;
use crate::process::{children, state};
use crate::report::first_difference;
use crate::rng::Rng;
use static_files::{Config, Timeouts};
use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

/// Octets through a program and back: more than the pipes and the sockets on the way hold.
const THROUGH: usize = 5 << 20;

/// For the first octet of a program that goes on working.
const FIRST: Duration = Duration::from_secs(1);

/// For a program to be gone after its client.
const GONE: Duration = Duration::from_secs(5);

/// Between two looks whether it is.
const LOOK: Duration = Duration::from_millis(20);

/// For the answer of a server whose program never says anything: its own patience, and a little.
const NEVER: Duration = Duration::from_secs(35);

/// For a server that is not to wait long for who stands behind it.
pub(super) fn impatient() -> Config {
    Config {
        timeouts: Timeouts {
            gateway: SHORT,
            ..Timeouts::default()
        },
        ..Config::default()
    }
}

/// 5b: whatever a program does, its client hears something, and nothing of it stays.
pub(crate) fn cgi_misbehaves(subject: &Subject, tree: &Tree) -> Verdict {
    subject.judged_with(tree, impatient(), |server| {
        through(server)?;
        streams_and_ends(server)?;
        mute(server)?;
        hangs(server)?;
        no_zombies(server)
    })
}

fn through(server: &Server) -> Found {
    let proof = Proof {
        what: "5 MiB through a program that sends back what it gets",
        rule: "RFC 3875 §4.2: the content is the program's standard input; who writes all of it before \
               he reads waits for a program that waits for him",
        chapter: "5.1",
    };
    let content = Rng::from_seed(5).octets(THROUGH);
    let mut talk = proof.talk(server)?;
    let lines = format!("Connection: close\r\nContent-Length: {THROUGH}\r\n");
    talk.say(get("/cgi/cat", &lines).replacen("GET", "POST", 1));
    let sender = talk.client().sender();
    let mut sender = sender.map_err(|trouble| talk.trouble("a connection", &trouble))?;
    talk.remember(&content);
    let answer = thread::scope(|scope| {
        // A server that stops reading is met by the reader.
        scope.spawn(|| sender.write_all(&content));
        talk.status(Asked::Other, &[200])
    })?;
    match first_difference(&content, &answer.content) {
        None => Ok(()),
        Some(at) => {
            let expected = format!("the same {THROUGH} octets; from octet {at} on they differ");
            Err(talk.fails(expected))
        }
    }
}

fn streams_and_ends(server: &Server) -> Found {
    const FLOWS: Proof = Proof {
        what: "a program that says a line at once, and works on",
        rule: "RFC 9110 §7.6: what a program says goes to its client as it comes, not when it is over",
        chapter: "5.1",
    };
    const GOES: Proof = Proof {
        what: "a client that leaves while the program works",
        rule: "RFC 3875 §3.4: a program without a client works for nobody; it is asked to end, and its \
               end is waited for, or its number stays taken (a zombie)",
        chapter: "5.1",
    };
    let mut working = None;
    let took = best(server, FIRST, || {
        let started = Instant::now();
        let mut talk = FLOWS.talk(server)?;
        talk.say(get("/cgi/slow", ""));
        let number = first_line(&mut talk)?;
        working = Some((talk, number));
        Ok(started.elapsed())
    })?;
    let (talk, number) = working.expect("the last try has been answered");
    if took > FIRST {
        return Err(talk.fails(format!(
            "its first line within {FIRST:?}, not after {took:.1?}"
        )));
    }
    let gone = GOES.fails(format!(
        "the program's end within {GONE:?} after its client's"
    ));
    talk.vanish().map_err(|_| gone)?;
    let until = Instant::now() + GONE;
    while let Ok(state) = state(number) {
        if Instant::now() > until {
            let is = match state {
                'Z' => "has ended, and nobody waits for it",
                _ => "still runs",
            };
            return Err(GOES.fails(format!(
                "the program gone within {GONE:?}; process {number} {is}"
            )));
        }
        thread::park_timeout(LOOK);
    }
    Ok(())
}

/// The number that the program says first.
fn first_line(talk: &mut Talk) -> Found<u32> {
    let wanted = "a 200 and the program's first line, while it works on";
    let head = talk.client().read_head();
    head.map_err(|trouble| talk.trouble(wanted, &trouble))?;
    let mut said = String::new();
    loop {
        let piece = talk.client().read_piece();
        let piece = piece.map_err(|trouble| talk.trouble(wanted, &trouble))?;
        said.push_str(&String::from_utf8_lossy(&piece));
        match said
            .split_once("process ")
            .and_then(|(_, rest)| rest.split_once('\n'))
        {
            Some((number, _)) => return number.parse().map_err(|_| talk.fails(wanted)),
            None if piece.is_empty() => return Err(talk.fails(wanted)),
            None => {}
        }
    }
}

fn mute(server: &Server) -> Found {
    let proof = Proof {
        what: "a program that ends without a word",
        rule: "RFC 9110 §15.6.3: an answer that is none is answered 502",
        chapter: "5.1",
    };
    let mut talk = proof.talk(server)?;
    talk.say(last_get("/cgi/mute"))
        .status(Asked::Other, &[502])?;
    talk.leave();
    Ok(())
}

fn hangs(server: &Server) -> Found {
    let proof = Proof {
        what: "a program that neither answers nor ends",
        rule: "RFC 9110 §15.6.5: patience with a program has an end, and then the answer is 504",
        chapter: "5.1",
    };
    let mut talk = proof.talk(server)?;
    talk.client().patience = NEVER;
    talk.say(last_get("/cgi/hang"))
        .status(Asked::Other, &[504])?;
    talk.leave();
    Ok(())
}

/// After all that the server has no child left that has ended.
fn no_zombies(server: &Server) -> Found {
    let proof = Proof {
        what: "what is left of those programs",
        rule: "POSIX wait(): a process that has ended keeps its number until its parent asks how",
        chapter: "5.1",
    };
    let zombies = || {
        let children = children(server.pid()).unwrap_or_default();
        let is_zombie = |pid: &u32| state(*pid).is_ok_and(|state| state == 'Z');
        children.into_iter().filter(is_zombie).count()
    };
    let until = Instant::now() + GONE;
    while zombies() > 0 {
        if Instant::now() > until {
            let count = zombies();
            return Err(proof.fails(format!("no process that nobody waits for, not {count}")));
        }
        thread::park_timeout(LOOK);
    }
    Ok(())
}
