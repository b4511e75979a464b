//! The head of a program's answer (RFC 3875 §6), which CGI, FastCGI and SCGI share.
//!
//! It looks like HTTP and is not: there is no status line, lines may end in LF alone, and three
//! fields are orders to the server.
//!
//! ```text
//!     Status: 404 Not Found         the status; 200 without it
//!     Location: http://…            a redirect for the client; 302 unless Status says otherwise
//!     Location: /other              alone: the server itself is to answer with /other
//!     Content-Type: text/html       one of these three must be there
//! ```
//!
//! This module decides what the program said and refuses what it cannot have meant. It does not
//! read the program's output, and it does not count its content.

mod lines;

use http_parse::{Fields, Parsed, ResponseHead, Status};
use lines::{at_most_once, content_length, parse_fields, parse_status, shown, status};
use std::error::Error;
use std::fmt;
use std::io;

/// Most octets of a head, its last empty line included. Programs set a few cookies, not books.
pub const HEAD_LIMIT: usize = 64 * 1024;

/// Fields by which a program would interfere with the connection, which is the server's
/// (RFC 3875 §6.3.4, RFC 9110 §7.6.1), and its Status, which is an order to the server.
const DROPPED: [&str; 8] = [
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "Status",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
];

/// What a program answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A response for the client. `length` is what its Content-Length promised, which is then to
    /// be enforced.
    Client {
        /// Status and fields, without those that are not the program's to set.
        head: ResponseHead,
        /// Octets of content, where the program has said it.
        length: Option<u64>,
    },
    /// The server is to answer with this path and query of its own (RFC 3875 §6.2.2).
    Local(Box<[u8]>),
}

/// Why a program's answer is no answer. The client sees 502, the server's log sees the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadGateway {
    /// What is wrong, as the end of a sentence that begins with the program's name.
    pub reason: String,
}

impl BadGateway {
    pub(crate) fn new(reason: impl Into<String>) -> BadGateway {
        let reason = reason.into();
        BadGateway { reason }
    }
}

impl fmt::Display for BadGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl Error for BadGateway {}

impl From<BadGateway> for io::Error {
    fn from(bad: BadGateway) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, bad)
    }
}

/// Finds and reads the head at the front of a program's output, however it is cut into pieces.
///
/// ```
/// use gateway::{Answer, HeadReader};
/// use http_parse::{Parsed, Status};
///
/// # fn main() -> Result<(), gateway::BadGateway> {
/// let mut reader = HeadReader::default();
/// assert_eq!(reader.read(b"Status: 404\nContent-Type: text/pl")?, Parsed::Partial);
/// let parsed = reader.read(b"Status: 404\nContent-Type: text/plain\n\nno such page")?;
/// let Parsed::Complete(Answer::Client { head, .. }, taken) = parsed else { panic!() };
/// assert_eq!((head.status, taken), (Status::NOT_FOUND, 38));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct HeadReader {
    opening: Opening,
    /// Octets in which no end of the head begins: they are not searched again, so a program that
    /// writes one octet at a time costs no more than any other.
    searched: usize,
}

/// What a head begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Opening {
    /// Fields, `Status` among them (RFC 3875 §6).
    #[default]
    Fields,
    /// A status line, as in HTTP: the protocol of uWSGI has it so.
    StatusLine,
}

impl HeadReader {
    /// Reads a head that begins so.
    pub(crate) fn new(opening: Opening) -> HeadReader {
        HeadReader {
            opening,
            searched: 0,
        }
    }

    /// Looks at everything received so far; `front` only grows between calls.
    ///
    /// `Complete` tells how many octets the head took; content begins behind them.
    ///
    /// # Errors
    /// [`BadGateway`] when this is no head, or one of more than [`HEAD_LIMIT`] octets.
    ///
    /// Source: RFC 3875 §6.
    pub fn read(&mut self, front: &[u8]) -> Result<Parsed<Answer>, BadGateway> {
        let window = &front[..front.len().min(HEAD_LIMIT)];
        let Some(end) = self.find_end(window) else {
            if window.len() < HEAD_LIMIT {
                return Ok(Parsed::Partial);
            }
            let reason = format!("sent no empty line within {HEAD_LIMIT} octets of head");
            return Err(BadGateway::new(reason));
        };
        let answer = match self.opening {
            Opening::Fields => answer(&front[..end])?,
            Opening::StatusLine => answer_with_status_line(&front[..end])?,
        };
        Ok(Parsed::Complete(answer, end))
    }

