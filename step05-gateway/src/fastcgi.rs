//! FastCGI: CGI's words in records, over a connection that can be kept.
//!
//! ```text
//!     BEGIN_REQUEST ─ PARAMS… ─ PARAMS(empty) ─ STDIN… ─ STDIN(empty)   ──►
//!     ◄── STDOUT… (STDERR…) ─ END_REQUEST
//!
//!     a record:  version=1  type  request id ×2  length ×2  padding  0  │ content │ padding
//! ```
//!
//! Records are at most 65,535 octets long and need not be whole to be understood: their content is
//! passed on as it comes. The end of a response is a record of its own, so an application that dies
//! is told from one that has finished.
//!
//! A request is number 1, as with every server, alone on its connection; where several share one,
//! they get other numbers on the way (`numbers`). Not here: other roles than the responder's, and
//! questions about what an application can do, which few answer.
//!
//! Source: FastCGI Specification 1.0 (1996).

mod numbers;
mod records;

pub(crate) use numbers::{Part, Sorter, abort, renumber};

use crate::cgi_answer::{Beyond, CgiAnswer, Opening};
use crate::cgi_head::BadGateway;
use crate::environ::Environ;
use crate::protocol::{After, Heard, Protocol};
use records::{header, push_pair, record, stream};
use static_files::Request;

const VERSION: u8 = 1;
const HEADER: usize = 8;
/// The request's number, as far as is known here.
const REQUEST: u16 = 1;

const BEGIN_REQUEST: u8 = 1;
const END_REQUEST: u8 = 3;
const PARAMS: u8 = 4;
const STDIN: u8 = 5;
const STDOUT: u8 = 6;
const STDERR: u8 = 7;

/// Role 1 (responder), flag 1: the connection stays open after the request (§5.1).
const RESPONDER_KEEPING: [u8; 8] = [0, 1, 1, 0, 0, 0, 0, 0];

/// Octets of an END_REQUEST's content (§5.5).
const END: usize = 8;

/// Most octets of content we put into a record: the next multiple of 8 below 65,536, so that
/// records stay aligned without padding.
const CONTENT: usize = 65_528;

/// What is done about content in chunks, whose length nobody knows beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chunks {
    /// It is sent as it comes, and ends with an empty record.
    Streamed,
    /// It is counted first: PHP reads no octet that CONTENT_LENGTH has not announced.
    Counted,
}

/// One request over FastCGI.
#[derive(Debug)]
pub(crate) struct FastCgi {
    environ: Environ,
    chunks: Chunks,
    answer: CgiAnswer,
    record: Record,
    last: Last,
    /// After END_REQUEST: what may be done with the connection.
    over: Option<After>,
}

/// The record that is coming in.
#[derive(Debug, Clone, Copy)]
struct Record {
    kind: Kind,
    /// Octets of content that have not come.
    left: usize,
    /// Octets of padding behind it.
    padding: usize,
}

/// What may come from an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Stdout,
    Stderr,
    End,
    /// About no request: an answer to a question that we do not ask (§4).
    Management,
}

/// What was heard last, to know what is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Header,
    Padding,
    /// Content of a record that is dealt with.
    Content,
    /// Content of a record that is part of the answer.
    Answer,
    /// A record's content and padding.
    Record,
}

impl FastCgi {
    /// A request that these variables describe.
    pub(crate) fn new(environ: Environ, request: &Request, chunks: Chunks) -> FastCgi {
        FastCgi {
            environ,
            chunks,
            answer: CgiAnswer::new(request.method().clone(), Opening::Fields),
            record: Record {
                kind: Kind::Management,
                left: 0,
                padding: 0,
            },
            last: Last::Header,
            over: None,
        }
    }

    // ANCHOR: need
    /// Whatever has to be said when more octets are needed.
    fn need(&self, eof: bool) -> Result<Heard, BadGateway> {
        match (self.answer.is_whole(), eof) {
            (true, true) => Ok(Heard::End(After::Close)),
            (true, false) => Ok(Heard::Whole),
            (false, true) => Err(BadGateway::new("closed the connection before END_REQUEST")),
            (false, false) => Ok(Heard::NeedBytes),
        }
    }
    // ANCHOR_END: need

