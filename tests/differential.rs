//! Requests nobody has thought of: drawn at random, and held against another parser and against ourselves.
//!
//! ```text
//!                     ┌─► parse_request_head ─┐
//!   grammar ─► spoil ─┤                       ├─► the same head, or a difference in the table
//!                     └─► httparse ───────────┘
//!   grammar ─► spoil ─► Connection, whole and cut ─► the same events
//! ```
//!
//! The same for the heads of responses, which our proxy reads, is in `differential/responses.rs`.
//!
//! We are stricter than `httparse` on purpose, and laxer in few places. Every such difference is a row
//! of `differential/differences.rs` with its reason and a vector; any other is a failure, which prints the input and a
//! seed. `ARBTEST_SEED=0x…` with one test's name repeats it.
//!
//! `FUZZ_SECONDS=60` searches for so long; without it a search is short enough for every day.

#[path = "differential/differences.rs"]
mod differences;
#[path = "differential/grammar.rs"]
mod grammar;
#[path = "vectors/replay.rs"]
mod replay;
#[path = "differential/responses.rs"]
mod responses;
#[path = "vectors/told.rs"]
mod told;

use arbtest::arbitrary::{self, Unstructured};
use arbtest::arbtest;
use check::vector::{Event, Vector, Word};
use differences::{DIFFERENCES, Refusal};
use http_parse::{Limits, Parsed, Reject, RequestHead, Version, parse_request_head};
use std::env;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How long all searches of this file take together, unless `FUZZ_SECONDS` says otherwise.
const SECONDS: u64 = 5;

/// Searches that share the time.
const SEARCHES: u32 = 3;

/// Random octets that a request is drawn from; few requests need more.
const ENTROPY: u32 = 1024;

/// Field lines that `httparse` makes room for; more than our limit.
const FIELDS: usize = 128;

/// What a head says, however it was read.
#[derive(Debug, PartialEq, Eq)]
struct Sketch {
    method: Vec<u8>,
    target: Vec<u8>,
    /// 0 or 1.
    minor: u8,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    len: usize,
}

/// What a parser makes of some octets.
#[derive(Debug, PartialEq, Eq)]
enum Seen<E> {
    Head(Sketch),
    Partial,
    Refused(E),
}

fn ours(bytes: &[u8]) -> Seen<Reject> {
    let (head, len) = match parse_request_head(bytes, &Limits::default()) {
        Ok(Parsed::Complete(head, len)) => (head, len),
        Ok(Parsed::Partial) => return Seen::Partial,
        Err(reject) => return Seen::Refused(reject),
    };
    let fields = head.fields.iter();
    Seen::Head(Sketch {
        method: head.method.as_str().into(),
        target: head.target.raw().to_vec(),
        minor: u8::from(head.version == Version::Http11),
        fields: fields
            .map(|(name, value)| (name.to_vec(), value.to_vec()))
            .collect(),
        len,
    })
}

fn theirs(bytes: &[u8]) -> Seen<httparse::Error> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    let len = match head.parse(bytes) {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) => return Seen::Partial,
        Err(error) => return Seen::Refused(error),
    };
    let fields = head.headers.iter();
    Seen::Head(Sketch {
        method: head.method.unwrap_or_default().into(),
        target: head.path.unwrap_or_default().into(),
        minor: head.version.unwrap_or_default(),
        fields: fields
            .map(|field| (field.name.into(), field.value.to_vec()))
            .collect(),
        len,
    })
}

fn difference(bytes: &[u8]) -> Option<(Refusal, usize)> {
    between(ours(bytes), theirs(bytes))
}

/// What two parsers of the same octets differ in: a refusal by one of them, and its offset where
/// it is ours.
///
/// # Panics
/// When they differ in what they read.
fn between(ours: Seen<Reject>, theirs: Seen<httparse::Error>) -> Option<(Refusal, usize)> {
    match (ours, theirs) {
        (Seen::Partial, Seen::Partial) | (Seen::Refused(_), Seen::Refused(_)) => None,
        (Seen::Refused(reject), Seen::Head(_) | Seen::Partial) => {
            Some((Refusal::Ours(reject.fault), reject.at))
        }
        (Seen::Head(_) | Seen::Partial, Seen::Refused(error)) => Some((Refusal::Theirs(error), 0)),
        (ours, theirs) => {
            assert_eq!(sketch(ours), sketch(theirs), "one octets, two heads");
            None
        }
    }
}

fn sketch<E>(seen: Seen<E>) -> Option<Sketch> {
    match seen {
        Seen::Head(sketch) => Some(sketch),
        Seen::Partial | Seen::Refused(_) => None,
    }
}

/// Shows an input when something was found with it.
struct Shown<'b>(&'b [u8]);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("input: b\"{}\"", self.0.escape_ascii());
        }
    }
}