    /// The offset behind the first empty line.
    fn find_end(&mut self, window: &[u8]) -> Option<usize> {
        let mut line = self.searched;
        while let Some(len) = window[line..].iter().position(|octet| *octet == b'\n') {
            let next = line + len + 1;
            if matches!(&window[line..next], b"\n" | b"\r\n") {
                return Some(next);
            }
            line = next;
        }
        self.searched = line;
        None
    }
}

/// Turns a complete head into an answer.
fn answer(head: &[u8]) -> Result<Answer, BadGateway> {
    let fields = parse_fields(head)?;
    let status = status(&fields)?;
    let length = content_length(&fields)?;
    let location = at_most_once(&fields, "Location")?.map(<[u8]>::to_vec);
    at_most_once(&fields, "Content-Type")?;
    if status.is_none() && location.is_none() && !fields.contains("Content-Type") {
        return Err(BadGateway::new(
            "sent neither Content-Type nor Status nor Location",
        ));
    }
    let default = match &location {
        Some(path) if fields.len() == 1 && is_local(path) => {
            return Ok(Answer::Local(path.clone().into_boxed_slice()));
        }
        Some(_) => Status::FOUND,
        None => Status::OK,
    };
    Ok(for_client(status.unwrap_or(default), fields, length))
}

/// The same after a status line, which leaves nothing to be guessed: no field has to be there, and
/// every Location is the client's.
fn answer_with_status_line(head: &[u8]) -> Result<Answer, BadGateway> {
    let end = head.iter().position(|octet| *octet == b'\n');
    let (line, fields) = head.split_at(end.map_or(head.len(), |end| end + 1));
    let line = line.trim_ascii_end();
    let code = line
        .strip_prefix(b"HTTP/")
        .and_then(|rest| rest.splitn(2, |octet| *octet == b' ').nth(1));
    let bad = || BadGateway::new(format!("began with no status line: \"{}\"", shown(line)));
    let status = parse_status(code.ok_or_else(bad)?)?;
    let fields = parse_fields(fields)?;
    let length = content_length(&fields)?;
    at_most_once(&fields, "Content-Type")?;
    Ok(for_client(status, fields, length))
}

/// Takes out what is not the program's to say.
fn for_client(status: Status, mut fields: Fields, length: Option<u64>) -> Answer {
    let is = |name: &[u8], other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    fields.retain(|name| !DROPPED.iter().any(|other| is(name, other)));
    let mut head = ResponseHead::new(status);
    match head.status.code() {
        // Not even a length of zero may be said with 204, and with 304 only that of the page it
        // stands for, which a program that sends no content will not know (RFC 9110 §8.6).
        204 | 304 => fields.remove("Content-Length"),
        // Framed like any other, and always empty (RFC 9110 §15.3.6).
        205 => {
            fields.remove("Content-Length");
            fields.push("Content-Length", "0");
        }
        _ => {}
    }
    head.fields = fields;
    Answer::Client { head, length }
}

