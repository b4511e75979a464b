//! The head of a message: start line and field section.
//!
//! ```text
//!   GET /shop?item=7 HTTP/1.1\r\n      request line: method SP target SP version
//!   Host: a.example\r\n                field lines
//!   Accept: */*\r\n
//!   \r\n                               the empty line that ends the head
//! ```
//!
//! The parsers look from the left and decide about each octet from those before it, so a head
//! that comes in pieces is judged exactly as one that comes whole: for every prefix the answer is
//! [`Parsed::Partial`] or what the whole would get.
//!
//! They do not wait, keep nothing between two calls, and do not look at the body; whether there
//! is one, and how it ends, is the next question ([`crate::request_framing`]).

use crate::scan::Stop;
use crate::section::{self, Bounds};
use crate::{Fault, Fields, Limits, Method, Reject, Status, Target, Version, host, start_line};

/// The outcome of looking at the front of a byte stream.
#[derive(Debug, Clone, PartialEq, Eq)]
// ANCHOR: parsed
pub enum Parsed<T> {
    /// The value, and how many bytes it took.
    Complete(T, usize),
    /// Nothing is wrong yet, and something is missing.
    Partial,
}
// ANCHOR_END: parsed

/// A request's head.
///
/// Source: RFC 9112 §2.1
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHead {
    /// What is to be done.
    pub method: Method,
    /// To what.
    pub target: Target,
    /// The version the client speaks.
    pub version: Version,
    /// The field section.
    pub fields: Fields,
}

impl RequestHead {
    /// A head that says nothing yet, and holds no memory.
    pub(crate) fn blank() -> RequestHead {
        RequestHead {
            method: Method::Get,
            target: Target::blank(),
            version: Version::Http11,
            fields: Fields::new(),
        }
    }

    /// Returns the octets of memory it holds.
    pub(crate) fn memory(&self) -> usize {
        self.target.memory() + self.fields.memory()
    }

    /// Returns the host, and the port if one was named, that the request is for: the target's
    /// own where it has one, which wins over the Host field; empty where nobody said.
    ///
    /// Source: RFC 9112 §3.2.2, §3.3
    pub fn host(&self) -> &[u8] {
        let named = self.target.authority().or_else(|| self.fields.get("Host"));
        named.unwrap_or_default()
    }

    /// Tells whether the client will use the connection for another request.
    ///
    /// Source: RFC 9112 §9.3
    pub fn keeps_alive(&self) -> bool {
        keeps_alive(self.version, &self.fields)
    }
}

/// A response's head.
///
/// Source: RFC 9112 §4
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseHead {
    /// The outcome.
    pub status: Status,
    /// The version the sender speaks; what we send is always HTTP/1.1.
    pub version: Version,
    /// The field section.
    pub fields: Fields,
}

impl ResponseHead {
    /// Makes a head without any field.
    pub fn new(status: Status) -> ResponseHead {
        ResponseHead {
            status,
            version: Version::Http11,
            fields: Fields::new(),
        }
    }

    /// Tells whether its sender will answer another request on the same connection, as far as
    /// the head says; a body that lasts until the connection closes leaves none.
    ///
    /// Source: RFC 9112 §9.3
    pub fn keeps_alive(&self) -> bool {
        keeps_alive(self.version, &self.fields)
    }
}

/// Persistence is what HTTP/1.1 does unless told otherwise, and what HTTP/1.0 does only when told.
// ANCHOR: keeps_alive
fn keeps_alive(version: Version, fields: &Fields) -> bool {
    let says = |option| has_connection_option(fields, option);
    match version {
        Version::Http11 => !says("close"),
        Version::Http10 => says("keep-alive") && !says("close"),
    }
}
// ANCHOR_END: keeps_alive

/// Options are compared without regard to case (RFC 9110 §7.6.1).
pub(crate) fn has_connection_option(fields: &Fields, option: &str) -> bool {
    let mut options = fields.list("Connection");
    options.any(|member| member.eq_ignore_ascii_case(option.as_bytes()))
}

/// Parses a request's head from the front of `bytes`.
///
/// Up to [`Limits::empty_lines`] empty lines before it are skipped, and counted in the length.
///
/// ```
/// use http_parse::{Limits, Parsed, parse_request_head};
///
/// let bytes = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nwhat follows";
/// let parsed = parse_request_head(bytes, &Limits::default())?;
/// let Parsed::Complete(head, length) = parsed else { unreachable!("it is all there") };
/// assert_eq!(head.target.path(), b"/a");
/// assert_eq!(&bytes[length..], b"what follows");
/// # Ok::<(), http_parse::Reject>(())
/// ```
///
/// # Errors
/// A [`Reject`] with the offset of the first byte at fault and the status to answer: 400 for
/// whatever is malformed, 414 for a target, 421 for an address of https, 431 for fields and 501 for a method beyond their
/// limits, 505 for another major version.
///
/// Source: RFC 9112 §2–§5
pub fn parse_request_head(bytes: &[u8], limits: &Limits) -> Result<Parsed<RequestHead>, Reject> {
    let mut head = RequestHead::blank();
    match request_head(bytes, limits, &mut head) {
        Ok(length) => Ok(Parsed::Complete(head, length)),
        Err(stop) => unfinished(stop),
    }
}