/// Draws inputs until the time is over.
fn search(property: impl FnMut(&mut Unstructured<'_>) -> arbitrary::Result<()>) {
    let seconds = match env::var("FUZZ_SECONDS") {
        Ok(text) => text.parse().expect("FUZZ_SECONDS is a number"),
        Err(_) => SECONDS,
    };
    let budget = Duration::from_secs(seconds) / SEARCHES;
    arbtest(property).size_max(ENTROPY).budget(budget).run();
}

#[test]
fn heads_are_read_as_httparse_reads_them() {
    let (mut drawn, mut read, mut differ) = (0, 0, 0);
    search(|u| {
        let mut bytes = grammar::head(u)?;
        grammar::spoil(u, &mut bytes)?;
        let _shown = Shown(&bytes);
        if let Some(found) = difference(&bytes) {
            assert!(
                differences::row(&bytes, found).is_some(),
                "{found:?} is in no table"
            );
            differ += 1;
        }
        if let Ok(Parsed::Complete(head, _)) = parse_request_head(&bytes, &Limits::default()) {
            assert_eq!(
                written_and_read(&head),
                head,
                "a head that is forwarded stays the same"
            );
            read += 1;
        }
        drawn += 1;
        Ok(())
    });
    println!("{drawn} heads: {read} read, {differ} known differences");
}

/// What comes of a head that is written as it was understood, and read again.
fn written_and_read(head: &RequestHead) -> RequestHead {
    let mut wire = format!("{} ", head.method).into_bytes();
    wire.extend_from_slice(head.target.raw());
    wire.extend_from_slice(format!(" {}\r\n", head.version).as_bytes());
    wire.extend_from_slice(head.fields.wire());
    wire.extend_from_slice(b"\r\n");
    match parse_request_head(&wire, &Limits::default()) {
        Ok(Parsed::Complete(head, len)) if len == wire.len() => head,
        other => panic!("a head that was read cannot be written: {other:?}"),
    }
}

fn vectors() -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    Vector::all(&folder).unwrap_or_else(|wrong| panic!("{}", wrong.join("\n")))
}

#[test]
fn every_difference_has_a_vector_that_shows_it() {
    let vectors = vectors();
    for difference in DIFFERENCES {
        let vector = vectors
            .iter()
            .find(|vector| vector.name == difference.vector);
        let vector = vector.unwrap_or_else(|| panic!("no vector {}", difference.vector));
        let found = self::difference(&vector.bytes).map(|(refusal, _)| refusal);
        let reason = difference.reason;
        assert_eq!(found, Some(difference.refusal), "{}: {reason}", vector.name);
    }
}

/// Heads that were written by hand find differences that chance may not.
#[test]
fn every_vector_of_a_head_is_read_by_both_or_differs_as_the_table_says() {
    for vector in vectors().iter().filter(|vector| vector.request.is_none()) {
        if let Some(found) = difference(&vector.bytes) {
            let row = differences::row(&vector.bytes, found);
            assert!(row.is_some(), "{}: {found:?} is in no table", vector.name);
        }
    }
}

/// A parser may look at many octets at once, so what is refused in the first of them may be overlooked
/// in the ninth.
#[test]
fn every_octet_is_judged_the_same_at_every_place() {
    let head = b"GET /a/long/path/of/more/than/thirty-two/octets HTTP/1.1\r\nHost: x\r\n\
        A-Name-Of-Many-Octets: a value of more than thirty-two octets\r\n\r\n";
    let mut octets = head.to_vec();
    for at in 0..head.len() {
        for octet in 0..=u8::MAX {
            octets[at] = octet;
            let _shown = Shown(&octets);
            if let Some(found) = difference(&octets) {
                let row = differences::row(&octets, found);
                assert!(row.is_some(), "octet {at}: {found:?} is in no table");
            }
        }
        octets[at] = head[at];
    }
}

#[test]
fn no_cut_of_a_conversation_changes_what_is_heard() {
    let mut drawn = 0;
    search(|u| {
        let mut bytes = Vec::new();
        for _ in 0..u.int_in_range(1..=3)? {
            bytes.extend(grammar::request(u)?);
        }
        grammar::spoil(u, &mut bytes)?;
        let _shown = Shown(&bytes);
        let whole = replay::requests(&[&bytes]);
        check_sense(&whole.events, bytes.len());
        let cuts = grammar::cuts(u, bytes.len())?;
        let (mut pieces, mut start) = (Vec::new(), 0);
        for end in cuts.iter().copied().chain([bytes.len()]) {
            pieces.push(&bytes[start..end]);
            start = end;
        }
        assert_eq!(replay::requests(&pieces), whole, "cut at {cuts:?}");
        drawn += 1;
        Ok(())
    });
    println!("{drawn} conversations, each whole and cut");
}

/// What has to hold for the events of any conversation.
fn check_sense(events: &[Event], sent: usize) {
    let (mut content, mut promised) = (0, None);
    for (number, event) in events.iter().enumerate() {
        match event.word {
            Word::Framing => {
                let text = String::from_utf8_lossy(&event.octets).into_owned();
                let length = text.strip_prefix("length ").map(str::to_owned);
                promised = length.or_else(|| (text == "none").then(|| "0".into()));
                content = 0;
            }
            Word::Body => content += event.octets.len(),
            Word::End => {
                let promised = promised.take().unwrap_or_else(|| content.to_string());
                assert_eq!(
                    promised,
                    content.to_string(),
                    "content is as long as announced"
                );
            }
            Word::Close => {
                let mut rest = events[number + 1..].iter();
                let unread = rest.all(|event| event.word == Word::Unread);
                assert!(unread, "nothing is heard after the last");
            }
            Word::Closed | Word::Refused | Word::Unread => {
                assert_eq!(number + 1, events.len(), "nothing is heard after the last");
            }
            Word::Head | Word::Host | Word::Path | Word::Query | Word::Field => {}
            Word::Trailer | Word::Kept | Word::Partial => {}
        }
        assert!(content <= sent, "content is what was sent");
    }
}
