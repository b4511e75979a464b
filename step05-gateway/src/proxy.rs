//! The wire of HTTP itself: requests handed on to another HTTP server.
//!
//! ```text
//!     client ──► framing, hop ──► this server ──► framing, hop ──► upstream
//!                  taken off                        made anew
//! ```
//!
//! A proxy is two connections that have nothing in common but a request and its response. So nothing
//! that belongs to one connection passes over to the other: not its framing, not its persistence,
//! not the fields that Connection names. Each message is read to the letter and written anew, and
//! what is ambiguous is not handed on; a request that two servers read in two ways is how one
//! client's request gets into another's connection.
//!
//! Paths are handed on as they came, prefix included: whoever decodes one on the way decides for the
//! upstream what its names mean. Interim responses go on to whoever knows them, but for the `100`,
//! which is this server's own affair on each side; so do trailer sections where both sides have
//! chunks, without the fields that would decide anything.

mod handler;
mod hop;
mod inward;
mod outward;
mod trailing;

pub use handler::Proxy;

use crate::cgi_head::BadGateway;
use crate::protocol::{After, Heard, Protocol};
use http_parse::{
    BodyDecoder, Encoder, Fields, Framing, Limits, Method, Parsed, Piece, Reject, ResponseHead,
    Status, parse_response_head, pays, response_framing,
};
use static_files::Request;
use std::mem;

/// Interim responses before the final one; a server that sends more of them has no other.
const INTERIM: u32 = 16;

/// One request to an HTTP server, and its response.
///
/// Source: RFC 9110 §7.6 to §7.8, RFC 9112 §6, §9
#[derive(Debug)]
pub struct Http {
    limits: Limits,
    method: Method,
    /// How the request's content goes out.
    encoder: Encoder,
    request: Sent,
    upgrade: Upgrade,
    hearing: Hearing,
    /// Octets at the front that have been understood and not taken yet.
    skip: usize,
    interim: u32,
    /// Fields that the request's Connection has named, and that may not come behind it either.
    named: Vec<Box<[u8]>>,
    /// The same of the response.
    named_back: Vec<Box<[u8]>>,
    /// The trailer section that is to go on.
    trailers: Fields,
}

/// How much of the request has been written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    Begun,
    /// Its content to the end.
    All,
}

/// Whether the request asks for another protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Upgrade {
    Asked,
    NotAsked,
}

/// What comes next from the other server.
#[derive(Debug)]
enum Hearing {
    Head {
        /// Octets that have been looked at in vain.
        searched: usize,
    },
    Content {
        decoder: BodyDecoder,
        /// What its head leaves of the connection.
        after: After,
    },
    /// Octets, until it closes.
    Tunnel,
}

impl Default for Http {
    fn default() -> Http {
        Http {
            limits: Limits::default(),
            method: Method::Get,
            encoder: Encoder::Bodiless,
            request: Sent::Begun,
            upgrade: Upgrade::NotAsked,
            hearing: Hearing::Head { searched: 0 },
            skip: 0,
            interim: 0,
            named: Vec::new(),
            named_back: Vec::new(),
            trailers: Fields::new(),
        }
    }
}

impl Protocol for Http {
    fn begin(&mut self, request: &Request, length: Option<u64>, out: &mut Vec<u8>) {
        let upgrade = outward::upgrade(request);
        *self = Http {
            method: request.method().clone(),
            encoder: length.map_or(Encoder::Chunked, Encoder::Length),
            upgrade: upgrade.map_or(Upgrade::NotAsked, |_| Upgrade::Asked),
            named: hop::named(&request.head.fields),
            ..Http::default()
        };
        outward::write_head(request, &self.named, length, upgrade, out);
    }

    fn body(&mut self, data: &[u8], out: &mut Vec<u8>) {
        self.encoder
            .send(data, out)
            .expect("a request's content is as long as its framing says");
    }

    fn trailers(&mut self, section: &Fields) {
        self.trailers = trailing::clean(section, &self.named);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        let trailers = mem::take(&mut self.trailers);
        self.encoder
            .finish_with(&trailers, out)
            .expect("a request that has ended is as long as its framing says");
        self.request = Sent::All;
    }

