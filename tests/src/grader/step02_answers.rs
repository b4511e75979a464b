//! Checks of step 2: answers, content, and connections that last.

use crate::answer::{Answer, Asked};
use crate::client::Heard;
use crate::expected::is_imf_fixdate;
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
use std::time::Duration;

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

/// How long silence has to last to be believed.
const SILENCE: Duration = Duration::from_millis(100);

/// 2b: an answer says how long it is and when it was made, and HEAD is GET without content.
pub(crate) fn well_formed(subject: &Subject, tree: &Tree) -> Verdict {
    const GET: Proof = Proof {
        what: "the fields of an answer",
        rule: "RFC 9110 §6.6.1 and §8.6: an answer has a Date, and says how long its content is",
        chapter: "2.4",
    };
    const HEAD: Proof = Proof {
        what: "HEAD",
        rule: "RFC 9110 §9.3.2: HEAD is answered like GET, field by field, but without content",
        chapter: "2.4",
    };
    subject.judged(tree, |server| {
        let mut talk = GET.talk(server)?;
        let got = talk.say(last_get("/")).status(Asked::Other, &[200])?;
        talk.end()?;
        let date = talk.field(&got, "Date")?;
        if !is_imf_fixdate(date) {
            let expected = "a Date such as `Sun, 06 Nov 1994 08:49:37 GMT`";
            return Err(talk.wrong_field(&got, "Date", expected));
        }
        talk.field_is(&got, "Content-Length", &got.content.len().to_string())?;

        let mut talk = HEAD.talk(server)?;
        talk.say(last_get("/").replacen("GET", "HEAD", 1));
        let head = talk.status(Asked::Head, &[200])?;
        talk.end()?;
        same_fields(&talk, &got, &head)
    })
}

fn same_fields(talk: &Talk, got: &Answer, head: &Answer) -> Found {
    for (name, value) in got.fields.iter().filter(|(name, _)| !is_date(name)) {
        if head.field(name) != Some(value.as_slice()) {
            let value = value.escape_ascii();
            return Err(talk.wrong_field(head, name, format!("{name}: {value}, as GET has it")));
        }
    }
    match head.fields.iter().find(|(name, _)| got.count(name) == 0) {
        Some((name, _)) => Err(talk.wrong_field(head, name, format!("no {name}: GET has none"))),
        None => Ok(()),
    }
}

fn is_date(name: &str) -> bool {
    name.eq_ignore_ascii_case("Date")
}

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
        still_serves(server, "2.4")
    })
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

/// 2g: pipelined requests are answered in order, up to the one that asks for the end.
pub(crate) fn pipeline(subject: &Subject, tree: &Tree) -> Verdict {
    const ORDER: Proof = Proof {
        what: "four requests at once, of which the third is the last",
        rule: "RFC 9112 §9.3.2 and §9.6: answers come in the order of the requests, and none \
               after one that says Connection: close",
        chapter: "2.5",
    };
    const HEAD: Proof = Proof {
        what: "HEAD and GET at once",
        rule: "RFC 9112 §6.3: an answer to HEAD has no content, so the next one begins at once",
        chapter: "2.5",
    };
    subject.judged(tree, |server| {
        let mut talk = ORDER.talk(server)?;
        talk.say(get("/", "") + &get("/no-such-thing", "") + &last_get("/") + &get("/", ""));
        for status in [200, 404, 200] {
            talk.status(Asked::Other, &[status])?;
        }
        talk.end()?;
        let mut talk = HEAD.talk(server)?;
        talk.say(get("/", "").replacen("GET", "HEAD", 1) + &last_get("/no-such-thing"));
        talk.status(Asked::Head, &[200])?;
        talk.status(Asked::Other, &[404])?;
        talk.end()
    })
}

/// 2h: who asks for a `100 Continue` gets one, and nobody else does.
pub(crate) fn continues(subject: &Subject, tree: &Tree) -> Verdict {
    subject.judged(tree, |server| {
        waits_for_continue(server)?;
        sends_at_once(server)?;
        knows_no_continue(server)?;
        still_serves(server, "2.5")
    })
}

const EXPECT: &str = "Connection: close\r\nContent-Length: 5\r\nExpect: 100-continue\r\n";

fn waits_for_continue(server: &Server) -> Found {
    let proof = Proof {
        what: "a client that waits for 100 Continue",
        rule: "RFC 9110 §10.1.1: a server that is going to read the content says 100 first",
        chapter: "2.5",
    };
    let mut talk = proof.talk(server)?;
    talk.say(post(EXPECT));
    let wanted = "status 100 before any content is sent";
    match talk.client().read_answer(Asked::Other) {
        Ok(answer) if answer.status == 100 => {}
        Ok(answer) => {
            let expected = format!("{wanted}, not {}", answer.status);
            return Err(talk.wrong(&answer, 9, expected));
        }
        Err(trouble) => return Err(talk.trouble(wanted, &trouble)),
    }
    let answer = talk.say("hello").status(Asked::Other, &[200])?;
    talk.content(&answer, b"hello")
}

fn sends_at_once(server: &Server) -> Found {
    let proof = Proof {
        what: "a client that does not wait for 100 Continue",
        rule: "RFC 9110 §10.1.1: a client need not wait, and the content is content all the same",
        chapter: "2.5",
    };
    let mut talk = proof.talk(server)?;
    let answer = talk
        .say(post(EXPECT) + "hello")
        .status(Asked::Other, &[200])?;
    talk.content(&answer, b"hello")
}

fn knows_no_continue(server: &Server) -> Found {
    let proof = Proof {
        what: "HTTP/1.0 and 100 Continue",
        rule: "RFC 9110 §10.1.1: HTTP/1.0 knows no interim answers and would take one for the \
               final one",
        chapter: "2.5",
    };
    let mut talk = proof.talk(server)?;
    talk.say(post(EXPECT).replacen("HTTP/1.1", "HTTP/1.0", 1));
    // What comes before the content is sent can only be an interim answer.
    if let Ok(Heard::Octets) = talk.client().listen(SILENCE) {
        return Err(talk.fails("no answer before the content"));
    }
    let answer = talk.say("hello").client().read_answer(Asked::Other);
    match answer {
        Ok(answer) if answer.status == 200 => talk.content(&answer, b"hello"),
        Ok(answer) => {
            let expected = format!("status 200, not {}", answer.status);
            Err(talk.wrong(&answer, 9, expected))
        }
        Err(trouble) => Err(talk.trouble("status 200", &trouble)),
    }
}
