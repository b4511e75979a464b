//! Vectors: what one connection is sent, and what a reader of HTTP must make of it.
//!
//! ```text
//! purpose: A line of the field section that ends in LF alone is refused at the LF.
//! source: RFC 9112 §2.2; course
//!
//! bytes:
//! GET / HTTP/1.1␍␊
//! Host: x␊
//! ␍␊
//!
//! expected:
//! refused 400 BareLf at 23
//! ```
//!
//! One file holds one vector; the file's name says what it is about. Files are read strictly: a line
//! that is not understood is a mistake with a place, never a vector that tests less than it seems to.
//!
//! What the events mean is the business of whoever replays a vector; here they are words and octets.

mod lines;
mod notation;

pub use lines::Mistake;
pub use notation::{read, show};

use crate::report::printable;
use crate::tidy;
use lines::Lines;
use std::fmt;
use std::fs;
use std::path::Path;

/// Defines the words an event can begin with, and their spelling.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident $spelling:literal)*) => {
        /// What happens, in an event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Word {
            $($(#[$doc])* $name,)*
        }

        impl Word {
            /// Every word.
            pub const ALL: &[Word] = &[$(Word::$name),*];

            /// Returns the word as it stands in a file.
            pub fn spelling(self) -> &'static str {
                match self {
                    $(Word::$name => $spelling,)*
                }
            }
        }
    };
}

words! {
    /// A head has been read: `GET /a?b HTTP/1.1`, or `HTTP/1.1 200`.
    Head "head"
    /// Whom a request is for; empty where nobody said.
    Host "host"
    /// The path of its target, still encoded.
    Path "path"
    /// The query of its target, where there is one.
    Query "query"
    /// A field line, normalised to `Name: value`.
    Field "field"
    /// How the end of the body is found: `none`, `length 5`, `chunked` or `until close`.
    Framing "framing"
    /// Content, all of it that came in a row.
    Body "body"
    /// A line of the trailer section.
    Trailer "trailer"
    /// The message is complete.
    End "end"
    /// The connection takes another request after the answer.
    Kept "kept"
    /// It does not.
    Close "close"
    /// The client goes on after that, and nobody reads it: a server may answer it with a reset.
    Unread "unread"
    /// The input ended between two requests.
    Closed "closed"
    /// The input ended, and what came of a response is no complete head.
    Partial "partial"
    /// Status, fault, and the offset of the octet at fault: `400 BareLf at 23`.
    Refused "refused"
}

/// One thing that a reader must have understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What kind of thing.
    pub word: Word,
    /// What exactly; empty where the word says it all.
    pub octets: Vec<u8>,
}

impl Event {
    /// Makes an event.
    pub fn new(word: Word, octets: impl AsRef<[u8]>) -> Event {
        Event {
            word,
            octets: octets.as_ref().to_vec(),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word.spelling())?;
        if !self.octets.is_empty() {
            write!(f, " {}", show(&self.octets))?;
        }
        Ok(())
    }
}

/// What one connection is sent, and what must be made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vector {
    /// Folder and file without its ending: `head/bare-lf-in-field-line`.
    pub name: String,
    /// One sentence.
    pub purpose: String,
    /// The documents that decide; `course` where the decision is ours.
    pub source: String,
    /// The method that the bytes are the answer to; `None` where they are requests.
    pub request: Option<String>,
    /// Everything that is sent; the input ends after it.
    pub bytes: Vec<u8>,
    /// What must be made of it, in order.
    pub expected: Vec<Event>,
}

impl Vector {
    /// Reads every vector below `folder`, sorted by name.
    ///
    /// # Errors
    /// One line for each file that is malformed, with the place.
    pub fn all(folder: &Path) -> Result<Vec<Vector>, Vec<String>> {
        let failed = |error| vec![format!("{}: {error}", folder.display())];
        let (mut vectors, mut wrong) = (Vec::new(), Vec::new());
        for path in tidy::files(folder, &[".txt"]).map_err(failed)? {
            let text = match fs::read_to_string(&path) {
                Ok(text) => text,
                Err(error) => {
                    wrong.push(format!("{}: {error}", path.display()));
                    continue;
                }
            };
            let name = path.strip_prefix(folder).unwrap_or(&path);
            let name = name.with_extension("").display().to_string();
            match Vector::parse(&name, &text) {
                Ok(vector) => vectors.push(vector),
                Err(mistake) => wrong.push(format!("{}:{mistake}", path.display())),
            }
        }
        if wrong.is_empty() {
            Ok(vectors)
        } else {
            Err(wrong)
        }
    }

