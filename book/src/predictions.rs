//! Predictions: what will come back? One file each in `book/predictions`.
//!
//! ```text
//! # A space before the colon             its title; the name is the file's
//!
//! With chapter 2.3, of step03.           who is asked: a step's program, or a rung, and its words
//!
//! Somebody writes …                      the question
//!
//! ## Sent
//!
//! a> GET / HTTP/1.1\r\nHost : a\r\n\r\n   connection `a` is opened, if it is not yet, and these octets
//! a.                                     are sent; it says that no more will come;
//! a?                                     and an answer on it is waited for, in vain after a while
//!
//! ## Answer
//!
//! status: 400                            what is to be predicted, and what the server really says
//!
//! ## Why
//!
//! …
//! ```
//!
//! What can be predicted is in [`Kind`]. The server is asked anew each time, so what is written
//! here is only what a test holds the files to.

mod play;

use crate::exercises::STEPS;
use crate::{home, texts};
use std::fmt;
use std::path::PathBuf;

pub use play::{Lab, PATIENCE, play};

/// What is to be predicted of what comes back; of connection `a` but for the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The status of each answer.
    Status,
    /// Every octet.
    Octets,
    /// The content of the last answer.
    Content,
    /// The value of that field in the last answer.
    Field(String),
    /// The connections, in the order in which each hears its first octet.
    Order,
}

impl Kind {
    /// How a prediction of this kind is written.
    pub fn written(&self) -> String {
        match self {
            Kind::Status => "the status of each answer, such as 200, or 200 404, or nothing".into(),
            Kind::Octets => "what comes back, such as hello\\n, or nothing".into(),
            Kind::Content => "the content of the answer, such as hello\\n, or nothing".into(),
            Kind::Field(name) => format!("the value of {name} in the answer, or nothing"),
            Kind::Order => "who hears first, and who next, such as b a".into(),
        }
    }

    /// Reads a prediction, or the truth.
    pub fn read(&self, text: &str) -> Answer {
        let text = text.trim();
        if matches!(text, "nothing" | "none" | "") {
            return Answer::NOTHING;
        }
        match self {
            Kind::Status | Kind::Order => {
                let words = text.split([' ', ',']).filter(|word| !word.is_empty());
                Answer(words.collect::<Vec<_>>().join(" ").into_bytes())
            }
            Kind::Octets | Kind::Content => {
                let quoted = text
                    .strip_prefix('"')
                    .and_then(|text| text.strip_suffix('"'));
                Answer(octets(quoted.unwrap_or(text)))
            }
            Kind::Field(_) => Answer(octets(text)),
        }
    }
}

/// What was predicted, or what came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer(Vec<u8>);

impl Answer {
    const NOTHING: Answer = Answer(Vec::new());
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [] => f.write_str("nothing"),
            octets => write!(f, "{}", octets.escape_ascii()),
        }
    }
}

/// One step of a conversation, on the connection of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Act {
    /// Opens the connection, unless it is open, and sends; no octet too.
    Send(char, Vec<u8>),
    /// Says that nothing more will be sent.
    End(char),
    /// Waits for something to come.
    Await(char),
}

/// One prediction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prediction {
    /// The name of its file.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// The number of the chapter it belongs to.
    pub chapter: String,
    /// Who is asked: a step's program or a rung, and words of its command line.
    pub server: Vec<String>,
    /// The question, in Markdown.
    pub asked: String,
    /// What is sent, as it is shown.
    pub sent: String,
    acts: Vec<Act>,
    /// What is to be predicted.
    pub kind: Kind,
    /// What the server says.
    pub truth: Answer,
    /// Why, in Markdown.
    pub why: String,
}

impl Prediction {
    fn read(id: &str, text: &str) -> Result<Prediction, &'static str> {
        let (title, rest) = text.split_once("\n\n").ok_or("there is only a title")?;
        let title = title.strip_prefix("# ").ok_or("no title in line 1")?;
        let (whom, rest) = rest.split_once("\n\n").ok_or("there is no question")?;
        let whom = whom
            .strip_prefix("With chapter ")
            .and_then(|whom| whom.strip_suffix('.'));
        let (chapter, server) = whom
            .and_then(|whom| whom.split_once(", of "))
            .ok_or("line 3 is `With chapter 2.3, of step03.`")?;
        let (asked, rest) = rest
            .split_once("\n## Sent\n")
            .ok_or("there is no line `## Sent`")?;
        let (sent, rest) = rest
            .split_once("\n## Answer\n")
            .ok_or("there is no line `## Answer`")?;
        let (answer, why) = rest
            .split_once("\n## Why\n")
            .ok_or("there is no line `## Why`")?;
        let (kind, truth) = answer
            .trim()
            .split_once(": ")
            .ok_or("an answer is `status: 400`")?;
        let kind = match kind {
            "status" => Kind::Status,
            "octets" => Kind::Octets,
            "content" => Kind::Content,
            "order" => Kind::Order,
            field => Kind::Field(field.to_owned()),
        };
        let lines = sent.lines().filter(|line| !line.is_empty());
        let acts = lines.map(act).collect::<Option<Vec<Act>>>();
        Ok(Prediction {
            id: id.to_owned(),
            title: title.to_owned(),
            chapter: chapter.to_owned(),
            server: server.split(' ').map(str::to_owned).collect(),
            asked: asked.trim().to_owned(),
            sent: sent.trim().to_owned(),
            acts: acts.ok_or("a line of what is sent is `a> …`, `a.` or `a?`")?,
            truth: kind.read(truth),
            kind,
            why: why.trim().to_owned(),
        })
    }
}

