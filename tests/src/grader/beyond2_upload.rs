//! Beyond the course: an upload whose sender is told whether to send, and how far it has come.

use crate::answer::Asked;
use crate::client::Heard;
use crate::grader::finding::Proof;
use crate::grader::request::last_get;
use crate::grader::step02_requests::still_serves;
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::Tree;
use crate::grader::verdict::Verdict;
use crate::trouble::Trouble;
use std::time::{Duration, Instant};

/// Octets that an upload may have.
const MOST: usize = 1 << 20;

/// Octets of an upload, and of each of its pieces.
const UPLOAD: usize = 300_000;
const PIECE: usize = 100_000;

/// Octets of content that come all at once, although nobody wants them.
const UNWANTED: usize = 256 * 1024;

/// Between two questions how far it has come.
const PAUSE: Duration = Duration::from_millis(20);

/// Before what has been sent has to be counted.
const SOON: Duration = Duration::from_secs(3);

const EXPECT: &str = "Expect: 100-continue\r\n";

/// 2i: what is wanted is asked for and counted while it comes, what is not is refused beforehand.
pub(crate) fn upload(subject: &Subject, tree: &Tree) -> Verdict {
    subject.judged(tree, |server| {
        progress_is_told(server)?;
        framing_is_no_content(server)?;
        refuses_before_it_comes(server)?;
        refuses_what_comes_at_once(server)?;
        refuses_what_turns_out_too_large(server)?;
        refuses_other_expectations(server)?;
        does_not_take_a_part_for_the_whole(server)?;
        still_serves(server, "2.5")
    })
}

const fn proof(what: &'static str, rule: &'static str) -> Proof {
    Proof {
        what,
        rule,
        chapter: "2.5",
    }
}

/// The head of an upload whose field lines follow `Host`; nothing comes after it.
fn upload_of(lines: &str) -> String {
    format!("POST /upload HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{lines}\r\n")
}

fn counted(octets: usize, lines: &str) -> String {
    upload_of(&format!("Content-Length: {octets}\r\n{lines}"))
}

/// Octets that uploads have brought so far, by the server's own word.
fn progress(proof: Proof, server: &Server) -> Found<usize> {
    let mut talk = proof.talk(server)?;
    let answer = talk
        .say(last_get("/progress"))
        .status(Asked::Other, &[200])?;
    let number = String::from_utf8_lossy(&answer.content);
    let octets = number.trim().parse();
    octets.map_err(|_| talk.wrong(&answer, answer.head.len(), "a number of octets in digits"))
}

/// Waits until the server says that an upload has come so far.
fn comes_to(talk: &mut Talk, proof: Proof, server: &Server, wanted: usize) -> Found {
    let until = Instant::now() + SOON;
    loop {
        let told = progress(proof, server)?;
        if told == wanted {
            return Ok(());
        }
        if told > wanted || Instant::now() > until {
            let expected = format!("GET /progress to say {wanted} by now, not {told}");
            return Err(talk.fails(expected));
        }
        match talk.client().listen(PAUSE) {
            Ok(Heard::Silence) => {}
            Ok(Heard::Octets | Heard::End) | Err(_) => {
                let expected = format!("no answer before all has come; {told} octets have");
                return Err(talk.fails(expected));
            }
        }
    }
}

fn progress_is_told(server: &Server) -> Found {
    const PROOF: Proof = proof(
        "an upload in three pieces, and between them the question how far it has come",
        "content is there as soon as it has come, and not when all of it has (RFC 9112 §6); who \
         waits is told 100 first (RFC 9110 §10.1.1)",
    );
    let before = progress(PROOF, server)?;
    let mut talk = PROOF.talk(server)?;
    talk.say(counted(UPLOAD, EXPECT));
    is_invited(&mut talk)?;
    let piece = vec![b'u'; PIECE];
    for sent in (PIECE..UPLOAD).step_by(PIECE) {
        talk.say(&piece);
        comes_to(&mut talk, PROOF, server, before + sent)?;
    }
    talk.say(&piece).status(Asked::Other, &[200])?;
    match progress(PROOF, server)? {
        all if all == before + UPLOAD => Ok(()),
        other => Err(talk.fails(format!(
            "GET /progress to say {}, not {other}",
            before + UPLOAD
        ))),
    }
}