    fn hear(&mut self, front: &[u8], eof: bool) -> Result<Heard, BadGateway> {
        loop {
            let rest = &front[self.skip..];
            let heard = match &mut self.hearing {
                Hearing::Head { .. } => self.hear_head(rest, eof)?,
                Hearing::Content { .. } => self.hear_content(rest, eof)?,
                Hearing::Tunnel if rest.is_empty() && eof => Some(Heard::End(After::Close)),
                Hearing::Tunnel => self.data_or_need(rest.len()),
            };
            match heard {
                // What was understood before it has to be taken first.
                Some(Heard::End(_) | Heard::NeedBytes) if self.skip > 0 => {
                    return Ok(Heard::Data {
                        skip: self.skip,
                        len: 0,
                    });
                }
                Some(heard) => return Ok(heard),
                None => {}
            }
        }
    }

    fn took(&mut self, n: usize) {
        let skipped = n.min(self.skip);
        self.skip -= skipped;
        if let Hearing::Content { decoder, .. } = &mut self.hearing {
            decoder.advance(n - skipped);
        }
    }

    fn heard_trailers(&mut self) -> Fields {
        mem::take(&mut self.trailers)
    }

    fn may_redirect(&self) -> bool {
        false
    }

    fn half_closes(&self) -> bool {
        matches!(self.hearing, Hearing::Tunnel)
    }
}

impl Http {
    /// Reads a head; `None` when that was a `100`, which nobody hears of.
    fn hear_head(&mut self, rest: &[u8], eof: bool) -> Result<Option<Heard>, BadGateway> {
        let Hearing::Head { searched } = &mut self.hearing else {
            unreachable!("it is called before the head");
        };
        if !pays(*searched, rest, eof) {
            return Ok(Some(Heard::NeedBytes));
        }
        match parse_response_head(rest, &self.limits).map_err(|reject| broken(&reject))? {
            Parsed::Complete(head, len) => {
                self.skip += len;
                self.hearing = Hearing::Head { searched: 0 };
                self.meet(head)
            }
            Parsed::Partial if eof && rest.is_empty() => Err(BadGateway::new(
                "closed the connection before it had answered",
            )),
            Parsed::Partial if eof => Err(BadGateway::new(
                "closed the connection inside the head of its answer",
            )),
            Parsed::Partial => {
                *searched = rest.len();
                Ok(Some(Heard::NeedBytes))
            }
        }
    }

    /// Decides what a complete head means.
    fn meet(&mut self, mut head: ResponseHead) -> Result<Option<Heard>, BadGateway> {
        if head.status == Status::SWITCHING_PROTOCOLS {
            if self.upgrade == Upgrade::NotAsked || self.request != Sent::All {
                return Err(BadGateway::new("changed the protocol unasked"));
            }
            self.hearing = Hearing::Tunnel;
            self.encoder = Encoder::UntilClose;
            let named = hop::named(&head.fields);
            inward::clean_switch(&mut head, &named);
            return Ok(Some(Heard::Head(self.skip, head)));
        }
        if head.status.is_informational() {
            self.interim += 1;
            if self.interim > INTERIM {
                let reason = format!("sent more than {INTERIM} interim responses and no other");
                return Err(BadGateway::new(reason));
            }
            // Nobody has asked it to: whoever waits for a `100` has been told by this server.
            if head.status == Status::CONTINUE {
                return Ok(None);
            }
            let named = hop::named(&head.fields);
            inward::clean(&mut head, &named);
            return Ok(Some(Heard::Interim(self.skip, head)));
        }
        let framing = response_framing(&self.method, &head).map_err(|reject| broken(&reject))?;
        let after = match framing {
            Framing::UntilClose => After::Close,
            Framing::None | Framing::Length(_) | Framing::Chunked if head.keeps_alive() => {
                After::Keep
            }
            Framing::None | Framing::Length(_) | Framing::Chunked => After::Close,
        };
        self.hearing = Hearing::Content {
            decoder: BodyDecoder::new(framing, &self.limits),
            after,
        };
        self.named_back = hop::named(&head.fields);
        inward::clean(&mut head, &self.named_back);
        Ok(Some(Heard::Head(self.skip, head)))
    }

