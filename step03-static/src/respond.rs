//! What every answer has in common, whichever server sends it.
//!
//! ```text
//! handler's head + Date + Server + Content-Length ──► Connection::start ──► out
//! an Exchange's error ──► gateway_failure ──► 502, 503, 504 or 413
//! ```
//!
//! Framing and `Connection` are not added here: they depend on the request, which only
//! [`Connection`] knows.

use crate::Response;
use http_parse::{Connection, Fields, HttpDate, ResponseHead, Status};
use std::cell::RefCell;
use std::io;
use std::time::SystemTime;

/// The name in the `Server` field. It carries no version: that would tell an attacker more than
/// it tells a user (RFC 9110 §10.2.4).
pub const SERVER: &str = "build-your-own";

/// Begins a response: adds what the handler leaves to the server, and appends the head to `out`.
///
/// `length` is the number of octets of content, of GET's content when the request is HEAD; `None`
/// when it is not known. A `Date`, `Server` or `Content-Length` that the head already has stays:
/// it comes from an application or another server, which knew better.
///
/// Source: RFC 9110 §6.6.1, §8.6, §10.2.4
pub fn start_response(
    connection: &mut Connection,
    mut head: ResponseHead,
    length: Option<u64>,
    out: &mut Vec<u8>,
) {
    push_own(&mut head.fields, HttpDate { seconds: now() });
    if let Some(length) = length
        && tells_length(head.status)
        && !head.fields.contains("Content-Length")
    {
        head.fields.push("Content-Length", &length.to_string());
    }
    connection.start(&head, out);
}

/// Makes the answer for an exchange that failed before its head.
///
/// | kind | status |
/// |---|---|
/// | `TimedOut` | 504 |
/// | `ResourceBusy` | 503, with `Retry-After` |
/// | `FileTooLarge` | 413 |
/// | any other | 502 |
///
/// Source: RFC 9110 §15.5.14, §15.6.3 to §15.6.5
pub fn gateway_failure(error: &io::Error) -> Response {
    match error.kind() {
        io::ErrorKind::TimedOut => Response::error(
            Status::GATEWAY_TIMEOUT,
            "The program behind this server did not answer in time. Try again later.",
        ),
        io::ErrorKind::ResourceBusy => Response::error(
            Status::SERVICE_UNAVAILABLE,
            "Everything that could answer this is busy. Try again in a moment.",
        )
        .with("Retry-After", "1"),
        io::ErrorKind::FileTooLarge => content_too_large(),
        _ => Response::error(
            Status::BAD_GATEWAY,
            "The program behind this server gave no valid answer. \
             Its operator finds why in the server's log.",
        ),
    }
}

/// Makes the answer for a request that does not come to its end in time: 408.
///
/// Source: RFC 9110 §15.5.9
pub fn request_timeout() -> Response {
    Response::error(
        Status::REQUEST_TIMEOUT,
        "The request took too long to arrive. \
         Its head ends with an empty line: did you press Enter twice?",
    )
}

/// Makes the answer for a request with more content than the server takes: 413.
///
/// Source: RFC 9110 §15.5.14
pub fn content_too_large() -> Response {
    Response::error(
        Status::CONTENT_TOO_LARGE,
        "The request's content is larger than this server takes. Send less.",
    )
}

/// Whether the length of the content is said with this status. It is forbidden with 1xx and 204;
/// with 304 it would have to be that of the 200, which a handler that wants it says itself (RFC
/// 9110 §8.6).
pub(crate) fn tells_length(status: Status) -> bool {
    status.code() >= 200 && status != Status::NO_CONTENT && status != Status::NOT_MODIFIED
}

/// The system's clock in whole seconds since 1970; 0 when it is set to before that.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Appends Date and Server, as far as they are missing.
fn push_own(fields: &mut Fields, date: HttpDate) {
    thread_local! {
        /// Both, as written out for the last second: a busy server needs each thousands of times.
        static WRITTEN: RefCell<(u64, Fields)> = RefCell::new((u64::MAX, Fields::new()));
    }
    WRITTEN.with_borrow_mut(|(second, own)| {
        if *second != date.seconds {
            (*second, *own) = (date.seconds, Fields::new());
            own.push("Date", text_of(&date.format()));
            own.push("Server", SERVER);
        }
        match (fields.contains("Date"), fields.contains("Server")) {
            (false, false) => fields.append(own),
            (false, true) => fields.push("Date", text_of(&date.format())),
            (true, false) => fields.push("Server", SERVER),
            (true, true) => {}
        }
    });
}

/// A formatted date as text.
pub(crate) fn text_of(date: &[u8; 29]) -> &str {
    std::str::from_utf8(date).expect("an HTTP date is ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_parse::Limits;

    fn start(head: ResponseHead, length: Option<u64>) -> String {
        let mut out = Vec::new();
        start_response(
            &mut Connection::new(&Limits::default()),
            head,
            length,
            &mut out,
        );
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_server_adds_what_is_its_own() {
        let before = now();
        let head = start(ResponseHead::new(Status::OK), Some(7));
        let after = now();
        assert!(head.contains("\r\nServer: build-your-own\r\n"), "{head}");
        assert!(head.contains("\r\nContent-Length: 7\r\n"), "{head}");
        let (_, date) = head.split_once("Date: ").unwrap();
        let date = HttpDate::parse(&date.as_bytes()[..29]).unwrap();
        assert!((before..=after).contains(&date.seconds), "{head}");
    }

    #[test]
    fn each_second_has_its_date() {
        for seconds in [784_111_777, 784_111_777, 784_111_778, 784_111_777] {
            let mut fields = Fields::new();
            push_own(&mut fields, HttpDate { seconds });
            let date = HttpDate::parse(fields.get("Date").unwrap()).unwrap();
            assert_eq!(date.seconds, seconds);
        }
    }

    #[test]
    fn what_an_application_said_stays() {
        let mut head = ResponseHead::new(Status::OK);
        for (name, value) in [
            ("date", "then"),
            ("server", "other"),
            ("content-length", "3"),
        ] {
            head.fields.push(name, value);
        }
        let head = start(head, Some(7));
        for line in [
            "date: then\r\n",
            "server: other\r\n",
            "content-length: 3\r\n",
        ] {
            assert!(head.contains(line), "{head}");
        }
        assert!(!head.contains("Date") && !head.contains("build"), "{head}");
        assert!(!head.contains("7"), "{head}");
    }

    #[test]
    fn some_statuses_have_no_length() {
        for (code, told) in [
            (200, true),
            (204, false),
            (206, true),
            (304, false),
            (404, true),
        ] {
            let head = ResponseHead::new(Status::new(code).unwrap());
            let head = start(head, Some(0));
            assert_eq!(head.contains("Content-Length: 0\r\n"), told, "{head}");
        }
    }
}
