//! What was understood, as the events of a vector.

use check::vector::{Event, Word};
use http_parse::{Fields, Framing, Reject, RequestHead};

/// Events in order, content in a row joined.
#[derive(Debug, Default)]
pub(crate) struct Told(pub(crate) Vec<Event>);

impl Told {
    /// Adds an event; content joins the content before it.
    pub(crate) fn tell(&mut self, word: Word, octets: impl AsRef<[u8]>) {
        match self.0.last_mut() {
            Some(last) if word == Word::Body && last.word == Word::Body => {
                last.octets.extend_from_slice(octets.as_ref());
            }
            _ => self.0.push(Event::new(word, octets)),
        }
    }

    /// Adds a line for each field.
    pub(crate) fn fields(&mut self, word: Word, fields: &Fields) {
        for (name, value) in fields.iter() {
            let mut line = name.to_vec();
            line.push(b':');
            if !value.is_empty() {
                line.push(b' ');
                line.extend_from_slice(value);
            }
            self.tell(word, line);
        }
    }

    /// Says how the end of the body is found.
    pub(crate) fn framing(&mut self, framing: Framing) {
        let text = match framing {
            Framing::None => "none".to_owned(),
            Framing::Length(octets) => format!("length {octets}"),
            Framing::Chunked => "chunked".to_owned(),
            Framing::UntilClose => "until close".to_owned(),
        };
        self.tell(Word::Framing, text);
    }

    /// Tells all about the head of a request.
    pub(crate) fn request_head(&mut self, head: &RequestHead, framing: Framing) {
        let method = head.method.as_str().as_bytes();
        let version = head.version.to_string();
        let line = [method, head.target.raw(), version.as_bytes()].join(&b' ');
        self.tell(Word::Head, line);
        self.tell(Word::Host, head.host());
        self.tell(Word::Path, head.target.path());
        if let Some(query) = head.target.query() {
            self.tell(Word::Query, query);
        }
        self.fields(Word::Field, &head.fields);
        self.framing(framing);
    }

    /// Ends a message, with its trailers.
    pub(crate) fn end(&mut self, trailers: &Fields) {
        self.fields(Word::Trailer, trailers);
        self.tell(Word::End, "");
    }

    /// Says that something came behind the last request, unless that was refused: then nobody asks.
    pub(crate) fn unread(&mut self) {
        if self.0.last().is_some_and(|last| last.word == Word::Close) {
            self.tell(Word::Unread, "");
        }
    }

    /// Refuses a message.
    pub(crate) fn refused(&mut self, reject: Reject) {
        let (status, at) = (reject.status.code(), reject.at);
        self.tell(
            Word::Refused,
            format!("{status} {:?} at {at}", reject.fault),
        );
    }
}

/// Whether more input makes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It may.
    NeedBytes,
    /// There is nothing more to say.
    Over,
}
