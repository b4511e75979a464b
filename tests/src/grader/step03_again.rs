//! Checks of step 3: not sending again, and sending a part.

use crate::answer::{Answer, Asked};
use crate::grader::finding::Proof;
use crate::grader::request::get;
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::{DIGITS, MODIFIED, Tree};
use crate::grader::verdict::Verdict;

/// A date before the file's.
const EARLIER: &str = "Tue, 31 Dec 2019 23:59:59 GMT";

/// Asks for ten digits, with these field lines, and demands that status.
fn digits(server: &Server, proof: Proof, lines: &str, status: u16) -> Found<(Talk, Answer)> {
    let mut talk = proof.talk(server)?;
    talk.say(get("/digits.txt", &format!("{lines}Connection: close\r\n")));
    let answer = talk.status(Asked::Other, &[status])?;
    talk.leave();
    Ok((talk, answer))
}

/// 3e: what a client has already is not sent again.
pub(crate) fn not_modified(subject: &Subject, tree: &Tree) -> Verdict {
    const TAG: Proof = Proof {
        what: "a file and its tag",
        rule: "RFC 9110 §8.8: an ETag and a Last-Modified let a client ask whether it has the \
               latest",
        chapter: "3.3",
    };
    subject.judged(tree, |server| {
        let (talk, answer) = digits(server, TAG, "", 200)?;
        talk.content(&answer, DIGITS)?;
        let tag = String::from_utf8_lossy(talk.field(&answer, "ETag")?).into_owned();
        talk.field_is(&answer, "Last-Modified", MODIFIED)?;
        preconditions(&tag)
            .into_iter()
            .try_for_each(|question| question.ask(server))
    })
}

struct Question {
    what: &'static str,
    lines: String,
    status: u16,
    rule: &'static str,
}

fn preconditions(tag: &str) -> Vec<Question> {
    let mut all = of_tags(tag);
    all.extend(of_dates(tag));
    all
}

fn asking(
    rule: &'static str,
    rows: impl IntoIterator<Item = (&'static str, String, u16)>,
) -> Vec<Question> {
    let question = |(what, lines, status)| Question {
        what,
        lines,
        status,
        rule,
    };
    rows.into_iter().map(question).collect()
}

fn none_match(tags: &str) -> String {
    format!("If-None-Match: {tags}\r\n")
}

fn of_tags(tag: &str) -> Vec<Question> {
    let none = "RFC 9110 §13.1.2: a tag the client has already is answered 304, without content";
    let some = "RFC 9110 §13.1.1: an If-Match that fails is 412, or an old copy overwrites a \
                new one";
    let weak = format!("W/{}", tag.trim_start_matches("W/"));
    let mut all = asking(
        none,
        [
            ("the tag", none_match(tag), 304),
            (
                "one of several tags",
                none_match(&format!("\"x\", {tag}")),
                304,
            ),
            ("the tag, weakly", none_match(&weak), 304),
            ("any tag", none_match("*"), 304),
            ("another tag", none_match("\"x\""), 200),
        ],
    );
    let other = "If-Match: \"x\"\r\n".into();
    all.extend(asking(some, [("If-Match of another tag", other, 412)]));
    all
}

fn of_dates(tag: &str) -> Vec<Question> {
    let plain = "RFC 9110 §13.1.3: not modified since then is answered 304";
    let order = "RFC 9110 §13.2.2: where there is If-None-Match, If-Modified-Since is ignored: a \
                 tag is exact, a date has seconds";
    let since = |date: &str| format!("If-Modified-Since: {date}\r\n");
    let both = |tag: &str, date: &str| none_match(tag) + &since(date);
    let mut all = asking(
        plain,
        [
            ("the date", since(MODIFIED), 304),
            ("an earlier date", since(EARLIER), 200),
            ("no date", since("yesterday"), 200),
        ],
    );
    all.extend(asking(
        order,
        [
            ("another tag and the date", both("\"x\"", MODIFIED), 200),
            ("the tag and an earlier date", both(tag, EARLIER), 304),
        ],
    ));
    all
}

impl Question {
    fn ask(&self, server: &Server) -> Found {
        let proof = Proof {
            what: self.what,
            rule: self.rule,
            chapter: "3.3",
        };
        let (mut talk, answer) = digits(server, proof, &self.lines, self.status)?;
        match self.status {
            200 => talk.content(&answer, DIGITS),
            // A 304 has no content, whatever its fields say: what follows is too much.
            304 => talk.end(),
            _ => Ok(()),
        }
    }
}

/// 3f: a part of a file, where it is asked for and can be had.
pub(crate) fn ranges(subject: &Subject, tree: &Tree) -> Verdict {
    const PART: &str = "RFC 9110 §14.2 and §15.3.7: 206, the octets asked for, and a \
                        Content-Range that says which they are";
    const NONE: &str =
        "RFC 9110 §15.5.17: a range that begins past the end is 416, with the length";
    const IGNORED: &str = "RFC 9110 §14.1.1 and §14.2: a range that makes no sense is ignored";
    const IF_RANGE: &str =
        "RFC 9110 §13.1.5: a range of an older version is no use, so all is sent";
    let proof = |what, rule| Proof {
        what,
        rule,
        chapter: "3.4",
    };
    subject.judged(tree, |server| {
        let part = |what, range: &str, named: &str, content: &[u8]| {
            let lines = format!("Range: bytes={range}\r\n");
            let (talk, answer) = digits(server, proof(what, PART), &lines, 206)?;
            talk.content(&answer, content)?;
            talk.field_is(&answer, "Content-Range", &format!("bytes {named}/10"))
        };
        let all = |what, lines: &str, rule| {
            let (talk, answer) = digits(server, proof(what, rule), lines, 200)?;
            talk.content(&answer, DIGITS)
        };
        part("the first five", "0-4", "0-4", b"01234")?;
        part("the last five", "-5", "5-9", b"56789")?;
        part("from the eighth on", "8-", "8-9", b"89")?;
        part("more than there is", "8-99", "8-9", b"89")?;
        let past = "Range: bytes=10-\r\n";
        let (talk, answer) = digits(server, proof("past the end", NONE), past, 416)?;
        talk.field_is(&answer, "Content-Range", "bytes */10")?;
        all(
            "a range that runs backwards",
            "Range: bytes=5-2\r\n",
            IGNORED,
        )?;
        all("another unit", "Range: lines=0-4\r\n", IGNORED)?;
        let stale = format!("Range: bytes=0-4\r\nIf-Range: {EARLIER}\r\n");
        all("a range of an older version", &stale, IF_RANGE)?;
        all(
            "a range of another tag",
            "Range: bytes=0-4\r\nIf-Range: \"x\"\r\n",
            IF_RANGE,
        )
    })
}
