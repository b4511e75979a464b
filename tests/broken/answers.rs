//! An upstream's answer, taken apart for a proxy of the gallery and written for its client.

use crate::right::{self, Request};
use http_parse::{
    BodyDecoder, Limits, Method, Parsed, Piece, ResponseHead, parse_response_head, response_framing,
};

/// Fields that are about one connection, or about the framing, which is made anew.
const HOP: [&str; 8] = [
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Upgrade",
    "Transfer-Encoding",
    "Content-Length",
];

/// An upstream's answer.
pub(crate) struct Answer {
    head: ResponseHead,
    content: Vec<u8>,
}

/// What has come of an answer so far.
pub(crate) enum Come {
    Part,
    Whole(Answer),
    /// There is no more, and that was not all.
    Broken(Answer),
    Nonsense,
}

/// What the octets of an answer say so far.
pub(crate) fn take_apart(octets: &[u8], is_over: bool, method: &str) -> Come {
    let limits = Limits::default();
    let (head, mut at) = match parse_response_head(octets, &limits) {
        Ok(Parsed::Complete(head, at)) => (head, at),
        Ok(Parsed::Partial) if !is_over => return Come::Part,
        Ok(Parsed::Partial) | Err(_) => return Come::Nonsense,
    };
    if head.status.code() < 200 {
        return take_apart(&octets[at..], is_over, method);
    }
    let method = match method {
        "HEAD" => Method::Head,
        _ => Method::Get,
    };
    let Ok(framing) = response_framing(&method, &head) else {
        return Come::Nonsense;
    };
    let mut decoder = BodyDecoder::new(framing, &limits);
    let mut content = Vec::new();
    loop {
        let count = match decoder.next(&octets[at..], is_over) {
            Ok(Piece::Skip(count)) => count,
            Ok(Piece::Data(count)) => {
                content.extend(&octets[at..at + count]);
                count
            }
            Ok(Piece::NeedBytes) => return Come::Part,
            Ok(Piece::End(_)) => return Come::Whole(Answer { head, content }),
            Err(_) => return Come::Broken(Answer { head, content }),
        };
        decoder.advance(count);
        at += count;
    }
}

impl Answer {
    pub(crate) fn written(&self, request: &Request) -> Vec<u8> {
        let code = self.head.status.code();
        let fields = self.head.fields.iter().map(|(name, value)| {
            let text = |octets| String::from_utf8_lossy(octets).into_owned();
            (text(name), text(value))
        });
        let fields: Vec<(String, String)> = fields.collect();
        let mut octets = format!("HTTP/1.1 {code} so\r\n").into_bytes();
        octets.extend(kept(&fields).bytes());
        if !right::goes_on(request) {
            octets.extend(b"Connection: close\r\n");
        }
        let ends_with_head = request.method == "HEAD" || matches!(code, 204 | 304);
        if !ends_with_head {
            octets.extend(format!("Content-Length: {}\r\n", self.content.len()).bytes());
        }
        octets.extend(b"\r\n");
        octets.extend(&self.content);
        octets
    }
}

/// The fields that are handed on, as lines: those that are not about a connection.
pub(crate) fn kept(fields: &[(String, String)]) -> String {
    let connection = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("Connection");
    let named = fields.iter().filter(connection);
    let named: Vec<&str> = named.flat_map(|(_, value)| value.split(',')).collect();
    let is = |name: &str, other: &str| name.eq_ignore_ascii_case(other.trim());
    let is_kept = |(name, _): &&(String, String)| {
        let is_host = is(name, "Host");
        !HOP.iter().any(|hop| is(name, hop)) && (is_host || !named.iter().any(|hop| is(name, hop)))
    };
    lines(fields.iter().filter(is_kept))
}

/// Fields as lines.
pub(crate) fn lines<'f>(fields: impl Iterator<Item = &'f (String, String)>) -> String {
    let line = |(name, value): &(String, String)| format!("{name}: {value}\r\n");
    fields.map(line).collect()
}