    /// Finds the next piece of content; `None` when that was framing.
    fn hear_content(&mut self, rest: &[u8], eof: bool) -> Result<Option<Heard>, BadGateway> {
        let Hearing::Content { decoder, after } = &mut self.hearing else {
            unreachable!("it is called after the head");
        };
        match decoder.next(rest, eof).map_err(|reject| broken(&reject))? {
            Piece::Skip(n) => {
                decoder.advance(n);
                self.skip += n;
                Ok(None)
            }
            Piece::Data(n) => Ok(self.data_or_need(n)),
            Piece::NeedBytes => Ok(Some(Heard::NeedBytes)),
            Piece::End(section) => {
                if !section.is_empty() {
                    self.trailers = trailing::clean(&section, &self.named_back);
                }
                // Octets behind a response are the answer to a question nobody asked; and a server
                // that has answered half a request will take the rest of it for the next one.
                let clean = rest.is_empty() && self.request == Sent::All;
                let after = if clean { *after } else { After::Close };
                Ok(Some(Heard::End(after)))
            }
        }
    }

    fn data_or_need(&self, len: usize) -> Option<Heard> {
        Some(match len {
            0 => Heard::NeedBytes,
            len => Heard::Data {
                skip: self.skip,
                len,
            },
        })
    }
}