/// A path of this server. `//host/…` is another host to every browser, so it is not local; and a
/// local path beside other fields (a cookie, say) is for the client, or the fields would be lost.
fn is_local(location: &[u8]) -> bool {
    location.starts_with(b"/") && !location.starts_with(b"//")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &[u8]) -> Result<Parsed<Answer>, BadGateway> {
        HeadReader::default().read(head)
    }

    /// Checks what a head says: `status, length, "fields as on the wire with \n"`.
    #[track_caller]
    fn check(head: &str, status: u16, length: Option<u64>, wire: &str) {
        for line_end in ["\n", "\r\n"] {
            let head = head.replace('\n', line_end) + line_end;
            let Ok(Parsed::Complete(
                Answer::Client {
                    head: seen,
                    length: promised,
                },
                taken,
            )) = read((head.clone() + "body").as_bytes())
            else {
                panic!("{head:?} is no answer for the client")
            };
            let fields = String::from_utf8_lossy(seen.fields.wire()).replace("\r\n", "\n");
            assert_eq!(
                (seen.status.code(), promised, fields.as_str(), taken),
                (status, length, wire, head.len()),
                "{head:?}"
            );
        }
    }

    #[track_caller]
    fn check_bad(head: &str, reason: &str) {
        let bad = read(head.as_bytes()).expect_err(head);
        assert!(bad.reason.contains(reason), "{head:?}: {bad}");
    }

    #[test]
    fn content_type_alone_is_a_page() {
        check(
            "Content-Type: text/plain\n",
            200,
            None,
            "Content-Type: text/plain\n",
        );
        check(
            "content-type:text/plain\n",
            200,
            None,
            "content-type: text/plain\n",
        );
    }

    #[test]
    fn status_sets_the_status_and_is_not_passed_on() {
        check("Status: 404 Not Found\n", 404, None, "");
        check("Status: 204\nContent-Length: 3\n", 204, Some(3), "");
        check("Status: 304\nContent-Length: 0\n", 304, Some(0), "");
        let empty = "Content-Length: 0\n";
        check("Status: 205\nContent-Length: 3\n", 205, Some(3), empty);
        check("Status: 205\n", 205, None, empty);
        check(
            "Status: 599\nContent-Type: a/b\n",
            599,
            None,
            "Content-Type: a/b\n",
        );
    }

    #[test]
    fn locations_for_the_client_are_redirects() {
        check("Location: http://a/\n", 302, None, "Location: http://a/\n");
        check(
            "Status: 301 x\nLocation: http://a/\n",
            301,
            None,
            "Location: http://a/\n",
        );
        check("Location: //a/b\n", 302, None, "Location: //a/b\n");
        check(
            "Location: /x\nSet-Cookie: a=b\n",
            302,
            None,
            "Location: /x\nSet-Cookie: a=b\n",
        );
    }

    #[test]
    fn a_path_alone_is_a_local_redirect() {
        let local = Answer::Local(Box::from(&b"/x?y"[..]));
        assert_eq!(
            read(b"Location: /x?y\n\nrest"),
            Ok(Parsed::Complete(local, 16))
        );
    }

    #[test]
    fn repeated_fields_stay_apart_and_connection_fields_are_dropped() {
        check(
            "Content-Type: a/b\nSet-Cookie: a=1\nConnection: close\nSet-Cookie: b=2\n\
             Transfer-Encoding: chunked\nKeep-Alive: 5\n",
            200,
            None,
            "Content-Type: a/b\nSet-Cookie: a=1\nSet-Cookie: b=2\n",
        );
    }

    #[test]
    fn content_length_is_kept_and_told() {
        check(
            "Content-Type: a/b\nContent-Length: 7\n",
            200,
            Some(7),
            "Content-Type: a/b\nContent-Length: 7\n",
        );
    }

    #[test]
    fn doubtful_heads_are_refused_with_a_reason() {
        check_bad("\n", "neither");
        check_bad("X: y\n\n", "neither");
        check_bad("hello\n\n", "\"hello\"");
        check_bad("HTTP/1.1 200 OK\n\n", "status line");
        check_bad("Content-Type : a\n\n", "no field");
        check_bad(": a\n\n", "no field");
        check_bad(" Content-Type: a\n\n", "no field");
        check_bad("Content-Type: a\n b\n\n", "no field");
        check_bad("Content-Type: a\rb\n\n", "a\\rb");
        check_bad("Content-Type: a\0b\n\n", "no field");
        check_bad("Content-Type: a\nContent-Type: b\n\n", "twice");
        check_bad(
            "Content-Type: a\nContent-Length: 1\ncontent-length: 1\n\n",
            "twice",
        );
        check_bad("Content-Type: a\nContent-Length: +1\n\n", "+1");
        check_bad("Content-Type: a\nContent-Length:\n\n", "Content-Length");
        check_bad(
            "Content-Type: a\nContent-Length: 99999999999999999999\n\n",
            "9999",
        );
        check_bad(
            "Content-Length: 1\nTransfer-Encoding: chunked\nStatus: 200\n\n",
            "both",
        );
        for status in [
            "",
            "20",
            "099",
            "100 Continue",
            "600",
            "2000",
            "two",
            "-200",
        ] {
            check_bad(&format!("Status: {status}\n\n"), "status");
        }
        check_bad("Status: 200\nStatus: 200\n\n", "twice");
    }

    #[test]
    fn every_cut_gives_the_same_answer() {
        let head = b"Status: 201 Made\r\nContent-Type: a/b\n\r\n";
        let mut reader = HeadReader::default();
        for end in 0..head.len() {
            assert_eq!(reader.read(&head[..end]), Ok(Parsed::Partial), "{end}");
        }
        assert_eq!(reader.read(head), read(head));
    }

    #[test]
    fn a_head_of_the_limit_is_taken_and_one_octet_more_is_not() {
        for (excess, is_taken) in [(0, true), (1, false)] {
            let start = "Content-Type: a/b\nX: ";
            let filling = HEAD_LIMIT - start.len() - 2 + excess;
            // One long line would be refused by nobody here; the limit is on the whole.
            let head = format!("{start}{}\n\n", "x".repeat(filling));
            assert_eq!(read(head.as_bytes()).is_ok(), is_taken, "{excess}");
        }
    }
}
