//! What is asked again when an upstream leaves without an answer, and what is not.

use crate::answer::Asked;
use crate::grader::behind::Doors;
use crate::grader::finding::Proof;
use crate::grader::request::last_get;
use crate::grader::step05_failing::{WHOLE, answer, leave, meanwhile, post, proof};
use crate::grader::subject::Server;
use crate::grader::talk::{Found, Talk};

const AGAIN: &str = "RFC 9110 §9.2.2: what may be done twice may be asked twice, so a GET is asked again \
                     where a kept connection was closed meanwhile; once, and not for ever";

const ONCE: &str = "RFC 9110 §9.2.2: what may not be done twice is not asked twice; nobody knows how far \
                    the server had come with it that left without an answer";

/// Has a request answered, and keeps the connection on which that was.
fn kept(proof: Proof, server: &Server, doors: &mut Doors) -> Found {
    let mut talk = proof.talk(server)?;
    talk.say(last_get("/api/x"));
    let mut line = talk.door(doors)?;
    let said = WHOLE.replace("Connection: close\r\n", "");
    answer(&mut talk, &mut line, b"\r\n\r\n", &said)?;
    doors.keep(line);
    Ok(())
}

/// A connection that was kept may be closed at the very moment at which it is used again.
pub(super) fn again(server: &Server, doors: &mut Doors) -> Found {
    let proof = proof(
        "a GET on a kept connection that ends without an answer",
        AGAIN,
    );
    kept(proof, server, doors)?;
    let mut talk = proof.talk(server)?;
    talk.say(last_get("/api/x"));
    let mut line = talk.door(doors)?;
    // Who keeps no connection meets none that has ended.
    if line.kept {
        leave(line);
        line = talk.door(doors)?;
    }
    answer(&mut talk, &mut line, b"\r\n\r\n", WHOLE)
}

/// However many upstreams there are.
pub(super) fn not_for_ever(server: &Server, doors: &mut Doors) -> Found {
    let proof = proof(
        "a GET whose upstreams leave without an answer, all of them",
        AGAIN,
    );
    let mut talk = proof.talk(server)?;
    talk.say(last_get("/api/x"));
    let requests = meanwhile(&mut talk, doors, leave)?;
    talk.status(Asked::Other, &[502])?;
    talk.leave();
    match requests {
        1 | 2 => Ok(()),
        count => Err(talk.fails(format!("it asked twice at most, not {count} times"))),
    }
}

/// On a connection of its own.
pub(super) fn once(server: &Server, doors: &mut Doors) -> Found {
    let proof = proof("a POST whose upstream leaves without an answer", ONCE);
    let mut talk = proof.talk(server)?;
    talk.say(post());
    asked_once(&mut talk, doors)
}

fn asked_once(talk: &mut Talk, doors: &mut Doors) -> Found {
    let requests = meanwhile(talk, doors, leave)?;
    match requests {
        1 => {}
        count => return Err(talk.fails(format!("one server asked, not {count}"))),
    }
    talk.status(Asked::Other, &[502])?;
    talk.leave();
    Ok(())
}

/// On a connection that had carried another request.
pub(super) fn once_on_a_kept_connection(server: &Server, doors: &mut Doors) -> Found {
    let proof = proof(
        "a POST on a kept connection that ends without an answer",
        ONCE,
    );
    kept(proof, server, doors)?;
    let mut talk = proof.talk(server)?;
    talk.say(post());
    asked_once(&mut talk, doors)
}
