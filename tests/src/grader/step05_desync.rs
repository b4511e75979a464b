//! The check of step 5 that is about requests which two servers could read in two ways.
//!
//! ```text
//!     client ──► proxy ──► a server that believes anything
//!        └── answers of that server = requests that it has seen ──┘
//! ```
//!
//! A proxy may refuse such a request, or hand it on so that nobody can misread it. What it may not do
//! is to see one request where the server behind it sees two: the second of them is answered to
//! whoever asks next.

#[path = "../../../step05-gateway/tests/desync/gullible.rs"]
mod gullible;
#[path = "../../../step05-gateway/tests/desync/requests.rs"]
mod requests;

use crate::answer::Asked;
use crate::grader::behind::Behind;
use crate::grader::finding::Proof;
use crate::grader::request::last_get;
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::Found;
use crate::grader::tree::Tree;
use crate::grader::verdict::{Problem, Verdict};
use crate::trouble::Trouble;
use gullible::Gullible;
use requests::{AFTER, ambiguous};
use std::mem;
use std::time::Duration;

/// What comes of the request that is hidden in another: it is completed by what comes next, or complete
/// by itself.
const ENDS: [&str; 2] = ["", "y\r\n\r\n"];

/// How long answers are waited for by somebody who could still say more.
const MOMENT: Duration = Duration::from_secs(2);

/// The target of every request that nobody could misread.
const PLAIN: &str = "/api/plain";

/// 5h: whatever a client sends, the server behind the proxy sees what the client is answered.
pub(crate) fn no_desync(subject: &Subject, tree: &Tree) -> Verdict {
    let start = || Ok::<_, std::io::Error>([Gullible::start()?, Gullible::start()?]);
    let upstreams = start().map_err(|error| Problem::NotJudged(error.to_string()))?;
    let [first, second] = &upstreams;
    let behind = [("{upstream}", first.addr()), ("{other}", second.addr())];
    let subject = subject.before(Behind::new(&behind));
    subject.judged(tree, |server| {
        hold(server, &upstreams, last_get(PLAIN).as_bytes())?;
        for end in ENDS {
            for request in ambiguous(end).iter().filter(|request| has_version(request)) {
                let octets = [request.as_bytes(), AFTER.as_bytes()].concat();
                hold(server, &upstreams, &octets)?;
            }
        }
        hold(server, &upstreams, last_get(PLAIN).as_bytes())
    })
}

/// A request without a version is one of HTTP/0.9. Its answer has no head, so nobody can tell by
/// whom it was given.
fn has_version(request: &str) -> bool {
    let line = request.split("\r\n").next();
    line.is_some_and(|line| line.contains(" HTTP/1."))
}

fn hold(server: &Server, upstreams: &[Gullible; 2], octets: &[u8]) -> Found {
    let proof = Proof {
        what: "a request that two servers could read in two ways",
        rule: "RFC 9112 §6.3 and §11.2: whoever hands a request on says in one way where it ends, or \
               refuses it; two who disagree let a request be smuggled in another",
        chapter: "5.7",
    };
    let mut talk = proof.talk(server)?;
    talk.say(octets);
    let patience = mem::replace(&mut talk.client().patience, MOMENT);
    let mut asked = match octets.starts_with(b"HEAD") {
        true => Asked::Head,
        false => Asked::Other,
    };
    let mut answered = Vec::new();
    loop {
        match talk.client().read_answer(asked) {
            Ok(answer) if answer.status < 200 => continue,
            Ok(answer) => {
                let target = answer.field("X-Seen");
                answered.extend(target.map(|target| String::from_utf8_lossy(target).into_owned()));
            }
            Err(Trouble::Ended | Trouble::Reset) => break,
            // It waits for more: there is no more. To some servers that means that nobody waits, so it
            // is said only now.
            Err(Trouble::Late { .. }) if talk.client().patience == MOMENT => {
                talk.leave();
                talk.client().patience = patience;
                continue;
            }
            Err(trouble) => return Err(talk.trouble("answers, and an end", &trouble)),
        }
        asked = Asked::Other;
    }
    let mut seen: Vec<String> = upstreams.iter().flat_map(Gullible::seen).collect();
    let is_plain = octets.starts_with(format!("GET {PLAIN} ").as_bytes());
    if is_plain && answered != [PLAIN] {
        return Err(talk.fails("an ordinary request answered by the server behind"));
    }
    // Two servers may have been asked in turn, and nobody knows in which.
    seen.sort();
    answered.sort();
    match seen == answered {
        true => Ok(()),
        false => Err(talk.fails(format!(
            "as many requests behind the server as answers to its client; requests for {seen:?} were \
             seen there (perhaps the last of them by the request before), and {answered:?} was answered"
        ))),
    }
}
