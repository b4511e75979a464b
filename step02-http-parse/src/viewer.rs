//! A server that answers nothing and tells everything: the heart of this step's program.
//!
//! It goes from step to step exactly as a server does, with the three parts of the library that
//! decide: the head's parser, the framing, the body's decoder. Bytes are given to it and lines of
//! text are taken from it, so it does no I/O either.

use http_parse::{
    BodyDecoder, Fault, Fields, Framing, Limits, Parsed, Piece, Reject, RequestHead,
    parse_request_head, request_framing,
};
use std::mem;

/// Octets already dealt with that are kept, to be shown to the left of a caret.
const CONTEXT: usize = 32;

/// What is expected at the front.
enum Stage {
    Head,
    Body {
        decoder: BodyDecoder,
        /// Length of the head: the decoder's offsets begin after it.
        head: usize,
        /// The stage after the body.
        then: Then,
    },
    Closed,
}

/// What becomes of the connection after the request.
#[derive(Clone, Copy)]
enum Then {
    Keep,
    Close,
}

/// Whether the bytes at hand may say more.
enum Progress {
    Again,
    Wait,
}

/// A server that answers nothing and tells everything.
pub(crate) struct Viewer {
    limits: Limits,
    stage: Stage,
    /// Octets read and not dealt with; few, as the parser decides within its limits.
    front: Vec<u8>,
    /// Offset of the first of them in the request.
    offset: usize,
    /// The octets before them, [`CONTEXT`] at most.
    context: Vec<u8>,
    /// Lines for the reader that have not been printed yet.
    told: String,
}

impl Viewer {
    pub(crate) fn new() -> Viewer {
        Viewer {
            limits: Limits::default(),
            stage: Stage::Head,
            front: Vec::new(),
            offset: 0,
            context: Vec::new(),
            told: String::new(),
        }
    }

    /// Takes what one read has brought, and every step that follows from it.
    pub(crate) fn received(&mut self, bytes: &[u8]) -> Result<(), Reject> {
        let at = self.offset + self.front.len();
        match bytes {
            [] => self.tell(at, 0, "the input ends"),
            _ => self.tell(at, bytes.len(), "read"),
        }
        self.front.extend_from_slice(bytes);
        loop {
            let progress = match self.stage {
                Stage::Head => self.head(bytes.is_empty())?,
                Stage::Body { .. } => self.body(bytes.is_empty())?,
                Stage::Closed => Progress::Wait,
            };
            if let Progress::Wait = progress {
                return Ok(());
            }
        }
    }

    /// Takes the lines that have not been printed yet.
    pub(crate) fn take_told(&mut self) -> String {
        mem::take(&mut self.told)
    }

    /// Tells whether nothing more will be read: a request has asked for the end.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.stage, Stage::Closed)
    }

    fn head(&mut self, eof: bool) -> Result<Progress, Reject> {
        let (head, length) = match parse_request_head(&self.front, &self.limits)? {
            Parsed::Complete(head, length) => (head, length),
            Parsed::Partial if !eof => return Ok(Progress::Wait),
            Parsed::Partial if self.front.iter().all(|octet| b"\r\n".contains(octet)) => {
                return Ok(Progress::Wait);
            }
            Parsed::Partial => return Err(refusal(Fault::HeadCutOff, self.front.len())),
        };
        let framing = request_framing(&head)?;
        self.tell(0, length, "head");
        self.tell_head(&head, framing);
        self.pass(length);
        self.stage = Stage::Body {
            decoder: BodyDecoder::new(framing, &self.limits),
            head: length,
            then: if head.keeps_alive() {
                Then::Keep
            } else {
                Then::Close
            },
        };
        Ok(Progress::Again)
    }

    fn body(&mut self, eof: bool) -> Result<Progress, Reject> {
        let Stage::Body {
            decoder,
            head,
            then,
        } = &mut self.stage
        else {
            return Ok(Progress::Wait);
        };
        let (head, then) = (*head, *then);
        let piece = decoder.next(&self.front, eof).map_err(|reject| Reject {
            at: reject.at + head,
            ..reject
        })?;
        let (n, what) = match piece {
            Piece::Skip(n) => (n, "framing"),
            Piece::Data(n) => (n, "content"),
            Piece::NeedBytes => return Ok(Progress::Wait),
            Piece::End(trailers) => {
                self.end(&trailers, then);
                return Ok(Progress::Again);
            }
        };
        decoder.advance(n);
        let line = format!("{what}  {}", excerpt(&self.front[..n]));
        self.tell(self.offset, n, &line);
        self.pass(n);
        Ok(Progress::Again)
    }

    fn end(&mut self, trailers: &Fields, then: Then) {
        self.tell(self.offset, 0, "end");
        self.tell_fields("trailer", trailers);
        self.stage = match then {
            Then::Keep => {
                self.tell_detail("connection", "kept for the next request");
                self.offset = 0;
                self.context.clear();
                Stage::Head
            }
            Then::Close => {
                self.tell_detail("connection", "closed after the response");
                Stage::Closed
            }
        };
    }

    /// Drops octets from the front, and remembers the last of them.
    fn pass(&mut self, n: usize) {
        self.context.extend(self.front.drain(..n));
        let surplus = self.context.len().saturating_sub(CONTEXT);
        self.context.drain(..surplus);
        self.offset += n;
    }

    fn tell(&mut self, at: usize, octets: usize, what: &str) {
        self.told += &format!("{at:>8} {octets:>6}  {what}\n");
    }

    fn tell_detail(&mut self, name: &str, value: &str) {
        self.told += &format!("{:>17}{name:<11} {value}\n", "");
    }

    fn tell_head(&mut self, head: &RequestHead, framing: Framing) {
        let RequestHead {
            method,
            target,
            version,
            fields,
        } = head;
        self.tell_detail("method", method.as_str());
        self.tell_detail(
            "target",
            &format!("{} ({:?} form)", target.raw().escape_ascii(), target.form()),
        );
        self.tell_detail("path", &target.path().escape_ascii().to_string());
        if let Some(query) = target.query() {
            self.tell_detail("query", &query.escape_ascii().to_string());
        }
        self.tell_detail("version", &version.to_string());
        self.tell_fields("field", fields);
        let framing = match framing {
            Framing::None => "none: neither Content-Length nor Transfer-Encoding".to_owned(),
            Framing::Length(octets) => format!("{octets} octets: Content-Length"),
            Framing::Chunked => "in chunks: Transfer-Encoding".to_owned(),
            Framing::UntilClose => "until the connection closes".to_owned(),
        };
        self.tell_detail("body", &framing);
    }

    fn tell_fields(&mut self, what: &str, fields: &Fields) {
        for (name, value) in fields.iter() {
            let line = format!("{}: {}", name.escape_ascii(), value.escape_ascii());
            self.tell_detail(what, &line);
        }
    }

    /// Shows the octets around the one at fault, with a caret under it.
    pub(crate) fn tell_refusal(&mut self, reject: Reject) {
        let before_front = [&self.context[..], &self.front].concat();
        let at = (self.context.len() + reject.at)
            .saturating_sub(self.offset)
            .min(before_front.len());
        let (before, after) = before_front.split_at(at);
        let before = before[at.saturating_sub(CONTEXT)..]
            .escape_ascii()
            .to_string();
        let after = after[..after.len().min(CONTEXT)].escape_ascii();
        let indent = " ".repeat(before.len());
        self.tell(
            reject.at,
            0,
            &format!("refused: {} ({:?})", reject.status, reject.fault),
        );
        self.told += &format!(
            "\n    {before}{after}\n    {indent}^\n{}\n",
            reject.fault.explain()
        );
    }
}