/// Reads `a> GET /\r\n`, `a.` or `a?`.
fn act(line: &str) -> Option<Act> {
    let mut chars = line.chars();
    let name = chars.next().filter(char::is_ascii_lowercase)?;
    match chars.as_str() {
        "." => Some(Act::End(name)),
        "?" => Some(Act::Await(name)),
        rest => {
            let text = rest.strip_prefix('>')?;
            Some(Act::Send(
                name,
                octets(text.strip_prefix(' ').unwrap_or(text)),
            ))
        }
    }
}

/// Text with escapes, as octets; what is no escape stands for itself.
fn octets(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (octet, len) = match rest.get(..2) {
            Some("\\r") => (b'\r', 2),
            Some("\\n") => (b'\n', 2),
            Some("\\t") => (b'\t', 2),
            Some("\\\\") => (b'\\', 2),
            Some("\\\"") => (b'"', 2),
            Some("\\'") => (b'\'', 2),
            Some("\\x") => match rest.get(2..4).map(|digits| u8::from_str_radix(digits, 16)) {
                Some(Ok(octet)) => (octet, 4),
                Some(Err(_)) | None => (b'\\', 1),
            },
            Some(_) | None if c.is_ascii() => (rest.as_bytes()[0], 1),
            Some(_) | None => {
                octets.extend(c.to_string().bytes());
                rest = &rest[c.len_utf8()..];
                continue;
            }
        };
        octets.push(octet);
        rest = &rest[len..];
    }
    octets
}

/// All predictions, in the order of their chapters.
///
/// # Errors
/// One sentence for the first file that cannot be read, or does not say what it should.
pub fn predictions() -> Result<Vec<Prediction>, String> {
    let mut all = texts::all(&home().join("predictions"), Prediction::read)?;
    all.sort_by(|a, b| (&a.chapter, &a.id).cmp(&(&b.chapter, &b.id)));
    Ok(all)
}

/// The step a rung belongs to.
fn step_of(rung: &str) -> Option<&'static str> {
    let file = |step: &str| -> PathBuf { home().join(format!("../{step}/examples/{rung}.rs")) };
    STEPS.into_iter().find(|step| file(step).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# A title\n\nWith chapter 2.3, of step03 --x.\n\nWhat?\n\n## Sent\n\n\
        a> GET /\\r\\n\nb?\na.\n\n## Answer\n\nstatus: 400\n\n## Why\n\nSo.\n";

    #[test]
    fn a_prediction_is_what_its_file_says() {
        let read = Prediction::read("id", TEXT).unwrap();
        assert_eq!((&*read.title, &*read.chapter), ("A title", "2.3"));
        assert_eq!(read.server, ["step03", "--x"]);
        let acts = [
            Act::Send('a', b"GET /\r\n".into()),
            Act::Await('b'),
            Act::End('a'),
        ];
        assert_eq!(read.acts, acts);
        assert_eq!(
            (read.kind, read.truth.to_string()),
            (Kind::Status, "400".into())
        );
        assert_eq!((&*read.asked, &*read.why), ("What?", "So."));
    }

    #[test]
    fn a_file_that_leaves_something_out_is_refused() {
        for part in [
            "# ",
            ", of",
            "## Sent",
            "a> ",
            "## Answer",
            ": 400",
            "## Why",
        ] {
            let text = TEXT.replace(part, "");
            assert!(Prediction::read("id", &text).is_err(), "without {part:?}");
        }
    }

    #[test]
    fn octets_are_written_with_escapes_or_without() {
        assert_eq!(octets(r"a\r\n\x00\\"), b"a\r\n\0\\");
        assert_eq!(octets(r"\q\x"), br"\q\x");
        assert_eq!(octets("é"), "é".as_bytes());
    }

    #[test]
    fn what_means_the_same_is_the_same() {
        let same = |kind: Kind, one: &str, other: &str| {
            assert_eq!(kind.read(one), kind.read(other), "{one} {other}");
        };
        same(Kind::Status, "200, 404", " 200  404 ");
        same(Kind::Octets, "\"a\\n\"", "a\\n");
        same(Kind::Order, "b,a", "b a");
        same(Kind::Status, "none", "nothing");
        assert_ne!(Kind::Status.read("200"), Kind::Status.read("404"));
    }
}
