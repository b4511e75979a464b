//! A conversation with a server: what is sent, what must come back, and what the connection does then.
//!
//! ```text
//! Scenario::get("a file", "/a.txt")            one request, one answer, connection kept
//!     .answered(Expected::status(200).content(b"…"))
//! scenario.play(addr, &Cuts::EveryOctet)?      the same conversation, sent octet by octet
//! ```
//!
//! Played whole or cut anywhere, a conversation must give the same [`Transcript`]: a stream has
//! no messages. A connection that is to be kept has to answer one request more; a connection that
//! is to be closed has to end without the client's doing, in an orderly way: a reset can destroy what
//! was said before it. Who goes on talking behind its own `Connection: close` has asked for one, and
//! may get it, behind the last answer.
//!
//! Chunk boundaries are no part of a transcript, nor is the value of `Date`: both may differ from
//! one answer to the next without anything being wrong.

use crate::answer::{Answer, Asked};
use crate::client::{Client, PATIENCE};
use crate::cuts::Cuts;
use crate::expected::Expected;
use crate::report::{Failure, first_difference};
use crate::trouble::Trouble;
use std::net::SocketAddr;
use std::time::Duration;

/// One thing the client does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Sends octets.
    Send(Vec<u8>),
    /// Waits for `100 Continue`.
    AwaitContinue,
    /// Says that nothing more will be sent.
    CloseWrite,
}

/// What the connection does after the last answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// It takes another request.
    Kept,
    /// The server ends it.
    Closed,
    /// The server ends it while the client goes on talking behind its last request, which RFC 9112
    /// §9.6 forbids: a reset behind the whole answer is as good an end as any.
    LeftTalking,
}

/// A conversation and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// What is special about it.
    pub name: &'static str,
    /// What the client does, in order.
    pub acts: Vec<Act>,
    /// The final answers, in order.
    pub answers: Vec<Expected>,
    /// What becomes of the connection.
    pub after: After,
    /// The document that decides.
    pub rule: &'static str,
    /// The chapter that explains it.
    pub chapter: &'static str,
}

/// What came back: the answers, with dates masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript(pub Vec<u8>);

impl Scenario {
    /// A conversation that begins with `octets`.
    pub fn sending(name: &'static str, octets: impl AsRef<[u8]>) -> Scenario {
        Scenario {
            name,
            acts: vec![Act::Send(octets.as_ref().to_vec())],
            answers: Vec::new(),
            after: After::Kept,
            rule: "",
            chapter: "",
        }
    }

    /// A GET without content, with further field lines, each ended by CR LF.
    pub fn get(name: &'static str, target: &str, lines: &str) -> Scenario {
        let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
        Scenario::sending(name, request)
    }

    /// The same, doing one thing more.
    #[must_use]
    pub fn then(mut self, act: Act) -> Scenario {
        self.acts.push(act);
        self
    }

    /// The same, with one answer more.
    #[must_use]
    pub fn answered(mut self, answer: Expected) -> Scenario {
        self.answers.push(answer);
        self
    }

    /// The same, after which the server ends the connection.
    #[must_use]
    pub fn closed(mut self) -> Scenario {
        self.after = After::Closed;
        self
    }

    /// The same, after which the server ends the connection although the client, against RFC 9112
    /// §9.6, goes on talking.
    #[must_use]
    pub fn left_talking(mut self) -> Scenario {
        self.after = After::LeftTalking;
        self
    }

    /// The same, with the rule that decides and the chapter that explains it.
    #[must_use]
    pub fn by(mut self, rule: &'static str, chapter: &'static str) -> Scenario {
        (self.rule, self.chapter) = (rule, chapter);
        self
    }

    /// Everything that is sent, in one piece.
    pub fn sent(&self) -> Vec<u8> {
        let octets = self.acts.iter().map(|act| match act {
            Act::Send(octets) => octets.as_slice(),
            Act::AwaitContinue | Act::CloseWrite => &[],
        });
        octets.collect::<Vec<_>>().concat()
    }

    /// Has the conversation with the server at `addr`.
    ///
    /// # Errors
    /// A [`Failure`] with the first thing that is not as it should be.
    pub fn play(&self, addr: SocketAddr, cuts: &Cuts) -> Result<Transcript, Box<Failure>> {
        self.play_within(addr, cuts, PATIENCE)
    }

    /// The same, waiting for at most `patience` at a time.
    ///
    /// # Errors
    /// As [`Scenario::play`].
    pub fn play_within(
        &self,
        addr: SocketAddr,
        cuts: &Cuts,
        patience: Duration,
    ) -> Result<Transcript, Box<Failure>> {
        let mut client = Client::connect_with(addr, patience)
            .map_err(|trouble| self.failure(addr, &[], None, trouble.to_string()))?;
        self.converse(&mut client, cuts).map_err(|problem| {
            let (expected, at) = problem;
            self.failure(addr, client.seen(), at, expected)
        })
    }

    fn converse(&self, client: &mut Client, cuts: &Cuts) -> Result<Transcript, Problem> {
        self.perform(client, cuts)?;
        let mut transcript = Vec::new();
        for (number, expected) in self.answers.iter().enumerate() {
            let answer = read_final(client, expected.asked())
                .map_err(|trouble| problem(number, expected, &trouble))?;
            expected.check(&answer).map_err(|mismatch| {
                let at = start_of(&answer, client).map(|start| start + mismatch.at);
                (format!("answer {}: {}", number + 1, mismatch.sentence), at)
            })?;
            transcript.extend(answer.masked_head());
            transcript.extend(&answer.content);
        }
        match self.after {
            After::Closed => client.expect_end(),
            After::LeftTalking => client.expect_end_or_reset(),
            After::Kept => prove_kept(client),
        }
        .map_err(|trouble| (format!("{}: {trouble}", self.after.explain()), None))?;
        Ok(Transcript(transcript))
    }

