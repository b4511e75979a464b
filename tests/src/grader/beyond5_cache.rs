//! Beyond the course: a proxy that keeps answers, and asks once for what many want.
//!
//! The upstream answers with how often it was asked before. So an answer says whether it was kept, and
//! whether it was meant for somebody else.

use crate::answer::{Answer, Asked};
use crate::grader::behind::{Behind, Line};
use crate::grader::beyond5_crowd::{each_his_own, the_first_leaves, together};
use crate::grader::finding::Proof;
use crate::grader::handed::Handed;
use crate::grader::played::Played;
use crate::grader::request::{get, last_get};
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::Tree;
use crate::grader::verdict::{Problem, Verdict};
use std::thread;
use std::time::{Duration, Instant};

/// What the upstream needs for an answer, so that all of them come while there is none.
pub(super) const WORK: Duration = Duration::from_millis(500);

/// For an answer that was kept for a second to be asked for again.
const STALE: Duration = Duration::from_secs(5);

/// Between two looks at it.
const LOOK: Duration = Duration::from_millis(50);

/// Large answers, of which not all can be kept.
const LARGE: usize = 64;
const LARGE_BYTES: usize = 1 << 20;

/// Octets by which a proxy may grow because of them.
const GROWTH_BYTES: u64 = 32 << 20;

const KEPT: &str = "RFC 9111 §4.2.1 and §5.2.2.1: an answer with max-age may be kept and used for so many seconds; \
                    RFC 9111 §5.1: it says its Age then";

const NOT_KEPT: &str = "RFC 9111 §3: what is private, not to be stored, or an answer to somebody with a password is \
                        not kept by a cache that many share; and here nothing is that sets a cookie or does \
                        not say how long it is good";

/// 5k: what may be kept is, nothing else is, and many who want the same ask once.
pub(crate) fn response_cache(subject: &Subject, tree: &Tree) -> Verdict {
    let start = Played::start(answer);
    let upstream = start.map_err(|error| Problem::NotJudged(error.to_string()))?;
    let at = [
        ("{upstream}", upstream.addr()),
        ("{other}", upstream.addr()),
    ];
    subject.before(Behind::new(&at)).judged(tree, |server| {
        kept(server)?;
        not_kept(server)?;
        grows_old(server)?;
        by_target(server)?;
        together(server, &upstream)?;
        each_his_own(server)?;
        the_first_leaves(server)?;
        breaks_off(server)?;
        bounded(server)
    })
}

/// What the upstream says: `/api/NAME` decides.
fn answer(handed: &Handed, before: usize, line: &mut Line) {
    let name = handed.target().trim_start_matches("/api/");
    let name = name.split('?').next().unwrap_or_default();
    let fields = match name {
        "cookie" | "cookies" => "Cache-Control: max-age=60\r\nSet-Cookie: a=b\r\n",
        "private" => "Cache-Control: max-age=60, private\r\n",
        "no-store" => "Cache-Control: no-store, max-age=60\r\n",
        "silent" => "",
        "secret" => "Cache-Control: max-age=60\r\n",
        "second" => "Cache-Control: max-age=1\r\n",
        "varies" => "Cache-Control: max-age=60\r\nVary: Accept-Language\r\n",
        _ => "Cache-Control: public, max-age=60\r\n",
    };
    if matches!(name, "crowd" | "cookies" | "left") {
        thread::park_timeout(WORK);
    }
    let content = match name {
        "large" => "x".repeat(LARGE_BYTES),
        "varies" => handed.all("Accept-Language").concat(),
        _ => format!("answer {before}"),
    };
    let length = match (name, before) {
        ("breaks", 0) => content.len() + 1,
        _ => content.len(),
    };
    let content = if handed.method() == "HEAD" {
        ""
    } else {
        &content
    };
    line.say(format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n{fields}\r\n{content}"
    ));
    if length > content.len() && handed.method() != "HEAD" {
        line.finish();
    }
}

/// What is to be proved about answers that are kept.
pub(super) fn proof(what: &'static str, rule: &'static str) -> Proof {
    Proof {
        what,
        rule,
        chapter: "5.6",
    }
}

/// Asks on a connection of its own.
fn ask(server: &Server, proof: Proof, request: &str) -> Found<(Talk, Answer)> {
    let mut talk = proof.talk(server)?;
    talk.say(request);
    let asked = if request.starts_with("HEAD") {
        Asked::Head
    } else {
        Asked::Other
    };
    let answer = talk.status(asked, &[200])?;
    talk.leave();
    Ok((talk, answer))
}

