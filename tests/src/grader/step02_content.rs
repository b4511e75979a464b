//! Checks of step 2: content, counted and in chunks.

use crate::answer::{Answer, Asked};
use crate::grader::finding::Proof;
use crate::grader::request::{get, last_get, post};
use crate::grader::step02_requests::still_serves;
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::Tree;
use crate::grader::verdict::Verdict;
use crate::rng::Rng;
use std::io::Write;
use std::thread;

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

/// More octets than there is memory anywhere, and a number that fits 64 bits.
const BOUNDLESS: &str = "Content-Length: 99999999999999999\r\n";

/// 2e: content comes back octet by octet, however it was cut on its way.
pub(crate) fn read_a_body(subject: &Subject, tree: &Tree) -> Verdict {
    const PROOF: Proof = Proof {
        what: "content in pieces",
        rule: "RFC 9112 §6.2: content is as many octets as Content-Length says, in however many \
               pieces they arrive",
        chapter: "2.4",
    };
    /// Octets of a piece, and of the content: a megabyte octet by octet would take too long.
    const PIECES: [(usize, usize); 3] = [(1, 16 << 10), (7, 128 << 10), (65_536, 1 << 20)];
    subject.judged(tree, |server| {
        for (piece, len) in PIECES {
            let content = Rng::from_seed(2).octets(len);
            let mut talk = PROOF.talk(server)?;
            let length = format!("Connection: close\r\nContent-Length: {len}\r\n");
            talk.say(post(&length));
            let answer = echoed(&mut talk, &content, piece)?;
            talk.content(&answer, &content)?;
        }
        announces_everything(server)
    })
}

/// A length is no reason to take memory: whatever the answer is, there is a next client.
fn announces_everything(server: &Server) -> Found {
    const PROOF: Proof = Proof {
        what: "a request after one that announced more content than there is memory",
        rule: "RFC 9110 §8.6: Content-Length says what is going to come; nothing has come, so no \
               memory is needed for it",
        chapter: "2.4",
    };
    let mut talk = PROOF.talk(server)?;
    talk.say(post(BOUNDLESS)).leave();
    // A refusal, a wait for what will not come, or the end at once: all of them are well.
    let _ = talk.client().read_to_end();
    let mut next = PROOF.talk(server)?;
    next.say(last_get("/"))
        .status(Asked::Other, &[200])
        .map(drop)
}

/// Sends content while the answer is read: an echo need not wait for the last octet.
fn echoed(talk: &mut Talk, content: &[u8], piece: usize) -> Found<Answer> {
    let sender = talk.client().sender();
    let mut sender = sender.map_err(|trouble| talk.trouble("a connection", &trouble))?;
    talk.remember(content);
    thread::scope(|scope| {
        scope.spawn(move || {
            // A server that stops reading has answered, or will be met by the reader.
            content
                .chunks(piece)
                .try_for_each(|octets| sender.write_all(octets))
        });
        talk.status(Asked::Other, &[200])
    })
}

/// 2f: chunks are put together, and what is no chunk is refused.
pub(crate) fn chunked(subject: &Subject, tree: &Tree) -> Verdict {
    subject.judged(tree, |server| {
        good_chunks(server)?;
        bad_chunks(server)?;
        one_answer_only(server)?;
        still_serves(server, "2.4")
    })
}

fn good_chunks(server: &Server) -> Found {
    let rule = "RFC 9112 §7.1: a chunk is its size in hexadecimal, perhaps extensions (after a semicolon, to be \
                passed over), a line end, its octets and another line end";
    let good = [
        ("chunks", "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
        (
            "chunks of one octet",
            "1\r\nh\r\n1\r\ne\r\n3\r\nllo\r\n0\r\n\r\n",
        ),
        (
            "a size with zeros before it",
            "0005\r\nhello\r\n000\r\n\r\n",
        ),
        ("an extension", "5;a=b;c=\"d;e\"\r\nhello\r\n0;f\r\n\r\n"),
        ("trailers", "5\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\n"),
    ];
    let check = |what, chunks: &str, content: &[u8]| {
        let proof = Proof {
            what,
            rule,
            chapter: "2.4",
        };
        let mut talk = proof.talk(server)?;
        talk.say(post(CHUNKED) + chunks + &last_get("/"));
        let answer = talk.status(Asked::Other, &[200])?;
        talk.content(&answer, content)?;
        // Whoever miscounts reads the next request from the middle.
        talk.status(Asked::Other, &[200]).map(drop)
    };
    for (what, chunks) in good {
        check(what, chunks, b"hello")?;
    }
    let ten = "A\r\n0123456789\r\n0\r\n\r\n";
    check("a size in capitals", ten, b"0123456789")
}

fn bad_chunks(server: &Server) -> Found {
    let rule = "RFC 9112 §7.1: a size is hexadecimal digits, and as many octets and a line end \
                follow; anything else is refused, and the connection ends";
    // What no number holds may also be called too large.
    let huge = "10000000000000005\r\nhello\r\n0\r\n\r\n";
    let bad: [(_, &[u16], _); 6] = [
        ("a size that is none", &[400], "x\r\nhello\r\n0\r\n\r\n"),
        ("a size with a sign", &[400], "+5\r\nhello\r\n0\r\n\r\n"),
        ("a size with a prefix", &[400], "0x5\r\nhello\r\n0\r\n\r\n"),
        ("a size of no digits", &[400], "\r\nhello\r\n0\r\n\r\n"),
        ("a size beyond 64 bits", &[400, 413], huge),
        (
            "a chunk longer than it says",
            &[400],
            "4\r\nhello\r\n0\r\n\r\n",
        ),
    ];
    for (what, statuses, chunks) in bad {
        let proof = Proof {
            what,
            rule,
            chapter: "2.4",
        };
        let mut talk = proof.talk(server)?;
        talk.say(post(CHUNKED) + chunks);
        talk.status(Asked::Other, statuses)?;
        talk.end()?;
    }
    Ok(())
}

fn one_answer_only(server: &Server) -> Found {
    let proof = Proof {
        what: "a length and chunks in one request",
        rule: "RFC 9112 §6.1: such a request has two ends, so nothing after it may be answered",
        chapter: "2.6",
    };
    let both = format!("Content-Length: 5\r\n{CHUNKED}");
    let mut talk = proof.talk(server)?;
    talk.say(post(&both) + "0\r\n\r\n" + &get("/", ""));
    talk.answer(Asked::Other, "an answer, status 400 being the best one")?;
    talk.end()
}