fn refusal(fault: Fault, at: usize) -> Reject {
    Reject {
        status: fault.status(),
        fault,
        at,
    }
}

/// Shows octets as they would be typed, and of many only the first.
fn excerpt(octets: &[u8]) -> String {
    let shown = &octets[..octets.len().min(CONTEXT)];
    let more = if shown.len() < octets.len() {
        " …"
    } else {
        ""
    };
    format!("{}{more}", shown.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything told about an input that comes in one read.
    fn told(input: &str) -> String {
        let mut viewer = Viewer::new();
        let outcome = viewer.received(input.as_bytes());
        let outcome = outcome.and_then(|()| viewer.received(b""));
        if let Err(reject) = outcome {
            viewer.tell_refusal(reject);
        }
        viewer.take_told()
    }

    #[track_caller]
    fn check_line(input: &str, line: &str) {
        let told = told(input);
        assert!(told.lines().any(|it| it == line), "no {line:?} in\n{told}");
    }

    /// What stands above and at the caret.
    #[track_caller]
    fn check_caret(input: &str, before: &str, at: &str) {
        let told = told(input);
        let lines: Vec<&str> = told.lines().collect();
        let caret = lines
            .iter()
            .position(|line| line.trim() == "^")
            .expect("a caret");
        let (left, right) = lines[caret - 1].split_at(lines[caret].len() - 1);
        assert!(
            left.ends_with(before) && right.starts_with(at),
            "{left} | {right}"
        );
    }

    #[test]
    fn each_part_of_a_request_is_told_with_its_offset() {
        let input = "POST /a?b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nT: 1\r\n\r\n";
        check_line(input, "       0     59  head");
        check_line(input, "                 path        /a");
        check_line(input, "                 query       b");
        check_line(
            input,
            "                 body        in chunks: Transfer-Encoding",
        );
        check_line(input, "      59      3  framing  2\\r\\n");
        check_line(input, "      62      2  content  hi");
        check_line(input, "                 trailer     T: 1");
        check_line(
            input,
            "                 connection  kept for the next request",
        );
    }

    #[test]
    fn the_caret_stands_under_the_octet_at_fault() {
        check_caret("GET / HTTP/1.1\nHost: x\n\n", "HTTP/1.1", "\\n");
        check_caret("\x16\x03\x01", "", "\\x16");
        check_caret("GET / HTTP/1.1\r\nHost : x\r\n\r\n", "\\r\\nHost", " : x");
        check_caret("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1\\r\\n", "\\r\\n");
        let chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        check_caret(&format!("{chunked}2\r\nhi!\r\n"), "2\\r\\nhi", "!\\r\\n");
        check_caret(&format!("{chunked}2\r\nhi"), "2\\r\\nhi", "");
    }

    #[test]
    fn nothing_is_read_after_the_request_that_closes() {
        let mut viewer = Viewer::new();
        viewer.received(b"GET / HTTP/1.0\r\n\r\nGET").unwrap();
        assert!(viewer.is_closed());
    }
}
