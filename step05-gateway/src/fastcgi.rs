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
//! One request at a time on each connection, number 1, as every server does. Not here: other roles
//! than the responder's, and questions about what an application can do, which few answer.
//!
//! Source: FastCGI Specification 1.0 (1996).

use crate::cgi_answer::{Beyond, CgiAnswer, Opening};
use crate::cgi_head::BadGateway;
use crate::environ::Environ;
use crate::protocol::{After, Heard, Protocol};
use static_files::Request;

const VERSION: u8 = 1;
const HEADER: usize = 8;
/// The one request on a connection.
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

/// One request over FastCGI.
#[derive(Debug)]
pub(crate) struct FastCgi {
    environ: Environ,
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
    pub(crate) fn new(environ: Environ, request: &Request) -> FastCgi {
        FastCgi {
            environ,
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

    /// Whatever has to be said when more octets are needed.
    fn need(&self, eof: bool) -> Result<Heard, BadGateway> {
        match (self.answer.is_whole(), eof) {
            (true, true) => Ok(Heard::End(After::Close)),
            (true, false) => Ok(Heard::Whole),
            (false, true) => Err(BadGateway::new("closed the connection before END_REQUEST")),
            (false, false) => Ok(Heard::NeedBytes),
        }
    }

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
    fn begin(&mut self, _: &Request, _: Option<u64>, out: &mut Vec<u8>) {
        record(BEGIN_REQUEST, &RESPONDER_KEEPING, out);
        let start = out.len();
        out.extend_from_slice(&[0; HEADER]);
        for (name, value) in self.environ.iter() {
            push_length(name.len(), out);
            push_length(value.len(), out);
            out.extend_from_slice(name);
            out.extend_from_slice(value);
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

fn parse_header(header: &[u8; HEADER]) -> Result<Record, BadGateway> {
    let [version, kind, id_high, id_low, high, low, padding, _] = *header;
    if version != VERSION {
        let shown = header.escape_ascii();
        let reason = format!("does not speak FastCGI: it sent \"{shown}\" for a record's header");
        return Err(BadGateway::new(reason));
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

fn header(kind: u8, content: usize) -> [u8; HEADER] {
    let [id_high, id_low] = REQUEST.to_be_bytes();
    let len = u16::try_from(content).expect("content is cut to fit a record");
    let [high, low] = len.to_be_bytes();
    [VERSION, kind, id_high, id_low, high, low, 0, 0]
}

fn record(kind: u8, content: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&header(kind, content.len()));
    out.extend_from_slice(content);
}

/// Octets of a stream in as many records as they need.
fn stream(kind: u8, octets: &[u8], out: &mut Vec<u8>) {
    for content in octets.chunks(CONTENT) {
        record(kind, content, out);
    }
}

/// The length of a name or value: one octet up to 127, four with the highest bit set beyond (§3.4).
fn push_length(len: usize, out: &mut Vec<u8>) {
    match u8::try_from(len) {
        Ok(short) if short < 0x80 => out.push(short),
        Ok(_) | Err(_) => {
            let len = u32::try_from(len).expect("a request's head is limited");
            out.extend_from_slice(&(len | 1 << 31).to_be_bytes());
        }
    }
}
