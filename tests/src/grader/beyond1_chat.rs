//! Beyond the course: a chat room over the echo loop.
//!
//! A guest is in the room from the first line that the server says to him, whatever that line is. So
//! nobody has to wait for time to pass before he speaks.

use crate::grader::finding::{Finding, Proof};
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::Tree;
use crate::grader::verdict::Verdict;
use crate::trouble::Trouble;
use std::time::{Duration, Instant};

/// Octets of one of the many lines, with its end.
const LINE: usize = 1000;

/// Lines that are said before anybody waits for them to be heard: so far behind a guest may be.
const BEHIND: usize = 64;

/// How often that is done: 32 MiB in all, more than the kernel keeps for guests who do not read.
const ROUNDS: usize = 512;

/// Rounds before memory is looked at first.
const WARM: usize = 16;

/// Guests who do not read.
const SLOW: usize = 3;

/// How long a round may take: it is a matter of milliseconds, unless somebody is waited for.
const HELD_UP: Duration = Duration::from_secs(2);

/// Octets by which a server may grow while it has guests who do not read.
const GROWTH_BYTES: u64 = 8 << 20;

/// Octets of a line that never ends.
const ENDLESS: usize = 32 << 20;

/// Octets of a line that are shown.
const SHOWN: usize = 40;

/// Guests who hang up.
const BAD_GUESTS: usize = 20;

/// 1h: what one guest says all the others hear, and nobody waits for who does not listen.
pub(crate) fn chat_room(subject: &Subject, tree: &Tree) -> Verdict {
    subject.judged(tree, |server| {
        all_others_hear(server)?;
        lines_are_whole(server)?;
        nobody_waits(server)
    })
}

const fn proof(what: &'static str, rule: &'static str) -> Proof {
    Proof {
        what,
        rule,
        chapter: "1.3",
    }
}

/// Comes in, and waits for the first line.
fn enter(proof: Proof, server: &Server) -> Found<Talk> {
    let mut talk = proof.talk(server)?;
    match talk.client().read_line() {
        Ok(_) => Ok(talk),
        Err(trouble) => Err(talk.trouble("a line for who comes in", &trouble)),
    }
}

/// Demands that the next line is this one.
fn hears(talk: &mut Talk, wanted: &str) -> Found {
    match talk.client().read_line() {
        Ok(line) if line == wanted.as_bytes() => Ok(()),
        Ok(line) => {
            let expected = format!("{}, not {}", shown(wanted.as_bytes()), shown(&line));
            Err(talk.fails(expected))
        }
        Err(trouble) => Err(talk.trouble(&shown(wanted.as_bytes()), &trouble)),
    }
}

/// A line for a person: its beginning says which one it is.
fn shown(line: &[u8]) -> String {
    let (beginning, more) = line.split_at(line.len().min(SHOWN));
    let more = if more.is_empty() { "" } else { "…" };
    format!("\"{}{more}\"", beginning.escape_ascii())
}

fn all_others_hear(server: &Server) -> Found {
    const PROOF: Proof = proof(
        "three guests, of whom each says something",
        "what one guest says all others hear, as it was said, and he himself does not",
    );
    let mut guests = [
        enter(PROOF, server)?,
        enter(PROOF, server)?,
        enter(PROOF, server)?,
    ];
    for speaker in 0..guests.len() {
        let line = format!("guest {speaker} is here\n");
        guests[speaker].say(&line);
        let others = guests.iter_mut().enumerate();
        for (_, other) in others.filter(|(guest, _)| *guest != speaker) {
            // Had he been sent his own line, it would be there before the next one.
            hears(other, &line)?;
        }
    }
    Ok(())
}