/// What an operator reads in the log about an answer that is none.
fn broken(reject: &Reject) -> BadGateway {
    let (at, why) = (reject.at, reject.fault.explain());
    BadGateway::new(format!("broke HTTP at octet {at} of its answer: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speaking::request as asked;

    const NO_MORE: usize = usize::MAX;

    /// Plays the engine: hears `answer` in two pieces, and takes what it is told in bits of `bit`.
    fn hear(request: &str, answer: &[u8], cut: usize, bit: usize) -> String {
        let mut http = Http::default();
        let mut out = Vec::new();
        http.begin(&asked(request), Some(0), &mut out);
        http.end(&mut out);
        let mut story = String::new();
        let (mut at, mut end) = (0, cut.min(answer.len()));
        loop {
            let eof = cut != NO_MORE && end == answer.len();
            match http.hear(&answer[at..end], eof) {
                Ok(Heard::Interim(n, head) | Heard::Head(n, head)) => {
                    let fields = String::from_utf8_lossy(head.fields.wire());
                    story += &format!("{} {fields}", head.status.code()).replace("\r\n", "; ");
                    http.took(n);
                    at += n;
                }
                Ok(Heard::Data { skip, len }) => {
                    let n = (skip + len).min(bit);
                    let content = &answer[at..at + n][skip.min(n)..];
                    story += &content.escape_ascii().to_string();
                    http.took(n);
                    at += n;
                }
                Ok(
                    Heard::Skip(_)
                    | Heard::Local(_)
                    | Heard::Overloaded
                    | Heard::Complaint { .. }
                    | Heard::Whole,
                ) => unreachable!("HTTP has none"),
                Ok(Heard::NeedBytes) if end < answer.len() => end = answer.len(),
                Ok(Heard::NeedBytes) => return story + "|…",
                Ok(Heard::End(after)) => {
                    let trailers = http.heard_trailers();
                    let trailers = String::from_utf8_lossy(trailers.wire()).replace("\r\n", "; ");
                    return story + &format!("|{trailers}{after:?}");
                }
                Err(bad) => return story + &format!("|{}", bad.reason),
            }
        }
    }

    /// Checks the story of an answer that comes in any two pieces, and is taken in bits of any size.
    /// The connection is closed after it, unless nothing says that it would be.
    #[track_caller]
    fn check(request: &str, answer: &str, expected: &str) {
        let answer = answer.replace('\n', "\r\n");
        let kept = hear(request, answer.as_bytes(), NO_MORE, NO_MORE);
        if !kept.ends_with('…') {
            assert_eq!(kept, expected, "whole: {answer:?}");
        }
        for cut in 0..answer.len() {
            for bit in [1, 2, NO_MORE] {
                let story = hear(request, answer.as_bytes(), cut, bit);
                assert_eq!(
                    story, expected,
                    "cut at {cut}, in bits of {bit}: {answer:?}"
                );
            }
        }
    }

    /// Checks that an answer is refused however it comes.
    #[track_caller]
    fn check_bad(request: &str, answer: &str, reason: &str) {
        let answer = answer.replace('\n', "\r\n");
        for cut in 0..answer.len() {
            let story = hear(request, answer.as_bytes(), cut, NO_MORE);
            assert!(story.contains(reason), "cut at {cut}: {story}");
        }
    }

    const GET: &str = "GET / HTTP/1.1\nHost: a";
    const HEAD: &str = "HEAD / HTTP/1.1\nHost: a";
    const UPGRADE: &str = "GET / HTTP/1.1\nHost: a\nConnection: upgrade\nUpgrade: websocket";

    #[test]
    fn a_length_ends_a_response_and_keeps_the_connection() {
        check(
            GET,
            "HTTP/1.1 200 OK\nContent-Length: 5\nA: b\n\nhello",
            "200 Content-Length: 5; A: b; Via: 1.1 build-your-own; hello|Keep",
        );
    }

    #[test]
    fn chunks_are_taken_apart_and_harmless_trailers_kept() {
        check(
            GET,
            "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nConnection: x-mine\n\n5;x=y\nhello\n\
             1\n!\n0\nT: u\nSet-Cookie: a\nX-Mine: 1\n\n",
            "200 Via: 1.1 build-your-own; hello!|T: u; Keep",
        );
    }

    #[test]
    fn without_either_a_response_lasts_as_long_as_its_connection() {
        check(
            GET,
            "HTTP/1.0 200 OK\n\nhello",
            "200 Via: 1.0 build-your-own; hello|Close",
        );
    }

    #[test]
    fn a_connection_is_kept_only_if_its_server_says_so() {
        let via = "Via: 1.1 build-your-own; ";
        let old = "Via: 1.0 build-your-own; ";
        for (head, story) in [
            ("HTTP/1.1 204 No Content\n\n", format!("204 {via}|Keep")),
            ("HTTP/1.1 304 Not Modified\n\n", format!("304 {via}|Keep")),
            (
                "HTTP/1.1 204 x\nConnection: close\n\n",
                format!("204 {via}|Close"),
            ),
            ("HTTP/1.0 204 x\n\n", format!("204 {old}|Close")),
            (
                "HTTP/1.0 204 x\nConnection: keep-alive\n\n",
                format!("204 {old}|Keep"),
            ),
        ] {
            check(GET, head, &story);
        }
    }

    #[test]
    fn some_responses_have_no_content_whatever_their_fields_say() {
        check(
            HEAD,
            "HTTP/1.1 200 OK\nContent-Length: 5\n\n",
            "200 Content-Length: 5; Via: 1.1 build-your-own; |Keep",
        );
        check(
            HEAD,
            "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n",
            "200 Via: 1.1 build-your-own; |Keep",
        );
    }

    #[test]
    fn octets_behind_a_response_spoil_the_connection() {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
        for answer in [
            format!("{head}okHTTP/1.1 200 OK\r\n\r\n"),
            format!("{head}ok\n"),
        ] {
            let story = hear(GET, answer.as_bytes(), NO_MORE, NO_MORE);
            assert!(story.ends_with("; ok|Close"), "{story}");
        }
        let story = hear(HEAD, format!("{head}ok").as_bytes(), NO_MORE, NO_MORE);
        assert!(story.ends_with("; |Close"), "{story}");
    }

    #[test]
    fn a_server_that_answers_half_a_request_hears_no_other() {
        let mut http = Http::default();
        http.begin(
            &asked("POST / HTTP/1.1\nHost: a\nContent-Length: 9"),
            Some(9),
            &mut Vec::new(),
        );
        let answer = b"HTTP/1.1 413 x\r\nContent-Length: 0\r\n\r\n";
        let heard = http.hear(answer, false);
        assert!(
            matches!(heard, Ok(Heard::Head(n, _)) if n == answer.len()),
            "{heard:?}"
        );
        http.took(answer.len());
        assert_eq!(http.hear(b"", false), Ok(Heard::End(After::Close)));
    }

    #[test]
    fn what_a_request_has_named_stays_behind_also_when_the_answer_comes_first() {
        let (mut http, mut out) = (Http::default(), Vec::new());
        let request = "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\nConnection: x-mine";
        http.begin(&asked(request), None, &mut out);
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: x-yours\r\n\r\n";
        assert!(matches!(http.hear(answer, false), Ok(Heard::Head(..))));
        let mut section = Fields::new();
        section.push("X-Mine", "1");
        section.push("X-Yours", "2");
        http.trailers(&section);
        out.clear();
        http.end(&mut out);
        assert_eq!(out, b"0\r\nX-Yours: 2\r\n\r\n");
    }

    #[test]
    fn interim_responses_are_passed_on_but_not_for_ever() {
        let interim = "HTTP/1.1 100 Continue\n\nHTTP/1.1 103 Early Hints\nLink: x\n\
                       Keep-Alive: 1\n\n";
        let last = "HTTP/1.1 204 No Content\n\n";
        check(
            GET,
            &format!("{interim}{last}"),
            "103 Link: x; Via: 1.1 build-your-own; 204 Via: 1.1 build-your-own; |Keep",
        );
        check_bad(
            GET,
            &"HTTP/1.1 100 x\n\n".repeat(17),
            "more than 16 interim",
        );
    }

    #[test]
    fn fields_for_this_server_only_are_taken_off() {
        check(
            GET,
            "HTTP/1.1 204 x\nConnection: X-Mine, content-length, keep-alive\nX-Mine: 1\nx-mine: 2\n\
             Keep-Alive: timeout=5\nProxy-Authenticate: Basic\nUpgrade: h2c\nTrailer: T\n\
             Proxy-Connection: close\nSet-Cookie: a\nset-cookie: b\nVia: 1.1 x\n\n",
            "204 Set-Cookie: a; set-cookie: b; Via: 1.1 x; Via: 1.1 build-your-own; |Keep",
        );
        check(
            GET,
            "HTTP/1.1 200 x\nConnection: Content-Length\nContent-Length: 1\n\n!",
            "200 Content-Length: 1; Via: 1.1 build-your-own; !|Keep",
        );
    }

    #[test]
    fn what_is_no_response_is_refused() {
        for answer in [
            "hello\n\n",
            "\n\nHTTP/1.1 200 OK\n\n",
            "HTTP/2.0 200 OK\n\n",
            "HTTP/1.1 20 OK\n\n",
            "HTTP/1.1 200 OK\nA : b\n\n",
            "HTTP/1.1 200 OK\nA: b\n c\n\n",
            "HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 1\n\n!",
            "HTTP/1.1 200 OK\nContent-Length: 1\nTransfer-Encoding: chunked\n\n!",
            "HTTP/1.1 200 OK\nContent-Length: -1\n\n!",
            "HTTP/1.1 200 OK\nTransfer-Encoding: gzip\n\n!",
            "HTTP/1.0 200 OK\nTransfer-Encoding: chunked\n\n0\n\n",
            "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\nx\n",
        ] {
            check_bad(GET, answer, "|broke HTTP at octet ");
        }
        let bare = hear(GET, b"HTTP/1.1 200 OK\nA: b\n\n", 4, NO_MORE);
        assert!(bare.contains("|broke HTTP"), "{bare}");
    }

    #[test]
    fn an_end_before_the_end_is_told() {
        for (answer, reason) in [
            ("", "before it had answered"),
            ("HTTP/1.1 100 x\n\n", "before it had answered"),
            ("HTTP/1.1 200 OK\nA", "inside the head"),
            (
                "HTTP/1.1 200 OK\nContent-Length: 5\n\nhell",
                "hell|broke HTTP at octet 4",
            ),
            (
                "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n1\n!\n0\n",
                "!|broke HTTP",
            ),
        ] {
            let answer = answer.replace('\n', "\r\n");
            let story = hear(GET, answer.as_bytes(), 0, NO_MORE);
            assert!(story.contains(reason), "{answer:?}: {story}");
        }
    }

    #[test]
    fn a_change_of_protocol_that_was_asked_for_is_a_tunnel() {
        let switch = "HTTP/1.1 101 x\nConnection: Upgrade\nUpgrade: websocket\nA: b\n\n";
        check(
            UPGRADE,
            &format!("{switch}0\n\nraw"),
            "101 A: b; Via: 1.1 build-your-own; Upgrade: websocket; 0\\r\\n\\r\\nraw|Close",
        );
        check_bad(GET, switch, "unasked");
        let mut http = Http::default();
        let mut out = Vec::new();
        http.begin(&asked(UPGRADE), Some(0), &mut out);
        http.end(&mut out);
        let switch = switch.replace('\n', "\r\n");
        let heard = http
            .hear(switch.as_bytes(), false)
            .expect("it was asked for");
        assert!(matches!(heard, Heard::Head(..)), "{heard:?}");
        http.took(switch.len());
        out.clear();
        http.body(b"raw\r\n", &mut out);
        http.end(&mut out);
        assert_eq!(out, b"raw\r\n");
    }

    #[test]
    fn request_content_is_framed_anew() {
        for (length, expected) in [
            (Some(5), "hello"),
            (None, "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"),
        ] {
            let mut http = Http::default();
            let request = asked("PUT / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked");
            http.begin(&request, length, &mut Vec::new());
            let mut out = Vec::new();
            http.body(b"hel", &mut out);
            http.body(b"lo", &mut out);
            http.end(&mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
    }
}