fn is_invited(talk: &mut Talk) -> Found {
    let wanted = "status 100 before any content is sent";
    match talk.client().read_answer(Asked::Other) {
        Ok(answer) if answer.status == 100 => Ok(()),
        Ok(answer) => Err(talk.wrong(&answer, 9, format!("{wanted}, not {}", answer.status))),
        Err(trouble) => Err(talk.trouble(wanted, &trouble)),
    }
}

fn framing_is_no_content(server: &Server) -> Found {
    const PROOF: Proof = proof(
        "an upload in chunks",
        "RFC 9112 §7.1: sizes, extensions and line ends are framing; content is what is between",
    );
    let before = progress(PROOF, server)?;
    let mut talk = PROOF.talk(server)?;
    talk.say(upload_of("Transfer-Encoding: chunked\r\n") + "5;a=b\r\nhello\r\n");
    comes_to(&mut talk, PROOF, server, before + 5)?;
    talk.say("6\r\n world\r\n0\r\nA: b\r\n\r\n")
        .status(Asked::Other, &[200])?;
    comes_to_rest(PROOF, server, before + 11)
}

fn comes_to_rest(proof: Proof, server: &Server, wanted: usize) -> Found {
    match progress(proof, server)? {
        told if told == wanted => Ok(()),
        told => Err(proof.fails(format!("GET /progress to say {wanted}, not {told}"))),
    }
}

fn refuses_before_it_comes(server: &Server) -> Found {
    const PROOF: Proof = proof(
        "a client that asks first whether it may send more than a MiB",
        "RFC 9110 §10.1.1 and §15.5.14: the final answer takes the place of 100, and the content is \
         never sent",
    );
    let before = progress(PROOF, server)?;
    let mut talk = PROOF.talk(server)?;
    talk.say(counted(MOST + 1, EXPECT));
    let wanted = "status 413, and no 100 before it";
    match talk.client().read_answer(Asked::Other) {
        Ok(answer) if answer.status == 413 => {}
        Ok(answer) => {
            let expected = format!("{wanted}, not {}", answer.status);
            return Err(talk.wrong(&answer, 9, expected));
        }
        Err(trouble) => return Err(talk.trouble(wanted, &trouble)),
    }
    talk.end()?;
    comes_to_rest(PROOF, server, before)
}

fn refuses_what_comes_at_once(server: &Server) -> Found {
    const PROOF: Proof = proof(
        "a client that does not ask first, and sends too much",
        "RFC 9112 §9.6: an answer to who goes on sending arrives only if what he sends is read; \
         chapter 1.4 leaves so",
    );
    let mut talk = PROOF.talk(server)?;
    talk.say([counted(MOST + 1, "").as_bytes(), &[b'u'; UNWANTED]].concat());
    talk.status(Asked::Other, &[413])?;
    talk.end()
}

fn refuses_what_turns_out_too_large(server: &Server) -> Found {
    const PROOF: Proof = proof(
        "chunks that come to more than a MiB",
        "RFC 9110 §15.5.14: what was not announced has to be counted, and is refused when it is too \
         much",
    );
    let mut talk = PROOF.talk(server)?;
    talk.say(upload_of("Transfer-Encoding: chunked\r\n"));
    let chunk = format!("10000\r\n{}\r\n", "u".repeat(0x10000));
    for _ in 0..=MOST / 0x10000 {
        talk.say(&chunk);
    }
    talk.status(Asked::Other, &[413])?;
    talk.end()
}

fn refuses_other_expectations(server: &Server) -> Found {
    const PROOF: Proof = proof(
        "an expectation that is not 100-continue",
        "RFC 9110 §10.1.1: it cannot be met, and 417 says so",
    );
    let mut talk = PROOF.talk(server)?;
    talk.say(counted(5, "Expect: a-miracle\r\n"));
    talk.status(Asked::Other, &[417])?;
    talk.end()
}

fn does_not_take_a_part_for_the_whole(server: &Server) -> Found {
    const PROOF: Proof = proof(
        "an upload that breaks off",
        "RFC 9112 §8: a message that ends before its length is incomplete, and is not to be \
         taken for the whole one",
    );
    let mut talk = PROOF.talk(server)?;
    talk.say(counted(5000, "")).say([b'u'; 1000]).leave();
    match talk.client().read_answer(Asked::Other) {
        Ok(answer) if answer.status < 400 => {
            let expected = format!("status 400, or the end, not {}", answer.status);
            Err(talk.wrong(&answer, 9, expected))
        }
        Ok(_) | Err(Trouble::Ended | Trouble::Reset) => Ok(()),
        Err(trouble) => Err(talk.trouble("status 400, or the end", &trouble)),
    }
}
