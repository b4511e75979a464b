//! What a connection of step 2 makes of octets that come in pieces, told as events.
//!
//! ```text
//!   octets ──► pieces ──► Connection ──► events        each request is answered with an empty 200
//! ```
//!
//! Whatever the pieces are, the events must be the same; content is told whole, as the pieces it
//! comes in follow from the cuts. What a connection promises about itself is asserted on the way.

use super::told::{Step, Told};
use check::vector::{Event, Word};
use http_parse::{Connection, Limits, Next, ResponseHead, Status};

/// Octets that a connection holds at most with the limits it has by default: input, and what one
/// head may bring to the next.
const MOST_MEMORY: usize = (64 + 8) * 1024;

/// What was understood of a connection, and when.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// All of it.
    pub(crate) events: Vec<Event>,
    /// How much of it before the input ended, refusals left out: a line that is refused may be
    /// looked at only when it ends, but a request that is complete is not kept waiting.
    pub(crate) promptly: usize,
}

impl Heard {
    fn of(told: Told, before_the_end: usize) -> Heard {
        let refused = |event: &&Event| event.word == Word::Refused;
        let refusals = told.0[..before_the_end].iter().filter(refused).count();
        Heard {
            events: told.0,
            promptly: before_the_end - refusals,
        }
    }
}

/// Gives requests to a connection, piece by piece, then the end of input.
pub(crate) fn requests(pieces: &[&[u8]]) -> Heard {
    let mut connection = Connection::new(&Limits::default());
    let mut told = Told::default();
    for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
        let mut rest = *piece;
        while !rest.is_empty() {
            if steps(&mut connection, &mut told) == Step::Over {
                told.unread();
                let all = told.0.len();
                return Heard::of(told, all);
            }
            let space = connection.space();
            assert!(!space.is_empty(), "a connection that wants bytes has space");
            let n = space.len().min(rest.len());
            space[..n].copy_from_slice(&rest[..n]);
            connection.received(n);
            rest = &rest[n..];
        }
    }
    let step = steps(&mut connection, &mut told);
    if step == Step::Over && !connection.is_all_heard() {
        told.unread();
    }
    let before_the_end = told.0.len();
    if step == Step::NeedBytes {
        connection.received(0);
        let last = steps(&mut connection, &mut told);
        assert_eq!(last, Step::Over, "nothing is needed after the end of input");
    }
    Heard::of(told, before_the_end)
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