/// Parses a request's head as [`parse_request_head`] does, into one that is done with: its memory
/// is used again, so that reading heads of usual sizes allocates nothing.
///
/// Unless the outcome is `Complete`, `head` says nothing of meaning.
///
/// # Errors
/// As [`parse_request_head`].
///
/// Source: RFC 9112 §2–§5
pub fn parse_request_head_into(
    head: &mut RequestHead,
    bytes: &[u8],
    limits: &Limits,
) -> Result<Parsed<()>, Reject> {
    match request_head(bytes, limits, head) {
        Ok(length) => Ok(Parsed::Complete((), length)),
        Err(stop) => unfinished(stop),
    }
}

/// Parses a response's head from the front of `bytes`; interim responses are heads like others.
///
/// # Errors
/// A [`Reject`] with status 502, whose offset is that of the first byte at fault.
///
/// Source: RFC 9112 §4, §5
pub fn parse_response_head(bytes: &[u8], limits: &Limits) -> Result<Parsed<ResponseHead>, Reject> {
    match response_head(bytes, limits) {
        Ok((head, length)) => Ok(Parsed::Complete(head, length)),
        Err(stop) => unfinished(stop).map_err(|reject| Reject {
            status: Status::BAD_GATEWAY,
            ..reject
        }),
    }
}

fn unfinished<T>(stop: Stop) -> Result<Parsed<T>, Reject> {
    match stop {
        Stop::Partial => Ok(Parsed::Partial),
        Stop::Refused(reject) => Err(reject),
    }
}

fn request_head(bytes: &[u8], limits: &Limits, head: &mut RequestHead) -> Result<usize, Stop> {
    let start = start_line::request_line(bytes, limits, head)?;
    let end = section::parse(bytes, start, &Bounds::head(limits), &mut head.fields)?;
    check_host(head, end)?;
    Ok(end)
}

/// Demands exactly one valid Host, or none in HTTP/1.0; an empty one is valid.
///
/// It is checked even where the target names the host, because whoever stands between us and the
/// client may have gone by it (RFC 9112 §3.2).
fn check_host(head: &RequestHead, end: usize) -> Result<(), Stop> {
    let mut hosts = head.fields.located("Host");
    let Some((value, at)) = hosts.next() else {
        return match head.version {
            Version::Http10 => Ok(()),
            Version::Http11 => Stop::refuse(Fault::HostMissing, end - 2),
        };
    };
    if let Some((_, at)) = hosts.next() {
        return Stop::refuse(Fault::HostRepeated, at);
    }
    match host::split(value) {
        Some((host, port)) if !host.is_empty() || port.is_none() => Ok(()),
        _ => Stop::refuse(Fault::HostInvalid, at),
    }
}