    fn hear_content(&mut self, front: &[u8], eof: bool) -> Result<Heard, BadGateway> {
        let content = &front[..front.len().min(self.record.left)];
        if content.is_empty() {
            return self.need(eof);
        }
        self.last = Last::Content;
        match self.record.kind {
            Kind::Stdout => {
                self.last = Last::Answer;
                self.answer.hear(content)
            }
            Kind::Stderr => Ok(Heard::Complaint {
                skip: 0,
                len: content.len(),
            }),
            Kind::Management => Ok(Heard::Skip(content.len())),
            Kind::End => {
                let whole = self.record.left + self.record.padding;
                if front.len() < whole {
                    return self.need(eof);
                }
                match self.judge(content[4])? {
                    Heard::End(after) => self.over = Some(after),
                    instead => return Ok(instead),
                }
                self.last = Last::Record;
                Ok(Heard::Skip(whole))
            }
        }
    }

    /// Judges an END_REQUEST by its protocolStatus (§5.5). What the application itself exits with
    /// is not looked at: PHP says 3 after a good page whose script wanted it so.
    fn judge(&self, status: u8) -> Result<Heard, BadGateway> {
        match status {
            0 => Ok(Heard::End(match self.answer.end()? {
                Beyond::Nothing => After::Keep,
                Beyond::Something => After::Close,
            })),
            2 if self.answer.is_awaited() => Ok(Heard::Overloaded),
            1 => Err(BadGateway::new(
                "serves one request a connection, and had one",
            )),
            3 => Err(BadGateway::new(
                "does not answer requests (it is no responder)",
            )),
            other => {
                let reason = format!("ended with the protocol status {other}");
                Err(BadGateway::new(reason))
            }
        }
    }
}

impl Protocol for FastCgi {
    // ANCHOR: begin
    fn begin(&mut self, _: &Request, length: Option<u64>, out: &mut Vec<u8>) {
        /// Headers, and the two lengths of each pair, mostly of one octet each.
        const AROUND: usize = 256;
        out.reserve(self.environ.octets() + AROUND);
        record(BEGIN_REQUEST, &RESPONDER_KEEPING, out);
        let start = out.len();
        out.extend_from_slice(&[0; HEADER]);
        if let Some(length @ 1..) = length
            && self.environ.get("CONTENT_LENGTH").is_none()
        {
            push_pair(b"CONTENT_LENGTH", length.to_string().as_bytes(), out);
        }
        for (name, value) in self.environ.iter() {
            push_pair(name, value, out);
        }
        let content = start + HEADER;
        if out.len() - content <= CONTENT {
            let header = header(PARAMS, out.len() - content);
            out[start..content].copy_from_slice(&header);
        } else {
            // The variables are one stream, which is cut without regard to what is in it (§3.3).
            let pairs = out.split_off(content);
            out.truncate(start);
            stream(PARAMS, &pairs, out);
        }
        record(PARAMS, &[], out);
    }
    // ANCHOR_END: begin

    fn body(&mut self, data: &[u8], out: &mut Vec<u8>) {
        stream(STDIN, data, out);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        record(STDIN, &[], out);
    }

    fn hear(&mut self, front: &[u8], eof: bool) -> Result<Heard, BadGateway> {
        if let Some(after) = self.over {
            return Ok(Heard::End(after));
        }
        if self.record.left > 0 {
            return self.hear_content(front, eof);
        }
        if self.record.padding > 0 && !front.is_empty() {
            self.last = Last::Padding;
            return Ok(Heard::Skip(front.len().min(self.record.padding)));
        }
        let Some(header) = front.first_chunk() else {
            return self.need(eof);
        };
        self.record = parse_header(header)?;
        self.last = Last::Header;
        Ok(Heard::Skip(HEADER))
    }

    fn needs_length(&self) -> bool {
        self.chunks == Chunks::Counted
    }

    /// An application that is cut off may take its process with it, and most cannot be told that
    /// nobody listens any more (ABORT_REQUEST, §5.4).
    fn hears_out(&self) -> bool {
        true
    }

    fn took(&mut self, n: usize) {
        match self.last {
            Last::Header => {}
            Last::Record => (self.record.left, self.record.padding) = (0, 0),
            Last::Padding => self.record.padding -= n,
            Last::Content => self.record.left -= n,
            Last::Answer => {
                self.record.left -= n;
                self.answer.took(n);
            }
        }
    }
}

