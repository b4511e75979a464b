//! What the library of step 2 makes of octets that come in pieces, told as events.
//!
//! ```text
//!   octets ──► pieces ──► Connection ──► events        requests, each answered with an empty 200
//!   octets ──► pieces ──► parse_response_head, response_framing, BodyDecoder ──► events
//! ```
//!
//! Whatever the pieces are, the events must be the same; content is told whole, as the pieces it
//! comes in follow from the cuts. What a connection promises about itself is asserted on the way.

use check::vector::{Event, Word};
use http_parse::{
    BodyDecoder, Connection, Fields, Framing, Limits, Method, Next, Parsed, Piece, Reject,
    RequestHead, ResponseHead, Status, parse_response_head, response_framing,
};

/// Octets of input that a connection holds at most with the limits it has by default.
const MOST_MEMORY: usize = 64 * 1024;

/// Events in order, content in a row joined.
#[derive(Debug, Default)]
struct Told(Vec<Event>);

impl Told {
    fn tell(&mut self, word: Word, octets: impl AsRef<[u8]>) {
        match self.0.last_mut() {
            Some(last) if word == Word::Body && last.word == Word::Body => {
                last.octets.extend_from_slice(octets.as_ref());
            }
            _ => self.0.push(Event::new(word, octets)),
        }
    }

    fn fields(&mut self, word: Word, fields: &Fields) {
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

    fn framing(&mut self, framing: Framing) {
        let text = match framing {
            Framing::None => "none".to_owned(),
            Framing::Length(octets) => format!("length {octets}"),
            Framing::Chunked => "chunked".to_owned(),
            Framing::UntilClose => "until close".to_owned(),
        };
        self.tell(Word::Framing, text);
    }

    fn request_head(&mut self, head: &RequestHead, framing: Framing) {
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

    fn end(&mut self, trailers: &Fields) {
        self.fields(Word::Trailer, trailers);
        self.tell(Word::End, "");
    }

    fn refused(&mut self, reject: Reject) {
        let (status, at) = (reject.status.code(), reject.at);
        self.tell(
            Word::Refused,
            format!("{status} {:?} at {at}", reject.fault),
        );
    }
}

/// Whether more input makes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    NeedBytes,
    Over,
}

/// Gives requests to a connection, piece by piece, then the end of input.
pub(crate) fn requests(pieces: &[&[u8]]) -> Vec<Event> {
    let mut connection = Connection::new(&Limits::default());
    let mut told = Told::default();
    for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
        let mut rest = *piece;
        while !rest.is_empty() {
            if steps(&mut connection, &mut told) == Step::Over {
                return told.0;
            }
            let space = connection.space();
            assert!(!space.is_empty(), "a connection that wants bytes has space");
            let n = space.len().min(rest.len());
            space[..n].copy_from_slice(&rest[..n]);
            connection.received(n);
            rest = &rest[n..];
        }
    }
    if steps(&mut connection, &mut told) == Step::NeedBytes {
        connection.received(0);
        let last = steps(&mut connection, &mut told);
        assert_eq!(last, Step::Over, "nothing is needed after the end of input");
    }
    told.0
}

/// Takes every step that the octets received so far allow.
fn steps(connection: &mut Connection, told: &mut Told) -> Step {
    loop {
        assert!(connection.memory() <= MOST_MEMORY, "input is bounded");
        match connection.next() {
            Ok(Next::Head(head)) => told.request_head(&head, connection.framing()),
            Ok(Next::Body) => {
                told.tell(Word::Body, connection.body());
                connection.consume(connection.body().len());
            }
            Ok(Next::End(trailers)) => told.end(&trailers),
            Ok(Next::NeedBytes) => {
                assert!(connection.wants_bytes(), "what is needed is wanted");
                return Step::NeedBytes;
            }
            Ok(Next::Paused) => {
                answer(connection, Status::OK);
                if !connection.next_request() {
                    told.tell(Word::Close, "");
                    return Step::Over;
                }
                told.tell(Word::Kept, "");
            }
            Ok(Next::Closed) => {
                told.tell(Word::Closed, "");
                return Step::Over;
            }
            Err(reject) => {
                told.refused(reject);
                assert_eq!(connection.next(), Err(reject), "a refusal stays");
                assert!(!connection.wants_bytes(), "nothing is read after a refusal");
                answer(connection, reject.status);
                assert!(!connection.next_request(), "nothing follows a refusal");
                return Step::Over;
            }
        }
    }
}

fn answer(connection: &mut Connection, status: Status) {
    let mut out = Vec::new();
    let mut head = ResponseHead::new(status);
    head.fields.push("Content-Length", "0");
    connection.start(&head, &mut out);
    connection.finish(&mut out).expect("nothing was promised");
}

/// Reads the answer to a request of that method, as it comes in pieces, up to the end of input.
pub(crate) fn response(method: &str, pieces: &[&[u8]]) -> Vec<Event> {
    let method = method_of(method);
    let (mut reader, mut told) = (Reader::new(method), Told::default());
    for piece in pieces {
        reader.front.extend_from_slice(piece);
        if reader.steps(&mut told) == Step::Over {
            return told.0;
        }
    }
    reader.eof = true;
    let last = reader.steps(&mut told);
    assert_eq!(last, Step::Over, "nothing is needed after the end of input");
    told.0
}

/// The methods that decide about a response's framing, and one for all others.
fn method_of(name: &str) -> Method {
    match name {
        "HEAD" => Method::Head,
        "CONNECT" => Method::Connect,
        _ => Method::Get,
    }
}

/// A client's side of one answer.
struct Reader {
    method: Method,
    /// Octets that have come and are not dealt with.
    front: Vec<u8>,
    eof: bool,
    body: Option<BodyDecoder>,
}

impl Reader {
    fn new(method: Method) -> Reader {
        Reader {
            method,
            front: Vec::new(),
            eof: false,
            body: None,
        }
    }

    fn steps(&mut self, told: &mut Told) -> Step {
        let outcome = match self.body {
            None => self.head(told),
            Some(_) => self.content(told),
        };
        outcome.unwrap_or_else(|reject| {
            told.refused(reject);
            Step::Over
        })
    }

    fn head(&mut self, told: &mut Told) -> Result<Step, Reject> {
        let limits = Limits::default();
        let (head, len) = match parse_response_head(&self.front, &limits)? {
            Parsed::Complete(head, len) => (head, len),
            Parsed::Partial if self.eof => {
                told.tell(Word::Partial, "");
                return Ok(Step::Over);
            }
            Parsed::Partial => return Ok(Step::NeedBytes),
        };
        let status = head.status.code();
        told.tell(Word::Head, format!("{} {status}", head.version));
        told.fields(Word::Field, &head.fields);
        self.front.drain(..len);
        let framing = response_framing(&self.method, &head)?;
        told.framing(framing);
        self.body = Some(BodyDecoder::new(framing, &limits));
        self.content(told)
    }

    fn content(&mut self, told: &mut Told) -> Result<Step, Reject> {
        let Some(decoder) = &mut self.body else {
            return Ok(Step::NeedBytes);
        };
        loop {
            let n = match decoder.next(&self.front, self.eof)? {
                Piece::Skip(n) => n,
                Piece::Data(n) => {
                    told.tell(Word::Body, &self.front[..n]);
                    n
                }
                Piece::NeedBytes => return Ok(Step::NeedBytes),
                Piece::End(trailers) => {
                    told.end(&trailers);
                    return Ok(Step::Over);
                }
            };
            decoder.advance(n);
            self.front.drain(..n);
        }
    }
}
