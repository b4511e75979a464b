//! Many clients of a cache who want the same at once.

use crate::answer::{Answer, Asked};
use crate::grader::beyond5_cache::{WORK, proof};
use crate::grader::finding::Proof;
use crate::grader::played::Played;
use crate::grader::request::last_get;
use crate::grader::subject::Server;
use crate::grader::talk::{Found, Talk};

/// Clients who want the same at once.
const CROWD: usize = 100;

const ONE: &str = "if what everybody wants is not there, one request for it is enough; the others wait for its answer";

const EACH: &str = "whoever has waited for an answer that may not be kept asks for one of his own: a cookie is a \
                    key to somebody's account";

/// So many ask for the same at once; what each of them was answered.
fn crowd(server: &Server, proof: Proof, count: usize, request: &str) -> Found<Vec<(Talk, Answer)>> {
    let talks = (0..count).map(|_| proof.talk(server));
    let mut talks = talks.collect::<Found<Vec<Talk>>>()?;
    for talk in &mut talks {
        talk.say(request);
    }
    let answered = |mut talk: Talk| {
        let answer = talk.status(Asked::Other, &[200])?;
        talk.leave();
        Ok((talk, answer))
    };
    talks.into_iter().map(answered).collect()
}

/// One request for all of them.
pub(super) fn together(server: &Server, upstream: &Played) -> Found {
    let proof = proof(
        "a hundred clients who ask at once for what is not there",
        ONE,
    );
    for (talk, answer) in crowd(server, proof, CROWD, &last_get("/api/crowd"))? {
        talk.content(&answer, b"answer 0")?;
    }
    match upstream.asked("/api/crowd") {
        1 => Ok(()),
        count => Err(proof.fails(format!("the upstream asked once, not {count} times"))),
    }
}

/// Nobody is given what was meant for somebody else.
pub(super) fn each_his_own(server: &Server) -> Found {
    let proof = proof(
        "ten clients who ask at once for a page that sets a cookie",
        EACH,
    );
    let answers = crowd(server, proof, 10, &last_get("/api/cookies"))?;
    let mut contents: Vec<&[u8]> = Vec::new();
    for (talk, answer) in &answers {
        if contents.contains(&&answer.content[..]) {
            let wanted = "an answer that nobody else was given";
            return Err(talk.wrong(answer, answer.head.len(), wanted));
        }
        contents.push(&answer.content);
    }
    Ok(())
}

/// Nobody waits for an answer that will not come.
pub(super) fn the_first_leaves(server: &Server) -> Found {
    let proof = proof(
        "eleven clients who ask at once, of whom the first one leaves",
        ONE,
    );
    let request = last_get("/api/left");
    let mut first = proof.talk(server)?;
    first.say(&request);
    // Long enough to be the first, and too short to be answered.
    let heard = first.client().listen(WORK / 5);
    heard.map_err(|trouble| first.trouble("an answer later", &trouble))?;
    let talks = (0..10).map(|_| proof.talk(server));
    let mut talks = talks.collect::<Found<Vec<Talk>>>()?;
    for talk in &mut talks {
        talk.say(&request);
    }
    let gone = proof.fails("a connection that can be left");
    first.vanish().map_err(|_| gone)?;
    for mut talk in talks {
        talk.status(Asked::Other, &[200])?;
        talk.leave();
    }
    Ok(())
}
