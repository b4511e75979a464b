//! Checks of step 1: connections, and how they end.
//!
//! They face two programs. One sends back what it gets, until its guest has ended; the other answers
//! every line with a line and says a long good-bye after `bye`.

use crate::grader::finding::Proof;
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::Tree;
use crate::grader::verdict::Verdict;
use crate::report::first_difference;
use crate::rng::Rng;
use std::io::{self, Write};
use std::net::Shutdown;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Octets of the long echo: more than the kernel holds on their way.
const LONG: usize = 1 << 20;

/// Octets of the echo that is taken slowly: more than the kernel holds on their way.
const SLOW: usize = 8 << 20;

/// What the slow reader takes at a time.
const SIP: usize = 1024;

/// Octets that are written at a time, and for how long none are taken before the slow reader begins:
/// by then everything on the way is full.
const GULP: usize = 64 * 1024;
const PAUSE: Duration = Duration::from_millis(200);

/// Guests who leave badly, of each kind.
const BAD_GUESTS: usize = 200;

/// Good-byes: one in a hundred that is lost is one too many.
const FAREWELLS: usize = 100;

/// Octets that come after `bye`, and that nobody asked for.
const UNASKED: usize = 64 * 1024;

/// 1b: what is sent comes back, and then the end, as soon as the guest has ended.
pub(crate) fn echo_to_the_end(subject: &Subject, tree: &Tree) -> Verdict {
    const PROOF: Proof = Proof {
        what: "a MiB of random octets, then the end of input",
        rule: "POSIX read(): 0 is the end of input, anything less than was asked for is not; who \
               half-closes still wants the answer",
        chapter: "1.2",
    };
    subject.judged(tree, |server| {
        let octets = Rng::from_seed(1).octets(LONG);
        let mut talk = PROOF.talk(server)?;
        let came = beside(&mut talk, &octets)?;
        match first_difference(&octets, &came) {
            None => Ok(()),
            Some(at) if at == came.len() => {
                let expected = format!("{LONG} octets, and only then the end; {at} came");
                Err(talk.fails(expected))
            }
            Some(at) => Err(talk.fails(format!("the same octets; they differ from {at} on"))),
        }
    })
}

/// Sends octets and the end, while everything that comes back is read.
fn beside(talk: &mut Talk, octets: &[u8]) -> Found<Vec<u8>> {
    let sender = talk.client().sender();
    let mut sender = sender.map_err(|trouble| talk.trouble("a connection", &trouble))?;
    talk.remember(octets);
    let came = thread::scope(|scope| {
        scope.spawn(move || {
            // A server that stops reading is met by the reader.
            let sent = sender.write_all(octets);
            sent.and_then(|()| sender.shutdown(Shutdown::Write))
        });
        talk.client().read_to_end()
    });
    came.map_err(|trouble| {
        let (all, so_far) = (octets.len(), talk.client().seen().len());
        let wanted = format!("all {all} octets back, and then the end; {so_far} came");
        talk.trouble(&wanted, &trouble)
    })
}

/// 1c: a line is a line, in however many pieces it comes.
pub(crate) fn lines_not_packets(subject: &Subject, tree: &Tree) -> Verdict {
    const PROOF: Proof = Proof {
        what: "lines in pieces",
        rule: "RFC 9293 §3.8: a stream has no messages, so a line may come in pieces, and one \
               read may bring several",
        chapter: "1.3",
    };
    const INPUTS: [&str; 5] = [
        "hello\n",
        "hello\nreader\n",
        "\n\n\n",
        "a\nbb\nccc\ndddd\n",
        "a line of some length, to be cut in many places\n",
    ];
    subject.judged(tree, |server| {
        for input in INPUTS {
            let mut talk = PROOF.talk(server)?;
            let whole = replies(talk.say(input))?;
            let (lines, answers) = (count(input.as_bytes()), count(&whole));
            if lines != answers {
                return Err(talk.fails(format!("{lines} lines of answer, not {answers}")));
            }
            for at in 1..input.len() {
                let mut talk = PROOF.talk(server)?;
                let pieces = replies(talk.say_cut(input.as_bytes(), at))?;
                if let Some(at) = first_difference(&whole, &pieces) {
                    let mut finding = talk.fails(format!(
                        "the same lines as in one piece: \"{}\"",
                        whole.escape_ascii()
                    ));
                    finding.at = Some(at);
                    return Err(finding);
                }
            }
        }
        Ok(())
    })
}

/// Everything that comes after the end of input was said.
fn replies(talk: &mut Talk) -> Found<Vec<u8>> {
    talk.leave();
    let came = talk.client().read_to_end();
    came.map_err(|trouble| talk.trouble("a line for each line, and then the end", &trouble))
}

