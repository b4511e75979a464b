//! The check of step 5 that is about a Python application. `app.py` is one: the standard library's
//! validator stands around each of its callables, and whatever it complains about is noted, as is
//! every end of an answer.

use crate::answer::Asked;
use crate::grader::finding::{Finding, Proof};
use crate::grader::request::get;
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::Found;
use crate::grader::tree::Tree;
use crate::grader::verdict::{Problem, Verdict};
use crate::needs::find;
use crate::rng::Rng;
use std::fs;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Octets that are sent to an application.
const CONTENT: usize = 100_000;

/// Octets that a client takes before it leaves.
const TAKEN: usize = 10_000;

/// Between two looks whether it is.
const LOOK: Duration = Duration::from_millis(5);

const LATE: &str = "the answer's close() called when it is over";

const INTERFACE: &str = "PEP 3333: what a server gives an application, and what it makes of what it is \
                         given back; wsgiref.validate has found nothing";

const CLOSED: &str = "PEP 3333: whatever becomes of an answer, its close() is called when it is over, so \
                      that the application can let go of what it holds; once, by whoever iterates";

/// 5e: an application finds everything as PEP 3333 says, and is told when each answer is over.
pub(crate) fn wsgi(subject: &Subject, tree: &Tree) -> Verdict {
    if find("python3").is_none() {
        let why = "there is no python3, in which the application is written";
        return Err(Problem::NotJudged(why.into()));
    }
    subject.judged(tree, |server| {
        let mut notes = Notes::new(tree, server.patience().wait);
        answered(server, &mut notes)?;
        failed(server, &mut notes)?;
        left(server, &mut notes)?;
        // Who has been harmed by that harms those who come now.
        answered(server, &mut notes)?;
        notes.hold()
    })
}

const fn proof(what: &'static str, rule: &'static str) -> Proof {
    Proof {
        what,
        rule,
        chapter: "5.5",
    }
}

/// What the application has noted, by request.
struct Notes {
    folder: PathBuf,
    patience: Duration,
    asked: Vec<(Proof, String)>,
}

impl Notes {
    fn new(tree: &Tree, patience: Duration) -> Notes {
        Notes {
            folder: tree.wsgi(),
            patience,
            asked: Vec::new(),
        }
    }

    /// A request for one of the application's callables, and the name of what it will note.
    fn request(&mut self, proof: Proof, page: &str, lines: &str) -> (String, String) {
        static SERIAL: AtomicU32 = AtomicU32::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{serial}", process::id());
        self.asked.push((proof, name.clone()));
        (get(&format!("/wsgi/{page}?{name}"), lines), name)
    }

    fn read(&self, name: &str) -> String {
        // Nothing has been noted as long as there is no file.
        fs::read_to_string(self.folder.join(format!("note-{name}"))).unwrap_or_default()
    }

    /// Waits until an answer has been closed, which is all that this finding is about.
    fn closed(&self, name: &str, mut finding: Box<Finding>) -> Found {
        let until = Instant::now() + self.patience;
        while !self.read(name).contains("closed\n") {
            if Instant::now() > until {
                finding.proof.rule = CLOSED;
                return Err(finding);
            }
            thread::park_timeout(LOOK);
        }
        Ok(())
    }

    /// In the end each answer has been closed once, and nobody has complained.
    fn hold(&self) -> Found {
        for (proof, name) in &self.asked {
            let noted = self.read(name);
            if let Some(complaint) = noted.lines().find(|line| line.starts_with("complaint")) {
                return Err(proof.fails(format!("nothing for the validator to say: {complaint}")));
            }
            let closed = noted.lines().filter(|line| *line == "closed").count();
            if closed > 1 {
                return Err(proof.fails(format!("close() called once, not {closed} times")));
            }
        }
        Ok(())
    }
}

fn answered(server: &Server, notes: &mut Notes) -> Found {
    const CLOSE: &str = "Connection: close\r\n";
    let content = Rng::from_seed(9).octets(CONTENT);
    let length = format!("{CLOSE}Content-Type: a/b\r\nContent-Length: {CONTENT}\r\n");
    for (what, page, lines, asked, sent, wanted) in [
        (
            "an answer in pieces",
            "hello",
            CLOSE,
            Asked::Other,
            &[][..],
            &b"hello, world"[..],
        ),
        ("an answer to HEAD", "hello", CLOSE, Asked::Head, &[], b""),
        (
            "content that is sent back",
            "echo",
            &length,
            Asked::Other,
            &content,
            &content,
        ),
        (
            "an answer that is written",
            "writes",
            CLOSE,
            Asked::Other,
            &[],
            b"written, and returned",
        ),
    ] {
        let proof = proof(what, INTERFACE);
        let (request, name) = notes.request(proof, page, lines);
        let method = match (asked, sent.is_empty()) {
            (Asked::Head, _) => "HEAD",
            (Asked::Other, true) => "GET",
            (Asked::Other, false) => "POST",
        };
        let mut talk = proof.talk(server)?;
        talk.say([request.replacen("GET", method, 1).as_bytes(), sent].concat());
        let answer = talk.status(asked, &[200])?;
        talk.content(&answer, wanted)?;
        if page == "hello" {
            talk.list_is(&answer, "X-App", "one, two")?;
        }
        talk.leave();
        notes.closed(&name, talk.fails(LATE))?;
    }
    Ok(())
}

fn failed(server: &Server, notes: &mut Notes) -> Found {
    let before = proof(
        "an application that fails before it answers",
        "RFC 9110 §15.6: a mistake in an application costs one answer",
    );
    let mut talk = before.talk(server)?;
    let (request, _) = notes.request(before, "fails", "Connection: close\r\n");
    talk.say(request);
    talk.status(Asked::Other, &[500, 502])?;
    talk.leave();
    let amid = proof(
        "an application that fails in the middle of its answer",
        "RFC 9112 §8: an answer that breaks off must not look complete",
    );
    let mut talk = amid.talk(server)?;
    let (request, name) = notes.request(amid, "breaks", "Connection: close\r\n");
    talk.say(request);
    if let Ok(answer) = talk.client().read_answer(Asked::Other)
        && answer.status < 500
    {
        let wanted = "an answer that breaks off, or a 500";
        return Err(talk.wrong(&answer, answer.head.len(), wanted));
    }
    talk.leave();
    notes.closed(&name, talk.fails(LATE))
}

fn left(server: &Server, notes: &mut Notes) -> Found {
    let proof = proof("a client that leaves an answer without end", CLOSED);
    let mut talk = proof.talk(server)?;
    let (request, name) = notes.request(proof, "endless", "");
    talk.say(request);
    let wanted = "an answer as it is made";
    let head = talk.client().read_head();
    head.map_err(|trouble| talk.trouble(wanted, &trouble))?;
    let mut taken = 0;
    while taken < TAKEN {
        let piece = talk.client().read_piece();
        match piece
            .map_err(|trouble| talk.trouble(wanted, &trouble))?
            .len()
        {
            0 => return Err(talk.fails("an answer without an end")),
            octets => taken += octets,
        }
    }
    let late = talk.fails(LATE);
    talk.vanish().map_err(|_| late.clone())?;
    notes.closed(&name, late)
}