    fn perform(&self, client: &mut Client, cuts: &Cuts) -> Result<(), Problem> {
        let mut offset = 0;
        for act in &self.acts {
            match act {
                Act::Send(octets) => {
                    cuts.send(client, octets, offset).map_err(told)?;
                    offset += octets.len();
                }
                Act::AwaitContinue => match client.read_answer(Asked::Other) {
                    Ok(answer) if answer.status == 100 => {}
                    Ok(answer) => return Err((format!("100, not {}", answer.status), Some(9))),
                    Err(trouble) => return Err((format!("100 Continue: {trouble}"), None)),
                },
                Act::CloseWrite => client
                    .close_write()
                    .map_err(|trouble| (trouble.to_string(), None))?,
            }
        }
        Ok(())
    }

    fn failure(
        &self,
        addr: SocketAddr,
        received: &[u8],
        at: Option<usize>,
        expected: String,
    ) -> Box<Failure> {
        Box::new(Failure {
            what: self.name.into(),
            sent: self.sent(),
            addr: Some(addr),
            received: received.to_vec(),
            at,
            expected,
            rule: self.rule.into(),
            chapter: self.chapter.into(),
        })
    }

    /// Compares two transcripts of this conversation.
    ///
    /// # Errors
    /// A [`Failure`] that shows where `other` first differs from `one`, which came from `whose`.
    pub fn compare(
        &self,
        addr: SocketAddr,
        (whose, one): (&str, &Transcript),
        other: &Transcript,
    ) -> Result<(), Box<Failure>> {
        let Some(at) = first_difference(&one.0, &other.0) else {
            return Ok(());
        };
        let shown = &one.0[at..one.0.len().min(at + 80)];
        let expected = format!("as {whose}: \"{}\"", shown.escape_ascii());
        Err(self.failure(addr, &other.0, Some(at), expected))
    }
}

impl After {
    fn explain(self) -> &'static str {
        match self {
            After::Kept => "the connection takes another request",
            After::Closed => "the server ends the connection in an orderly way",
            After::LeftTalking => "the server ends the connection behind the last answer",
        }
    }
}

/// What was expected instead, and the offset in what came.
type Problem = (String, Option<usize>);

fn problem(number: usize, expected: &Expected, trouble: &Trouble) -> Problem {
    let at = match trouble {
        Trouble::Malformed { at, .. } => Some(*at),
        _ => None,
    };
    (format!("answer {}: {expected}; {trouble}", number + 1), at)
}

fn told(trouble: Trouble) -> Problem {
    (trouble.to_string(), None)
}

/// Where an answer begins in what has come so far.
fn start_of(answer: &Answer, client: &Client) -> Option<usize> {
    let windows = client.seen().windows(answer.head.len());
    windows.into_iter().position(|window| window == answer.head)
}

/// Reads the next final answer; interim ones before it are allowed (RFC 9110 §15.2).
fn read_final(client: &mut Client, asked: Asked) -> Result<Answer, Trouble> {
    loop {
        let answer = client.read_answer(asked)?;
        if answer.status >= 200 {
            return Ok(answer);
        }
    }
}

/// A connection is kept when it answers one request more.
fn prove_kept(client: &mut Client) -> Result<(), Trouble> {
    client.send(b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
    client.read_answer(Asked::Other)?;
    client.expect_end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    const HEAD: &str = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

    /// Plays with a server that reads one octet, says this, and closes over all that it has not read,
    /// which is what makes a reset.
    #[track_caller]
    fn check_reset_behind(said: &str, scenario: &Scenario, expected: Result<(), &str>) {
        for cuts in [Cuts::Whole, Cuts::EveryOctet] {
            let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            let addr = listener.local_addr().unwrap();
            let played = thread::scope(|scope| {
                scope.spawn(|| {
                    let (mut stream, _) = listener.accept().unwrap();
                    stream.read_exact(&mut [0]).unwrap();
                    stream.peek(&mut [0]).unwrap();
                    stream.write_all(said.as_bytes()).unwrap();
                });
                scenario.play(addr, &cuts)
            });
            match (played.map_err(|failure| failure.expected), expected) {
                (Ok(_), Ok(())) => {}
                (Err(came), Err(part)) if came.contains(part) => {}
                (came, _) => panic!("{cuts:?}: {came:?}"),
            }
        }
    }

    #[test]
    fn a_reset_is_forgiven_behind_the_answer_and_only_to_who_goes_on_talking() {
        let scenario = Scenario::get("talks on", "/", "Connection: close\r\n")
            .then(Act::Send(b"more".to_vec()))
            .answered(Expected::status(200).content("hello"));
        let (closed, talking) = (scenario.clone().closed(), scenario.left_talking());
        let whole = format!("{HEAD}Content-Length: 5\r\n\r\nhello");
        check_reset_behind(&whole, &talking, Ok(()));
        check_reset_behind(&whole, &closed, Err("the connection was reset"));
        let half = &whole[..whole.len() - 3];
        check_reset_behind(half, &talking, Err("the connection was reset"));
        let twice = whole.repeat(2);
        check_reset_behind(&twice, &talking, Err("after the last answer"));
    }
}
