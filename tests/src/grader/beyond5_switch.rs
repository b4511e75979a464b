//! The other end of a tunnel: an upstream that changes its protocol, and then does what its name says.

use crate::grader::behind::{Heard, Line};
use crate::grader::handed::Handed;
use std::sync::mpsc::Sender;
use std::time::Duration;

/// A key, and the answer to it (RFC 6455 §1.3).
pub(super) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub(super) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// `Hello` from a client, and from a server (RFC 6455 §5.7).
pub(super) const MASKED: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
pub(super) const FRAME: &[u8] = b"\x81\x05Hello";

/// What a client says before it ends its side.
pub(super) const LAST_WORDS: &[u8] = b"last words";

/// Octets in each direction when both talk: down, more than all buffers on the way like to hold.
pub(super) const UP: usize = 3 << 20;
pub(super) const DOWN: usize = 16 << 20;

/// Octets of a reason.
pub(super) const WHY_BYTES: usize = 200;

/// For an end to come.
const PATIENCE: Duration = Duration::from_secs(5);

/// So many octets, of which none can be taken for its neighbours by chance.
pub(super) fn octets(count: usize) -> Vec<u8> {
    let row: Vec<u8> = (0..251).collect();
    let mut octets = row.repeat(count.div_ceil(row.len()));
    octets.truncate(count);
    octets
}

/// Answers, and goes on as the target says.
pub(super) fn answer(handed: &Handed, line: &mut Line, told: &Sender<Vec<u8>>) {
    let name = handed.target().trim_start_matches("/api/");
    let refusal = match name {
        "plain" | "ignored" => Some(("200 OK", "as ever")),
        "forbidden" => Some(("403 Forbidden", "as ever")),
        _ => missing(handed).map(|why| ("400 Bad Request", why)),
    };
    if let Some((status, content)) = refusal {
        let length = content.len();
        line.say(format!(
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{content}"
        ));
        return;
    }
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {ACCEPT}\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
    );
    let early = if name == "early" { FRAME } else { b"" };
    line.say([head.as_bytes(), early].concat());
    // Who breaks off is noticed at the other end.
    let _ = speak(name, line, told);
    line.finish();
    line.ends_within(PATIENCE);
}

/// What a handshake has lost on the way.
fn missing(handed: &Handed) -> Option<&'static str> {
    let options = handed.all("Connection").join(",");
    let mut options = options.split(',').map(str::trim);
    if !options.any(|option| option.eq_ignore_ascii_case("upgrade")) {
        return Some("no Connection: upgrade has come");
    }
    let is_there = |name: &str, value: &str| handed.all(name) == [value];
    match () {
        () if !is_there("Upgrade", "websocket") => Some("no Upgrade: websocket has come"),
        () if !is_there("Sec-WebSocket-Key", KEY) => Some("the Sec-WebSocket-Key is not the one"),
        () if !is_there("Sec-WebSocket-Version", "13") => Some("no Sec-WebSocket-Version has come"),
        () if !is_there("Sec-WebSocket-Protocol", "chat") => Some("no protocol to choose has come"),
        () => None,
    }
}

fn speak(name: &str, line: &mut Line, told: &Sender<Vec<u8>>) -> Heard<()> {
    let is_heard = |right: bool| if right { "heard" } else { "wrong" };
    match name {
        "early" => {
            let right = line.exactly(MASKED.len())? == MASKED;
            line.say(is_heard(right));
        }
        "push" => {
            for word in ["one ", "two ", "three "] {
                line.say_apart(word.as_bytes());
            }
            let right = line.exactly(6)? == b"a b c ";
            line.say(is_heard(right));
        }
        "both" => {
            let right = line.while_saying(&octets(DOWN), UP)? == octets(UP);
            line.say(is_heard(right));
        }
        "last" => {
            let right = line.exactly(LAST_WORDS.len())? == LAST_WORDS && line.ends_within(PATIENCE);
            line.say(is_heard(right));
        }
        "first" => {
            line.say("good-bye");
            line.finish();
            let words = line.exactly(LAST_WORDS.len())?;
            if line.ends_within(PATIENCE) {
                // Whoever asked has stopped waiting.
                let _ = told.send(words);
            }
        }
        // Sends back what comes, until nothing does.
        _ => loop {
            let octet = line.exactly(1)?;
            line.say(octet);
        },
    }
    Ok(())
}
