//! Beyond the course: how often one address may ask.
//!
//! Time is measured here, and never assumed: on a machine that is busy, a greedy client gets as
//! many tokens more as have flowed in meanwhile.

use crate::answer::{Answer, Asked};
use crate::grader::finding::Proof;
use crate::grader::request::{get, last_get};
use crate::grader::step04::ordinary;
use crate::grader::subject::{Server, Subject, Verdict};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::Tree;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

const TARGET: &str = "/limited";

/// Requests at once, and in a second after that.
const BURST: u32 = 10;
const RATE: u32 = 5;

/// Requests in which a greedy client has to meet its limit: it would take a server of minutes each
/// to let it ask more slowly than it may.
const GREED: u32 = 500;

/// Other addresses, each of which has never asked before.
const OTHERS: u8 = 100;

/// Requests for something that is not limited.
const FREE: u32 = 3 * BURST;

/// The longest time that it can take until there is a token, and a second for rounding.
const LONGEST_WAIT: u64 = 2;

const GREEDY: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

const PROOF: Proof = Proof {
    what: "requests for /limited from a hundred addresses, one of which asks too often",
    rule: "RFC 6585 §4: 429 for who has sent too many requests, with Retry-After; it is counted by \
           address, for a client can have as many ports as it likes",
    chapter: "4.2",
};

/// What one address was given, since it asked first.
struct Account {
    since: Instant,
    admitted: u32,
}

impl Account {
    /// Books an answer, which has to be right, and has to be affordable where it is 200.
    fn book(&mut self, talk: &mut Talk) -> Found<Answer> {
        let answer = talk.status(Asked::Other, &[200, 429])?;
        self.admitted += u32::from(answer.status == 200);
        let passed = self.since.elapsed();
        let flowed = passed.as_secs_f64() * f64::from(RATE);
        if f64::from(self.admitted) > f64::from(BURST) + flowed + 1.0 {
            let (admitted, burst) = (self.admitted, BURST);
            return Err(talk.fails(format!(
                "429: {admitted} requests from one address in {passed:.1?} are more than {burst} at \
                 once and {RATE} in a second"
            )));
        }
        Ok(answer)
    }
}

/// 4j: one address is limited, and is told when to come back; others do not notice.
pub(crate) fn token_bucket(subject: &Subject, tree: &Tree) -> Verdict {
    subject.judged(tree, |server| {
        let mut account = Account {
            since: Instant::now(),
            admitted: 0,
        };
        for _ in 0..BURST {
            once(GREEDY, server)?;
            account.admitted += 1;
        }
        let wait = refused(&mut account, server)?;
        for last in 0..OTHERS {
            once(IpAddr::from([127, 0, 1, last]), server)?;
        }
        for _ in 0..FREE {
            ordinary(PROOF, server)?;
        }
        // The others have asked since, and this one is where it was.
        refused(&mut account, server)?;
        comes_back(&mut account, wait, server)
    })
}

/// A request that has to be answered.
fn once(from: IpAddr, server: &Server) -> Found {
    let mut talk = PROOF.talk_from(from, server)?;
    let answered = talk.say(last_get(TARGET)).status(Asked::Other, &[200]);
    answered.map(|_| talk.leave()).map_err(|mut finding| {
        finding.expected = format!("{}, to {from}", finding.expected);
        finding
    })
}

/// Asks on one connection until the limit is met, and returns the time that is to be waited.
fn refused(account: &mut Account, server: &Server) -> Found<Duration> {
    let mut talk = PROOF.talk_from(GREEDY, server)?;
    for _ in 0..GREED {
        let answer = account.book(talk.say(get(TARGET, "")))?;
        if answer.status == 429 {
            let wait = talk.field(&answer, "Retry-After")?;
            let seconds = std::str::from_utf8(wait)
                .ok()
                .and_then(|it| it.parse().ok());
            return match seconds {
                Some(seconds @ 1..=LONGEST_WAIT) => Ok(Duration::from_secs(seconds)),
                _ => {
                    let expected = format!("1 to {LONGEST_WAIT} seconds until there is a token");
                    Err(talk.wrong_field(&answer, "Retry-After", expected))
                }
            };
        }
        if answer.field("Connection").is_some() {
            talk = PROOF.talk_from(GREEDY, server)?;
        }
    }
    Err(talk.fails(format!("429 for one of {GREED} requests without a pause")))
}

/// Waits as it was told, is let in, and has no more than has flowed in meanwhile.
fn comes_back(account: &mut Account, wait: Duration, server: &Server) -> Found {
    let mut talk = PROOF.talk_from(GREEDY, server)?;
    // Nothing comes; a server that hangs up is met by the next request.
    let _ = talk.client().listen(wait);
    let mut talk = PROOF.talk_from(GREEDY, server)?;
    let answer = account.book(talk.say(last_get(TARGET)))?;
    if answer.status != 200 {
        let expected = format!("200 after the {wait:?} of its own Retry-After, not 429");
        return Err(talk.wrong(&answer, 9, expected));
    }
    refused(account, server).map(drop)
}