fn kept(server: &Server) -> Found {
    let proof = proof("the same page twice, good for a minute", KEPT);
    let (talk, first) = ask(server, proof, &last_get("/api/page"))?;
    talk.content(&first, b"answer 0")?;
    let (talk, again) = ask(server, proof, &last_get("/api/page"))?;
    talk.content(&again, b"answer 0")?;
    let age = talk.field(&again, "Age")?;
    let age: Option<u64> = str::from_utf8(age).ok().and_then(|age| age.parse().ok());
    if age.is_none_or(|age| age > 60) {
        return Err(talk.wrong_field(&again, "Age", "its age in seconds"));
    }
    let head = last_get("/api/page").replacen("GET", "HEAD", 1);
    ask(server, proof, &head).map(drop)
}

fn not_kept(server: &Server) -> Found {
    let password = "Connection: close\r\nAuthorization: Basic YTpi\r\n";
    let post = get("/api/post", "Connection: close\r\nContent-Length: 0\r\n");
    let rows = [
        ("a page that sets a cookie", last_get("/api/cookie")),
        ("a page that is private", last_get("/api/private")),
        ("a page that is not to be stored", last_get("/api/no-store")),
        (
            "a page that does not say how long it is good",
            last_get("/api/silent"),
        ),
        (
            "a page for somebody with a password",
            get("/api/secret", password),
        ),
        ("an answer to POST", post.replacen("GET", "POST", 1)),
    ];
    for (what, request) in rows {
        for expected in [&b"answer 0"[..], b"answer 1"] {
            let (talk, answer) = ask(server, proof(what, NOT_KEPT), &request)?;
            talk.content(&answer, expected)?;
        }
    }
    Ok(())
}

fn grows_old(server: &Server) -> Found {
    let proof = proof("a page that is good for a second", KEPT);
    let request = last_get("/api/second");
    ask(server, proof, &request)?;
    let until = Instant::now() + STALE;
    loop {
        let (talk, answer) = ask(server, proof, &request)?;
        if answer.content != b"answer 0" {
            return Ok(());
        }
        if Instant::now() > until {
            return Err(talk.wrong(&answer, 9, format!("another answer within {STALE:?}")));
        }
        thread::park_timeout(LOOK);
    }
}

fn by_target(server: &Server) -> Found {
    const RULE: &str = "RFC 9111 §2 and §4.1: an answer is kept for its target, query included, and for the \
                        fields that its Vary names";
    for target in ["/api/query?a", "/api/query?b"] {
        let (talk, answer) = ask(server, proof("two queries", RULE), &last_get(target))?;
        talk.content(&answer, b"answer 0")?;
    }
    for language in ["de", "pt", "de"] {
        let lines = format!("Connection: close\r\nAccept-Language: {language}\r\n");
        let proof = proof("a page in two languages", RULE);
        let (talk, answer) = ask(server, proof, &get("/api/varies", &lines))?;
        talk.content(&answer, language.as_bytes())?;
    }
    Ok(())
}

fn breaks_off(server: &Server) -> Found {
    let rule = "RFC 9111 §3.3: an answer that broke off is not the page";
    let proof = proof("a page that breaks off, and then does not", rule);
    let mut talk = proof.talk(server)?;
    talk.say(last_get("/api/breaks"));
    // However it is told, it has to be seen; what is kept is the question here.
    let _ = talk.client().read_answer(Asked::Other);
    talk.leave();
    let (talk, answer) = ask(server, proof, &last_get("/api/breaks"))?;
    match answer.content == b"answer 0" {
        false => Ok(()),
        true => Err(talk.wrong(&answer, answer.head.len(), "another answer")),
    }
}

fn bounded(server: &Server) -> Found {
    let proof = proof(
        "64 pages of 1 MiB each, all of them good for a minute",
        "a cache without a bound is a leak with a good reputation: when it is full, something goes",
    );
    let before = server.memory();
    for number in 0..LARGE {
        let (talk, answer) = ask(server, proof, &last_get(&format!("/api/large?{number}")))?;
        if answer.content.len() != LARGE_BYTES {
            return Err(talk.fails("the whole page"));
        }
    }
    let after = server.memory();
    let grown = before
        .zip(after)
        .map(|(before, after)| after.resident.saturating_sub(before.resident));
    match grown {
        Some(grown) if grown > GROWTH_BYTES => {
            let wanted = format!("at most {GROWTH_BYTES} octets of memory for them, not {grown}");
            Err(proof.fails(wanted))
        }
        Some(_) | None => Ok(()),
    }
}