fn count(octets: &[u8]) -> usize {
    octets.iter().filter(|octet| **octet == b'\n').count()
}

/// 1d: a guest who reads slowly gets everything, because a write waits.
pub(crate) fn slow_reader(subject: &Subject, tree: &Tree) -> Verdict {
    const PROOF: Proof = Proof {
        what: "8 MiB to a guest who reads 1 KiB at a time, and begins late",
        rule: "POSIX write(): a buffer that is full takes a part, or nothing, and says how much; the \
               rest is the program's to keep, or to wait with",
        chapter: "1.3",
    };
    subject.judged(tree, |server| {
        let octets = Rng::from_seed(4).octets(SLOW);
        let mut talk = PROOF.talk(server)?;
        let came = sipped(&mut talk, &octets)?;
        match first_difference(&octets, &came) {
            None => Ok(()),
            Some(at) if at == came.len() => {
                Err(talk.fails(format!("{SLOW} octets, and only then the end; {at} came")))
            }
            Some(at) => Err(talk.fails(format!("the same octets; they differ from {at} on"))),
        }
    })
}

/// Sends octets and the end; nothing is read until they are sent or nothing moves any more.
fn sipped(talk: &mut Talk, octets: &[u8]) -> Found<Vec<u8>> {
    let sender = talk.client().sender();
    let mut sender = sender.map_err(|trouble| talk.trouble("a connection", &trouble))?;
    talk.remember(octets);
    let came = thread::scope(|scope| {
        let (tell, sent) = mpsc::channel();
        scope.spawn(move || {
            // A server that stops reading is met by the reader.
            let gulps = octets.chunks(GULP).try_for_each(|gulp| -> io::Result<()> {
                // Once it reads, the reader no longer asks.
                sender.write_all(gulp)?;
                let _ = tell.send(());
                Ok(())
            });
            gulps.and_then(|()| sender.shutdown(Shutdown::Write))
        });
        while sent.recv_timeout(PAUSE).is_ok() {}
        let mut all = Vec::new();
        loop {
            let sip = talk.client().read_at_most(SIP)?;
            if sip.is_empty() {
                return Ok(all);
            }
            all.extend(sip);
        }
    });
    came.map_err(|trouble| talk.trouble("everything back, and then the end", &trouble))
}

/// 1e: the last answer arrives, also when the guest has said more than anybody wants to hear.
pub(crate) fn no_reset(subject: &Subject, tree: &Tree) -> Verdict {
    const PROOF: Proof = Proof {
        what: "a guest who says `bye` and goes on talking",
        rule: "RFC 9112 §9.6: a socket closed with unread input is reset, and the reset destroys \
               what was sent last; half-close, read to the end, then close",
        chapter: "1.4",
    };
    subject.judged(tree, |server| {
        let mut talk = PROOF.talk(server)?;
        let wanted = replies(talk.say("bye\n"))?.len();
        let unasked = [b"bye\n".as_slice(), &[b'x'; UNASKED]].concat();
        for number in 1..=FAREWELLS {
            let mut talk = PROOF.talk(server)?;
            talk.say(&unasked);
            let came = talk.client().read_to_end();
            let all = format!("good-bye number {number}: {wanted} octets and an orderly end");
            match came {
                Ok(came) if came.len() == wanted => talk.leave(),
                Ok(came) => return Err(talk.fails(format!("{all}; but {} came", came.len()))),
                Err(trouble) => return Err(talk.trouble(&all, &trouble)),
            }
        }
        Ok(())
    })
}

/// 1f: guests who say nothing, and guests who hang up, cost nobody else anything.
pub(crate) fn unkillable(subject: &Subject, tree: &Tree) -> Verdict {
    const PROOF: Proof = Proof {
        what: "an echo after 200 guests without a word and 200 that hung up",
        rule: "one broken connection is one guest's loss: the server goes on with the next",
        chapter: "1.4",
    };
    subject.judged(tree, |server| {
        for _ in 0..BAD_GUESTS {
            drop(PROOF.talk(server)?);
        }
        for _ in 0..BAD_GUESTS {
            hangs_up(PROOF, server)?;
        }
        let mut talk = PROOF.talk(server)?;
        match replies(talk.say("still there?"))?.as_slice() {
            b"still there?" => Ok(()),
            _ => Err(talk.fails("the same octets back")),
        }
    })
}

/// Leaves an echo unread: the kernel answers whatever comes then with a reset.
fn hangs_up(proof: Proof, server: &Server) -> Found {
    let mut talk = proof.talk(server)?;
    talk.say("x");
    let unheard = talk.fails("an octet back before the guest hangs up");
    talk.abort().map_err(|_| unheard)
}
