//! Beyond the course: a proxy that asks its servers how they are.
//!
//! Both servers answer every request, whatever they say about their health: so only who asks for
//! `/health`, and heeds the answer, knows whom not to ask for anything else.

use crate::answer::Asked;
use crate::grader::behind::{Behind, Line};
use crate::grader::finding::Proof;
use crate::grader::handed::Handed;
use crate::grader::played::Played;
use crate::grader::request::last_get;
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::Found;
use crate::grader::tree::Tree;
use crate::grader::verdict::{Problem, Verdict};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// For a change of somebody's health to be noticed: a few questions, a second apart.
const NOTICED: Duration = Duration::from_secs(8);

/// Between two requests while that is waited for.
const LOOK: Duration = Duration::from_millis(20);

/// Requests in a row that show who is asked.
const ROW: usize = 10;

const RULE: &str = "a server that fails when it is asked how it is fails its visitors next: it is asked \
                    nothing else until it says that it is well";

/// How a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Well,
    /// It says so.
    Ill,
    /// It says nothing when it is asked.
    Silent,
}

const HEALTHS: [Health; 3] = [Health::Well, Health::Ill, Health::Silent];

/// A server behind the proxy.
struct Ward {
    server: Played,
    health: Arc<AtomicU8>,
}

impl Ward {
    fn start() -> io::Result<Ward> {
        let health = Arc::new(AtomicU8::new(Health::Well as u8));
        let known = Arc::clone(&health);
        let server = Played::start(move |handed, _, line| {
            answer(
                handed,
                HEALTHS[usize::from(known.load(Ordering::Acquire))],
                line,
            );
        })?;
        Ok(Ward { server, health })
    }

    fn is(&self, health: Health) {
        self.health.store(health as u8, Ordering::Release);
    }

    fn requests(&self) -> usize {
        self.server.asked("/api/x")
    }

    fn examined(&self) -> usize {
        self.server.asked("/health")
    }
}

fn answer(handed: &Handed, health: Health, line: &mut Line) {
    const FINE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine";
    match (handed.target(), health) {
        ("/health", Health::Ill) => {
            line.say("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 3\r\n\r\nill");
        }
        // Until whoever has asked has had enough of it.
        ("/health", Health::Silent) => drop(line.ends_within(NOTICED)),
        _ => line.say(FINE),
    }
}

/// 5m: who is ill is asked no more, and asked again when it is well.
pub(crate) fn health_checks(subject: &Subject, tree: &Tree) -> Verdict {
    let start = || Ok::<_, io::Error>([Ward::start()?, Ward::start()?]);
    let [one, other] = start().map_err(|error| Problem::NotJudged(error.to_string()))?;
    let at = [
        ("{upstream}", one.server.addr()),
        ("{other}", other.server.addr()),
    ];
    subject.before(Behind::new(&at)).judged(tree, |server| {
        examined(server, [&one, &other])?;
        let one_is_ill = "two servers, one of which says that it is ill";
        one.is(Health::Ill);
        alone(server, one_is_ill, &other, &one)?;
        let turned = "the same, after the ill one is well and the other one is ill";
        one.is(Health::Well);
        other.is(Health::Ill);
        alone(server, turned, &one, &other)?;
        let silent = "two servers, one of which does not say how it is";
        other.is(Health::Well);
        recovered(server, &other)?;
        one.is(Health::Silent);
        alone(server, silent, &other, &one)?;
        one.is(Health::Well);
        recovered(server, &one)
    })
}

fn proof(what: &'static str) -> Proof {
    Proof {
        what,
        rule: RULE,
        chapter: "5.6",
    }
}

/// Has a request answered.
fn ask(server: &Server, proof: Proof) -> Found {
    let mut talk = proof.talk(server)?;
    let answer = talk.say(last_get("/api/x")).status(Asked::Other, &[200])?;
    talk.content(&answer, b"fine")?;
    talk.leave();
    Ok(())
}

/// Both are asked how they are, before anything else is.
fn examined(server: &Server, wards: [&Ward; 2]) -> Found {
    let proof = proof("two servers that are well, before anybody asks for anything");
    let until = Instant::now() + NOTICED;
    while wards.iter().any(|ward| ward.examined() < 2) {
        if Instant::now() > until {
            let wanted = format!("GET /health, asked of each of them twice within {NOTICED:?}");
            return Err(proof.fails(wanted));
        }
        thread::park_timeout(LOOK);
    }
    (0..ROW).try_for_each(|_| ask(server, proof))
}

/// In the end one of them is asked everything, and the other is asked how it is and nothing else.
fn alone(server: &Server, what: &'static str, well: &Ward, ill: &Ward) -> Found {
    let proof = proof(what);
    let until = Instant::now() + NOTICED;
    let mut row = 0;
    while row < ROW {
        let before = ill.requests();
        ask(server, proof)?;
        row = if ill.requests() == before { row + 1 } else { 0 };
        if Instant::now() > until && row == 0 {
            let wanted = format!("no request for the server that is ill, {NOTICED:?} after it was");
            return Err(proof.fails(wanted));
        }
        thread::park_timeout(LOOK);
    }
    let (before, examined) = ((ill.requests(), well.requests()), ill.examined());
    let until = Instant::now() + NOTICED;
    let mut asked = 0;
    while asked < ROW || ill.examined() <= examined {
        ask(server, proof)?;
        asked += 1;
        if Instant::now() > until {
            return Err(
                proof.fails("GET /health, asked of the server that is ill, again and again")
            );
        }
        thread::park_timeout(LOOK);
    }
    match (ill.requests() - before.0, well.requests() - before.1) {
        (0, count) if count >= asked => Ok(()),
        (count, _) => {
            let wanted =
                format!("none of {asked} requests for the server that is ill, not {count}");
            Err(proof.fails(wanted))
        }
    }
}

/// Who is well again is asked again.
fn recovered(server: &Server, ward: &Ward) -> Found {
    let proof = proof("a server that was ill, and is well again");
    let (before, until) = (ward.requests(), Instant::now() + NOTICED);
    while ward.requests() == before {
        ask(server, proof)?;
        if Instant::now() > until {
            let wanted = format!("a request for it within {NOTICED:?}");
            return Err(proof.fails(wanted));
        }
        thread::park_timeout(LOOK);
    }
    Ok(())
}