fn no_fastcgi(header: &[u8; HEADER]) -> BadGateway {
    let shown = header.escape_ascii();
    let reason = format!("does not speak FastCGI: it sent \"{shown}\" for a record's header");
    BadGateway::new(reason)
}

fn parse_header(header: &[u8; HEADER]) -> Result<Record, BadGateway> {
    let [version, kind, id_high, id_low, high, low, padding, _] = *header;
    if version != VERSION {
        return Err(no_fastcgi(header));
    }
    let id = u16::from_be_bytes([id_high, id_low]);
    let left = usize::from(u16::from_be_bytes([high, low]));
    let kind = match (kind, id) {
        (_, 0) => Kind::Management,
        (STDOUT, REQUEST) => Kind::Stdout,
        (STDERR, REQUEST) => Kind::Stderr,
        (END_REQUEST, REQUEST) if left == END => Kind::End,
        _ => {
            let reason = format!("sent a record of type {kind} for request {id}");
            return Err(BadGateway::new(reason));
        }
    };
    let padding = usize::from(padding);
    Ok(Record {
        kind,
        left,
        padding,
    })
}

#[cfg(test)]
mod tests {
    use super::records::push_length;
    use super::*;
    use crate::speaking::{self, environ, request, story};

    fn asked(line: &str) -> FastCgi {
        let request = request(&format!("{line} HTTP/1.1\nHost: a"));
        FastCgi::new(environ(&request), &request, Chunks::Streamed)
    }

    fn padded(kind: u8, content: &[u8], padding: u8) -> Vec<u8> {
        let mut octets = header(kind, content.len()).to_vec();
        octets[6] = padding;
        octets.extend_from_slice(content);
        octets.resize(octets.len() + usize::from(padding), b'#');
        octets
    }

    fn out(content: &str) -> Vec<u8> {
        padded(STDOUT, content.as_bytes(), 0)
    }

    fn end(status: u8) -> Vec<u8> {
        padded(END_REQUEST, &[0, 0, 0, 3, status, 0, 0, 0], 0)
    }

    #[track_caller]
    fn check(line: &str, records: &[Vec<u8>], expected: &str) {
        speaking::check(|| asked(line), &records.concat(), expected);
    }

    #[test]
    fn an_answer_is_heard_however_it_is_cut() {
        let head = "Status: 404\r\nContent-Type: a/b\r\n\r\n";
        let page = out(&format!("{head}gone"));
        check(
            "GET /",
            &[page, end(0)],
            "(404 Content-Type: a/b; )gone|Keep",
        );
    }

    #[test]
    fn a_head_may_be_in_many_records_with_anything_between() {
        check(
            "GET /",
            &[
                out("Status: 2"),
                padded(STDERR, b"oh!", 5),
                padded(STDOUT, b"01\n", 7),
                padded(STDOUT, b"", 3),
                out("\nhel"),
                padded(STDERR, b"\n", 0),
                padded(STDOUT, b"lo", 255),
                padded(END_REQUEST, &[0; 8], 8),
            ],
            "[oh!](201 )hel[\\n]lo|Keep",
        );
    }

    #[test]
    fn records_about_no_request_are_passed_over() {
        let mut other = padded(11, &[77; 8], 4);
        other[3] = 0;
        check(
            "GET /",
            &[other, out("Status: 204\n\n"), end(0)],
            "(204 )|Keep",
        );
    }

    #[test]
    fn a_promise_is_kept_to_the_letter() {
        let head = "Status: 200\nContent-Length: 5\n\n";
        let told = "(200 Content-Length: 5; )";
        for (rest, expected) in [
            ("hello", "hello|Keep"),
            ("hello!", "hello|Close"),
            ("hell", "hell|ended 1 octets short of its Content-Length"),
        ] {
            let page = out(&format!("{head}{rest}"));
            check("GET /", &[page, end(0)], &format!("{told}{expected}"));
        }
        check("HEAD /", &[out(head), end(0)], &format!("{told}|Keep"));
        let page = out(&format!("{head}hello"));
        check("HEAD /", &[page, end(0)], &format!("{told}|Keep"));
    }

