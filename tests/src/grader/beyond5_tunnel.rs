//! Beyond the course: a proxy through which a connection changes its protocol.
//!
//! Who plays the upstream here speaks as little WebSocket as the proxy has to: after the heads, octets
//! are octets.

use crate::answer::Asked;
use crate::grader::behind::Behind;
use crate::grader::beyond5_switch::{self as switch, DOWN, FRAME, LAST_WORDS, MASKED, UP, octets};
use crate::grader::finding::Proof;
use crate::grader::played::Played;
use crate::grader::request::{get, last_get};
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::{DIGITS, Tree};
use crate::grader::verdict::{Problem, Verdict};
use std::sync::mpsc::{Receiver, channel};

const SWITCH: &str = "RFC 9110 §7.8 and RFC 6455 §4: Upgrade and Connection are about one connection, so a \
                      proxy that wants to pass them on says them anew; the other fields are for the other end";

const AS_THEY_ARE: &str = "RFC 9110 §7.8: after the empty line of the 101 the other protocol begins, in both directions, \
                           and what came with the heads is part of it";

const NO_TURNS: &str = "after the 101 nobody has to wait for his turn: each direction goes on by itself, whatever \
                        becomes of the other";

const HALF: &str = "RFC 9293 §3.6: who has ended his side has said all, and not heard all; the end is \
                    passed on, and the other direction goes on";

const REFUSED: &str =
    "RFC 9110 §7.8: a server may ignore Upgrade; then its answer is one like any other";

/// 5l: an upgrade passes both ways, and so does everything after it.
pub(crate) fn websocket_tunnel(subject: &Subject, tree: &Tree) -> Verdict {
    let (told, heard) = channel();
    let start = Played::start(move |handed, _, line| switch::answer(handed, line, &told));
    let upstream = start.map_err(|error| Problem::NotJudged(error.to_string()))?;
    let at = [
        ("{upstream}", upstream.addr()),
        ("{other}", upstream.addr()),
    ];
    subject.before(Behind::new(&at)).judged(tree, |server| {
        switches(server)?;
        unasked(server)?;
        as_they_are(server)?;
        with_the_heads(server)?;
        both_at_once(server)?;
        refused(server)?;
        others_meanwhile(server)?;
        client_ends(server)?;
        server_ends(server, &heard)
    })
}

fn proof(what: &'static str, rule: &'static str) -> Proof {
    Proof {
        what,
        rule,
        chapter: "5.6",
    }
}

/// A handshake, as a browser says it (RFC 6455 §1.2).
fn handshake(name: &str) -> String {
    let lines = format!(
        "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: {}\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat\r\n",
        switch::KEY
    );
    get(&format!("/api/{name}"), &lines)
}

/// Opens a tunnel, and says more in the same breath.
fn open(server: &Server, proof: Proof, name: &str, more: &[u8]) -> Found<Talk> {
    let mut talk = proof.talk(server)?;
    talk.say([handshake(name).as_bytes(), more].concat());
    let wanted = "status 101";
    let head = talk.client().read_head();
    let answer = head.map_err(|trouble| talk.trouble(wanted, &trouble))?;
    if answer.status != 101 {
        // Why not may be in its content.
        let _ = talk.client().read_at_most(switch::WHY_BYTES);
        return Err(talk.wrong(&answer, 9, format!("{wanted}, not {}", answer.status)));
    }
    talk.field_is(&answer, "Upgrade", "websocket")?;
    talk.field_is(&answer, "Sec-WebSocket-Accept", switch::ACCEPT)?;
    talk.field_is(&answer, "Sec-WebSocket-Protocol", "chat")?;
    let options = answer.field("Connection").unwrap_or_default();
    let mut options = options.split(|&octet| octet == b',');
    match options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"upgrade")) {
        true => Ok(talk),
        false => Err(talk.wrong_field(&answer, "Connection", "Connection: upgrade")),
    }
}

/// Demands that these octets come next.
fn hears(talk: &mut Talk, wanted: &[u8]) -> Found {
    let shown = wanted[..wanted.len().min(40)].escape_ascii();
    let count = wanted.len();
    let told = format!("{count} octets, \"{shown}\"");
    let mut come = 0;
    while come < count {
        let piece = talk.client().read_at_most(count - come);
        let piece = piece
            .map_err(|trouble| talk.trouble(&format!("{told} ({come} of them came)"), &trouble))?;
        if piece.is_empty() {
            return Err(talk.fails(format!("{told}; but the end came after {come} of them")));
        }
        if !wanted[come..].starts_with(&piece) {
            return Err(talk.fails(format!("{told}; but others came after {come} of them")));
        }
        come += piece.len();
    }
    Ok(())
}