fn lines_are_whole(server: &Server) -> Found {
    const PROOF: Proof = proof(
        "half a line, another guest's line, and the other half",
        "RFC 9293 §3.8: a stream has no messages; a line is heard when its end has come, and one \
         without an end is none",
    );
    let mut slow_typist = enter(PROOF, server)?;
    let mut quick = enter(PROOF, server)?;
    let mut listener = enter(PROOF, server)?;
    slow_typist.say("good ");
    quick.say("hello\n");
    hears(&mut listener, "hello\n")?;
    slow_typist.say("morning\none more\n");
    hears(&mut listener, "good morning\n")?;
    hears(&mut listener, "one more\n")?;
    slow_typist.say("and now I am go").leave();
    // When the server has ended its side, it has done with what he said.
    let _ = slow_typist.client().read_to_end();
    quick.say("who?\n");
    hears(&mut listener, "who?\n")
}

const ALONE: Proof = proof(
    "a room in which three guests do not read, one never ends his line, and some hang up",
    "one guest's slowness is his own: what waits for him is bounded, and nobody waits with it",
);

fn nobody_waits(server: &Server) -> Found {
    let mut deaf = Vec::new();
    for _ in 0..SLOW {
        deaf.push(enter(ALONE, server)?);
    }
    let mut room = Room {
        speaker: enter(ALONE, server)?,
        listener: enter(ALONE, server)?,
        said: 0,
    };
    room.talk_for(WARM)?;
    let before = server.memory();
    let mut rude = Vec::new();
    for _ in 0..BAD_GUESTS {
        rude.push(enter(ALONE, server)?);
    }
    for guest in rude {
        // Whether his connection was still there is of no matter.
        let _ = guest.vanish();
    }
    room.talk_for(ROUNDS - WARM)?;
    let mut endless = enter(ALONE, server)?;
    // A server that has had enough of it closes.
    let _ = endless.client().send(&vec![b'x'; ENDLESS]);
    room.talk_for(1)?;
    let after = server.memory();
    let grown = before.zip(after);
    let grown = grown.map(|(before, after)| after.resident.saturating_sub(before.resident));
    match grown {
        Some(grown) if grown > GROWTH_BYTES => Err(ALONE.fails(format!(
            "a bound on what is kept for a guest, not {} KiB more memory",
            grown / 1024
        ))),
        Some(_) | None => deaf.iter_mut().try_for_each(has_no_gap),
    }
}

/// A guest who says many lines, and one who hears them.
struct Room {
    speaker: Talk,
    listener: Talk,
    said: usize,
}

impl Room {
    /// Says as many lines as a guest may be behind, and waits for them, so many times.
    fn talk_for(&mut self, rounds: usize) -> Found {
        for _ in 0..rounds {
            let started = Instant::now();
            let lines: Vec<String> = (self.said..self.said + BEHIND).map(line).collect();
            let sent = self.speaker.client().send(lines.concat().as_bytes());
            sent.map_err(|trouble| self.speaker.trouble("a server that listens", &trouble))?;
            lines
                .iter()
                .try_for_each(|line| hears(&mut self.listener, line))?;
            self.said += BEHIND;
            if started.elapsed() > HELD_UP {
                return Err(self.held_up(started.elapsed()));
            }
        }
        Ok(())
    }

    fn held_up(&self, took: Duration) -> Box<Finding> {
        let expected = format!("{BEHIND} lines heard within {HELD_UP:?}, not after {took:.1?}");
        self.listener.fails(expected)
    }
}

/// The line of that number.
fn line(number: usize) -> String {
    format!("{:.<width$}\n", format!("line {number}"), width = LINE - 1)
}

/// Who listens at last hears lines from the first one on, and then the end; none is left out.
fn has_no_gap(talk: &mut Talk) -> Found {
    for number in 0.. {
        match talk.client().read_line() {
            Ok(heard) if heard == line(number).as_bytes() => {}
            Ok(_) => {
                let expected = format!("line number {number}, or the end, for who was slow");
                return Err(talk.fails(expected));
            }
            Err(Trouble::Ended | Trouble::Reset) => break,
            Err(trouble) => return Err(talk.trouble("the next line, or the end", &trouble)),
        }
    }
    Ok(())
}