    /// Reads the text of one file.
    ///
    /// # Errors
    /// The first line that is not as it must be.
    pub fn parse(name: &str, text: &str) -> Result<Vector, Mistake> {
        let mut lines = Lines::new(text)?;
        let purpose = lines.labelled("purpose: ")?;
        if !purpose.ends_with('.') {
            return lines.mistake("the purpose is a sentence");
        }
        let source = lines.labelled("source: ")?;
        let request = lines.optional("request: ");
        lines.exactly("")?;
        lines.exactly("bytes:")?;
        let mut bytes = Vec::new();
        for line in lines.block()? {
            bytes.extend(lines.octets(line)?);
        }
        lines.exactly("expected:")?;
        let mut expected = Vec::new();
        for line in lines.block()? {
            expected.push(lines.event(line)?);
        }
        if bytes.len() > MOST_OCTETS {
            return lines.mistake("a vector has 256 KiB of octets at most");
        }
        Ok(Vector {
            name: name.to_owned(),
            purpose,
            source,
            request,
            bytes,
            expected,
        })
    }

    /// Returns a command that shows what the program of step 2 makes of it; none for an answer,
    /// which that program does not read.
    pub fn command(&self) -> Option<String> {
        let printed = printable(&self.bytes);
        let command = format!("printf '{printed}' | cargo run -p step02-http-parse");
        self.request.is_none().then_some(command)
    }

    /// Tells whether it ends in a refusal.
    pub fn is_refused(&self) -> bool {
        let last = self.expected.last();
        last.is_some_and(|event| event.word == Word::Refused)
    }
}

/// Octets of one vector: enough for every limit, and few enough to be sent octet by octet.
const MOST_OCTETS: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "purpose: A test.\nsource: course\n\nbytes:\nGET␠\n␍␊\n\nexpected:\nhost\nrefused 400 BareLf at 5\n";

    #[test]
    fn a_file_is_read() {
        let vector = Vector::parse("head/a", GOOD).unwrap();
        assert_eq!(vector.bytes, b"GET \r\n");
        assert_eq!(vector.request, None);
        let command = "printf 'GET \\r\\n' | cargo run -p step02-http-parse";
        assert_eq!(vector.command().as_deref(), Some(command));
        let events: Vec<String> = vector.expected.iter().map(Event::to_string).collect();
        assert_eq!(events, ["host", "refused 400 BareLf at 5"]);
        assert!(vector.is_refused());
    }

    #[track_caller]
    fn check_mistake(from: &str, to: &str, line: usize) {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD);
        let mistake = Vector::parse("head/a", &text).unwrap_err();
        assert_eq!(mistake.line, line, "{mistake}");
    }

    #[test]
    fn a_mistake_has_its_line() {
        check_mistake("A test.", "A test", 1);
        check_mistake("purpose: ", "about: ", 1);
        check_mistake("source: course", "source:", 2);
        check_mistake("\n\nbytes", "\nbytes", 3);
        check_mistake("bytes:", "octets:", 4);
        check_mistake("bytes:\nGET␠\n␍␊\n", "bytes:\n", 5);
        check_mistake("GET␠", "GET ", 5);
        check_mistake("␍␊", "⟨2 x a⟩", 6);
        check_mistake("expected:", "expects:", 8);
        check_mistake("host", "hosts", 9);
        check_mistake("host\n", "host\n\n", 9);
        check_mistake("at 5\n", "at 5", 1);
        check_mistake("host\nrefused 400 BareLf at 5\n", "", 9);
    }

    #[test]
    fn an_answer_names_the_method_it_is_for() {
        let text = GOOD.replace("course\n", "course\nrequest: HEAD\n");
        let vector = Vector::parse("response/a", &text).unwrap();
        assert_eq!(vector.request.as_deref(), Some("HEAD"));
    }
}