fn switches(server: &Server) -> Found {
    open(server, proof("a handshake", SWITCH), "echo", b"").map(drop)
}

fn as_they_are(server: &Server) -> Found {
    let what = "octets that look like something else";
    let mut talk = open(server, proof(what, AS_THEY_ARE), "echo", b"")?;
    for word in [MASKED, b"GET / HTTP/1.1\r\n\r\n", b"0\r\n\r\n", b"\xff\0"] {
        talk.say(word);
        hears(&mut talk, word)?;
    }
    talk.leave();
    talk.end()
}

fn with_the_heads(server: &Server) -> Found {
    let what = "a handshake, and octets that come together with the heads";
    let mut talk = open(server, proof(what, AS_THEY_ARE), "early", MASKED)?;
    hears(&mut talk, FRAME)?;
    hears(&mut talk, b"heard")?;
    talk.leave();
    talk.end()
}

fn unasked(server: &Server) -> Found {
    let what = "a server that speaks three times before it is asked, and then a client that does";
    let mut talk = open(server, proof(what, NO_TURNS), "push", b"")?;
    hears(&mut talk, b"one two three ")?;
    for word in ["a ", "b ", "c "] {
        talk.say(word);
    }
    hears(&mut talk, b"heard")?;
    talk.leave();
    talk.end()
}

/// Neither side waits for the other; and the client listens only after it has said everything.
fn both_at_once(server: &Server) -> Found {
    let what = "both sides that say megabytes at the same time";
    let mut talk = open(server, proof(what, NO_TURNS), "both", b"")?;
    let said = octets(UP);
    talk.remember(&said);
    let wanted = "somebody who takes what the client says, while the server talks";
    let sent = talk.client().send(&said);
    sent.map_err(|trouble| talk.trouble(wanted, &trouble))?;
    hears(&mut talk, &octets(DOWN))?;
    hears(&mut talk, b"heard")?;
    talk.leave();
    talk.end()
}

fn client_ends(server: &Server) -> Found {
    let what = "a client that ends its side, and waits for the answer";
    let mut talk = open(server, proof(what, HALF), "last", b"")?;
    talk.say(LAST_WORDS).leave();
    hears(&mut talk, b"heard")?;
    talk.end()
}

fn server_ends(server: &Server, heard: &Receiver<Vec<u8>>) -> Found {
    let proof = proof("a server that ends its side first, and still listens", HALF);
    let mut talk = open(server, proof, "first", b"")?;
    hears(&mut talk, b"good-bye")?;
    let end = talk.client().expect_end();
    end.map_err(|trouble| talk.trouble("the end of what the server says", &trouble))?;
    // In one piece, since nobody sends further ones to a server that has ended.
    talk.remember(LAST_WORDS);
    let sent = talk.client().send(LAST_WORDS);
    sent.map_err(|trouble| talk.trouble("somebody who takes the client's last words", &trouble))?;
    talk.leave();
    match heard.recv_timeout(server.patience().wait) {
        Ok(words) if words == LAST_WORDS => Ok(()),
        Ok(_) | Err(_) => Err(talk.fails("the client's last words, and their end, at the server")),
    }
}

fn refused(server: &Server) -> Found {
    for (name, status) in [("ignored", 200), ("forbidden", 403)] {
        let what = "a handshake with a server that wants no other protocol, and a request after it";
        let mut talk = proof(what, REFUSED).talk(server)?;
        talk.say(handshake(name));
        let answer = talk.status(Asked::Other, &[status])?;
        talk.content(&answer, b"as ever")?;
        talk.say(last_get("/api/plain"));
        let answer = talk.status(Asked::Other, &[200])?;
        talk.content(&answer, b"as ever")?;
        talk.leave();
    }
    Ok(())
}

fn others_meanwhile(server: &Server) -> Found {
    let what = "a tunnel through which nothing goes, and requests from others";
    let proof = proof(what, NO_TURNS);
    let mut tunnel = open(server, proof, "echo", b"")?;
    for (target, content) in [("/api/plain", &b"as ever"[..]), ("/digits.txt", DIGITS)] {
        let mut talk = proof.talk(server)?;
        let answer = talk.say(last_get(target)).status(Asked::Other, &[200])?;
        talk.content(&answer, content)?;
        talk.leave();
    }
    let mut second = open(server, proof, "echo", b"")?;
    for (talk, word) in [(&mut tunnel, b"mine"), (&mut second, b"hers")] {
        talk.say(word);
        hears(talk, word)?;
    }
    for mut talk in [second, tunnel] {
        talk.leave();
        talk.end()?;
    }
    Ok(())
}