fn response_head(bytes: &[u8], limits: &Limits) -> Result<(ResponseHead, usize), Stop> {
    let ((version, status), start) = start_line::status_line(bytes, limits)?;
    let mut head = ResponseHead {
        version,
        ..ResponseHead::new(status)
    };
    let end = section::parse(bytes, start, &Bounds::head(limits), &mut head.fields)?;
    Ok((head, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(head: &str) -> Result<RequestHead, Reject> {
        match parse_request_head(head.as_bytes(), &Limits::default())? {
            Parsed::Complete(parsed, length) => {
                assert_eq!(length, head.len(), "{head:?}");
                Ok(parsed)
            }
            Parsed::Partial => panic!("{head:?} is whole"),
        }
    }

    /// Expects the host that a request is for.
    #[track_caller]
    fn check_host(request_line: &str, fields: &str, expected: Result<&str, (Fault, usize)>) {
        let head = format!("{request_line}\r\n{fields}\r\n");
        let host = parse(&head).map(|head| String::from_utf8_lossy(head.host()).into_owned());
        let host = host.map_err(|reject| (reject.fault, reject.at));
        assert_eq!(host, expected.map(str::to_owned), "{head:?}");
    }

    const GET: &str = "GET / HTTP/1.1";

    #[test]
    fn a_response_tells_its_version_and_whether_another_may_follow() {
        for (version, field, kept) in [
            ("1.1", "", true),
            ("1.1", "Connection: close\r\n", false),
            ("1.0", "", false),
            ("1.0", "Connection: keep-alive\r\n", true),
        ] {
            let bytes = format!("HTTP/{version} 200 OK\r\n{field}\r\n");
            let parsed = parse_response_head(bytes.as_bytes(), &Limits::default());
            let Ok(Parsed::Complete(head, _)) = parsed else {
                panic!("{bytes:?} is whole");
            };
            assert_eq!(head.version.to_string(), format!("HTTP/{version}"));
            assert_eq!(head.keeps_alive(), kept, "{bytes:?}");
        }
    }

    #[test]
    fn a_request_is_for_one_host() {
        check_host(GET, "Host: a.example:80\r\n", Ok("a.example:80"));
        check_host(GET, "hOST:[::1]\r\n", Ok("[::1]"));
        check_host(GET, "Host:\r\n", Ok(""));
        check_host(GET, "Host: a.example:\r\n", Ok("a.example:"));
        check_host(GET, "", Err((Fault::HostMissing, 16)));
        check_host(GET, "A: b\r\n", Err((Fault::HostMissing, 22)));
        check_host(
            GET,
            "Host: a\r\nhost: a\r\n",
            Err((Fault::HostRepeated, 31)),
        );
    }

    #[test]
    fn what_cannot_be_a_host_is_refused_where_it_stands() {
        for host in ["a b", "a/b", "u@a", ":80", "a:b", "a:65536", "[::1"] {
            let field = format!("Host: \t{host}\r\n");
            check_host(GET, &field, Err((Fault::HostInvalid, 23)));
        }
    }

    #[test]
    fn http_1_0_needs_no_host_and_takes_no_wrong_one() {
        check_host("GET / HTTP/1.0", "", Ok(""));
        check_host("GET / HTTP/1.0", "Host: a\r\n", Ok("a"));
        check_host(
            "GET / HTTP/1.0",
            "Host: a b\r\n",
            Err((Fault::HostInvalid, 22)),
        );
        let two = "Host: a\r\nHost: b\r\n";
        check_host("GET / HTTP/1.0", two, Err((Fault::HostRepeated, 31)));
    }

    #[test]
    fn the_targets_host_wins_over_the_field_which_must_be_there() {
        let absolute = "GET http://b.example:8/ HTTP/1.1";
        check_host(absolute, "Host: a\r\n", Ok("b.example:8"));
        check_host(absolute, "", Err((Fault::HostMissing, 34)));
        check_host("CONNECT b:443 HTTP/1.1", "Host: a\r\n", Ok("b:443"));
    }

    #[test]
    fn a_refused_response_is_a_bad_gateways() {
        let outcome = parse_response_head(b"HTTP/1.1 200 OK\n", &Limits::default());
        let reject = outcome.expect_err("a bare LF is refused");
        assert_eq!((reject.status, reject.at), (Status::BAD_GATEWAY, 15));
    }

    #[test]
    fn a_head_read_into_another_is_what_it_would_be_alone() {
        let requests = [
            "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\nA:b\r\n\r\n",
            "GET http://a.example/?q HTTP/1.0\r\n\r\n",
            "PURGE /a?b HTTP/1.1\r\nHost:x\r\nLong: line\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nCut",
        ];
        for (first, second) in requests
            .iter()
            .flat_map(|first| requests.map(|it| (*first, it)))
        {
            let limits = Limits::default();
            let mut head = RequestHead::blank();
            let _first_outcome_is_of_no_matter =
                parse_request_head_into(&mut head, first.as_bytes(), &limits);
            let found = parse_request_head_into(&mut head, second.as_bytes(), &limits);
            let found = found.map(|parsed| match parsed {
                Parsed::Complete((), length) => Parsed::Complete(head, length),
                Parsed::Partial => Parsed::Partial,
            });
            let alone = parse_request_head(second.as_bytes(), &limits);
            assert_eq!(found, alone, "{second:?} after {first:?}");
        }
    }

    #[test]
    fn the_memory_of_one_head_is_enough_for_the_next_of_its_size() {
        let limits = Limits::default();
        let request = b"GET /a?b HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n";
        let Ok(Parsed::Complete(mut head, _)) = parse_request_head(request, &limits) else {
            panic!("the head is whole");
        };
        let places = |head: &RequestHead| (head.target.raw().as_ptr(), head.fields.wire().as_ptr());
        let (before, memory) = (places(&head), head.memory());
        assert!(memory > head.fields.memory(), "the target's is counted");
        assert!(head.fields.memory() > 0, "and that of the fields");
        for _ in 0..100 {
            let parsed = parse_request_head_into(&mut head, request, &limits);
            assert_eq!(parsed, Ok(Parsed::Complete((), request.len())));
            assert_eq!((places(&head), head.memory()), (before, memory));
        }
    }
}
