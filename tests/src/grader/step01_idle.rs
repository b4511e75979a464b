//! The check of step 1 that is about patience: who is silent for a second is sent away.

use crate::client::Heard;
use crate::grader::finding::{Finding, Proof};
use crate::grader::subject::{Server, Subject};
use crate::grader::tree::Tree;
use crate::grader::verdict::Verdict;
use std::time::{Duration, Instant};

/// How long a guest may be silent.
const LIMIT: Duration = Duration::from_secs(1);

/// How long the next guest may wait for an answer once the silent one is gone.
const AT_ONCE: Duration = Duration::from_millis(500);

/// How often a wait that is too long is tried again, on a machine that is busy with other things.
const TRIES: usize = 3;

/// 1g: who says nothing is sent away, neither too early nor too late, and the next one is served.
pub(crate) fn idle_limit(subject: &Subject, tree: &Tree) -> Verdict {
    subject.judged(tree, |server| {
        let mut tried = sends_away(server);
        for _ in 1..TRIES {
            match tried {
                Err(Patience::Late(_)) => tried = sends_away(server),
                Ok(()) | Err(Patience::Early(_)) => break,
            }
        }
        tried.map_err(|(Patience::Early(finding) | Patience::Late(finding))| finding)
    })
}

/// What is wrong with a server's patience. What came late may be the machine's fault.
enum Patience {
    Early(Box<Finding>),
    Late(Box<Finding>),
}

/// A guest who says nothing, and one who comes after and says something.
fn sends_away(server: &Server) -> Result<(), Patience> {
    const PROOF: Proof = Proof {
        what: "a guest who says nothing for a second, and the next one",
        rule: "a read without a timeout waits for ever, and so does everybody behind it",
        chapter: "1.5",
    };
    let late = Patience::Late;
    let started = Instant::now();
    let mut silent = PROOF.talk(server).map_err(late)?;
    let mut next = PROOF.talk(server).map_err(late)?;
    next.say("hello\n");
    let heard = silent.client().listen(2 * LIMIT);
    let took = started.elapsed();
    if let Ok(Heard::Silence | Heard::Octets) = heard {
        let expected = format!(
            "the end of a silent guest's connection within {:?}",
            LIMIT * 3 / 2
        );
        return Err(late(silent.fails(expected)));
    }
    if took < LIMIT {
        let expected =
            format!("patience for {LIMIT:?}, but a silent guest is sent away after {took:.1?}");
        return Err(Patience::Early(silent.fails(expected)));
    }
    if took > LIMIT * 3 / 2 {
        let expected = format!("the end within {:?}, not after {took:.1?}", LIMIT * 3 / 2);
        return Err(late(silent.fails(expected)));
    }
    match next.client().listen(AT_ONCE) {
        Ok(Heard::Octets) => {
            next.leave();
            Ok(())
        }
        Ok(Heard::Silence | Heard::End) | Err(_) => {
            let expected = format!("an answer to the next guest within {AT_ONCE:?} after that");
            Err(late(next.fails(expected)))
        }
    }
}
