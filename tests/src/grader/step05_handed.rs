//! The check of step 5 that is about what a proxy hands on, in both directions.
//!
//! ```text
//! client: Connection: close, X-Named ──► proxy ──► upstream: no X-Named, no Connection of the client's
//! client: the content, framed anew   ◄── proxy ◄── upstream: the content, in chunks, or to the end
//! ```

use crate::client::Heard as Silence;
use crate::grader::behind::{Doors, Line};
use crate::grader::finding::{Finding, Proof};
use crate::grader::handed::Handed;
use crate::grader::step05_back::back;
use crate::grader::step05_onward::onward;
use crate::grader::subject::Subject;
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::Tree;
use crate::grader::verdict::{Problem, Verdict};
use std::fmt::Display;
use std::time::{Duration, Instant};

/// Between two looks whether a request has been handed on.
const LOOK: Duration = Duration::from_millis(1);

/// The rule of fields that are about a connection.
pub(super) const HOP: &str = "RFC 9110 §7.6.1: Connection, and the fields that it names, are about one connection; \
                   who hands a message on leaves them out";

/// The rule of where content ends.
pub(super) const FRAMING: &str = "RFC 9112 §6.3: each connection has a framing of its own; whoever hands content on \
                       frames it anew, in one way, so that both sides see the same end";

/// 5f: what a proxy hands on is about the request, and what was about the connection is not handed on.
pub(crate) fn proxy_fields(subject: &Subject, tree: &Tree) -> Verdict {
    let (subject, mut doors) = behind(subject, &["{upstream}", "{other}"])?;
    subject.judged(tree, |server| {
        for row in onward() {
            row.hold(server, &mut doors)?;
        }
        for row in back() {
            row.hold(server, &mut doors)?;
        }
        Ok(())
    })
}

/// A subject with the grader behind it.
pub(super) fn behind(
    subject: &Subject,
    places: &[&'static str],
) -> Result<(Subject, Doors), Problem> {
    let open = || {
        let doors = Doors::open(places)?;
        Ok((subject.before(doors.behind()?), doors))
    };
    open().map_err(|error: std::io::Error| Problem::NotJudged(error.to_string()))
}

/// What is to be proved about handing on.
pub(super) fn proof(what: &'static str, rule: &'static str) -> Proof {
    Proof {
        what,
        rule,
        chapter: "5.6",
    }
}

impl Talk {
    /// What has been made of this conversation's request: heard by an upstream, whole.
    pub(super) fn handed_on(&mut self, doors: &mut Doors) -> Found<(Line, Handed)> {
        let mut line = self.door(doors)?;
        match Handed::hear(&mut line) {
            Ok(handed) => Ok((line, handed)),
            Err(what) => Err(self.wrongly_handed_on(&line, format!("a whole request; but {what}"))),
        }
    }

    /// The connection on which somebody speaks because of this conversation.
    pub(super) fn door(&mut self, doors: &mut Doors) -> Found<Line> {
        let patience = self.client().patience;
        let until = Instant::now() + patience;
        while Instant::now() < until {
            if let Some(line) = doors.look() {
                return Ok(line);
            }
            match self.client().listen(LOOK) {
                Ok(Silence::Silence) => {}
                Ok(Silence::Octets | Silence::End) | Err(_) => {
                    return Err(self.fails("the request handed on before it is answered"));
                }
            }
        }
        Err(self.fails(format!("the request handed on within {patience:?}")))
    }

    /// A finding about what somebody behind the server has heard.
    pub(super) fn wrongly_handed_on(&self, line: &Line, wanted: impl Display) -> Box<Finding> {
        line.show(self.fails(format!("behind the server, {wanted}")))
    }
}

impl Line {
    /// The same finding, with what was heard behind the server.
    pub(super) fn show(&self, mut finding: Box<Finding>) -> Box<Finding> {
        finding.heard = Some(self.heard.clone());
        finding
    }
}