    #[test]
    fn a_connection_that_ends_first_is_told_from_an_answer_that_ends() {
        let page = [out("Status: 200\n\nhalf"), end(0)].concat();
        for len in 0..page.len() {
            let story = story(asked("GET /"), &page[..len], usize::MAX, usize::MAX);
            assert!(
                story.ends_with("|closed the connection before END_REQUEST"),
                "{story}"
            );
        }
        // What was promised has come: nobody misses the record.
        let page = out("Status: 200\nContent-Length: 2\n\nok");
        check("GET /", &[page], "(200 Content-Length: 2; )ok|Close");
    }

    #[test]
    fn ends_without_an_answer_say_why() {
        for (status, expected) in [
            (0, "|ended without an answer"),
            (1, "|serves one request a connection, and had one"),
            (2, "|Overloaded"),
            (3, "|does not answer requests (it is no responder)"),
            (9, "|ended with the protocol status 9"),
        ] {
            check("GET /", &[end(status)], expected);
        }
    }

    #[test]
    fn what_is_no_record_for_us_is_refused() {
        let http = b"HTTP/1.1 400 Bad Request\r\n".to_vec();
        check(
            "GET /",
            &[http],
            "|does not speak FastCGI: it sent \"HTTP/1.1\" for a record's header",
        );
        let mut second = out("x");
        second[3] = 2;
        check("GET /", &[second], "|sent a record of type 6 for request 2");
        check(
            "GET /",
            &[padded(5, b"x", 0)],
            "|sent a record of type 5 for request 1",
        );
    }

    #[test]
    fn lengths_take_one_octet_or_four() {
        for (len, expected) in [
            (0, vec![0]),
            (127, vec![127]),
            (128, vec![0x80, 0, 0, 128]),
            (65_535, vec![0x80, 0, 0xFF, 0xFF]),
        ] {
            let mut out = Vec::new();
            push_length(len, &mut out);
            assert_eq!(out, expected);
        }
    }

    /// The kinds and contents of records.
    fn taken_apart(mut octets: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let mut records = Vec::new();
        while let Some((header, rest)) = octets.split_first_chunk::<HEADER>() {
            let len = usize::from(u16::from_be_bytes([header[4], header[5]]));
            records.push((header[1], rest[..len].to_vec()));
            octets = &rest[len..];
        }
        records
    }

    #[test]
    fn variables_beyond_one_record_are_one_stream_in_several() {
        let cookie = "c".repeat(7000);
        let fields: String = (0..4).map(|n| format!("\nX-{n}: {cookie}")).collect();
        let request = request(&format!(
            "GET /{0}?{0} HTTP/1.1\nHost: a{fields}",
            "p".repeat(3000)
        ));
        let environ = environ(&request);
        let mut larger = environ.clone();
        for _ in 0..2 {
            larger = larger.twice();
        }
        for environ in [environ, larger] {
            let mut octets = Vec::new();
            FastCgi::new(environ.clone(), &request, Chunks::Streamed).begin(
                &request,
                Some(0),
                &mut octets,
            );
            let records = taken_apart(&octets);
            assert_eq!(records[0].0, BEGIN_REQUEST);
            assert_eq!(records.last(), Some(&(PARAMS, Vec::new())));
            let stream: Vec<u8> = records[1..]
                .iter()
                .flat_map(|(_, part)| part.clone())
                .collect();
            let mut expected = Vec::new();
            for (name, value) in environ.iter() {
                push_pair(name, value, &mut expected);
            }
            assert_eq!(records.len(), 2 + expected.len().div_ceil(CONTENT));
            assert!(
                stream == expected,
                "{} and {}",
                stream.len(),
                expected.len()
            );
        }
    }

    #[test]
    fn content_is_cut_into_records_and_ended_with_an_empty_one() {
        let mut fastcgi = asked("POST /");
        let mut out = Vec::new();
        fastcgi.body(&vec![b'x'; CONTENT + 1], &mut out);
        Protocol::end(&mut fastcgi, &mut out);
        let lengths: Vec<(u8, usize)> = taken_apart(&out)
            .into_iter()
            .map(|(kind, content)| (kind, content.len()))
            .collect();
        assert_eq!(lengths, [(STDIN, CONTENT), (STDIN, 1), (STDIN, 0)]);
    }
}
