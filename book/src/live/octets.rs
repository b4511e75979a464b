//! What step 2's [`Connection`] says to octets that come one by one.

use http_parse::{Connection, Framing, Limits, Next, RequestHead, ResponseHead, Status};
use std::fmt::Write;

/// Something the parser has said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// How many octets had come.
    pub(super) after: usize,
    /// What kind of thing it is, for its colour: `head`, `body`, `end` or `refused`.
    pub(super) kind: &'static str,
    /// What it is, in words.
    pub(super) says: String,
}

/// Feeds a connection octet by octet. Each request is answered with 204, so that the next one may
/// follow.
pub(super) fn told(octets: &[u8]) -> Vec<Told> {
    let mut connection = Connection::new(&Limits::default());
    let mut told = Vec::new();
    for (index, octet) in octets.iter().enumerate() {
        // A connection that wants no more is over: what comes then is never looked at.
        let Some(room) = connection.space().first_mut() else {
            break;
        };
        *room = *octet;
        connection.received(1);
        let mut say = |kind, says| {
            let after = index + 1;
            told.push(Told { after, kind, says });
        };
        if !hear(&mut connection, &mut say) {
            break;
        }
    }
    told
}

/// Tells all that the connection has to say; false when it must end.
fn hear(connection: &mut Connection, say: &mut dyn FnMut(&'static str, String)) -> bool {
    loop {
        match connection.next() {
            Ok(Next::Head(head)) => say("head", described(&head)),
            Ok(Next::Body) => {
                let content = connection.body();
                let (count, text) = (content.len(), content.escape_ascii().to_string());
                connection.consume(count);
                say("body", format!("content: \"{text}\""));
            }
            Ok(Next::End(trailers)) => {
                let mut says = String::from("the request is complete");
                if trailers.iter().next().is_some() {
                    says.push_str(", with a trailer section");
                }
                let mut out = Vec::new();
                connection.start(&ResponseHead::new(Status::NO_CONTENT), &mut out);
                // A 204 has no content that could have the wrong length.
                let _ = connection.finish(&mut out);
                say("end", says);
            }
            Ok(Next::Paused) if connection.next_request() => {}
            Ok(Next::Paused) => {
                say(
                    "refused",
                    "the connection ends here, as it was asked to".into(),
                );
                return false;
            }
            Ok(Next::NeedBytes) => return true,
            Ok(Next::Closed) => return false,
            Err(reject) => {
                say("refused", reject.to_string());
                return false;
            }
        }
    }
}

fn described(head: &RequestHead) -> String {
    let target = head.target.raw().escape_ascii();
    let mut says = format!("a head: {} {target} {}", head.method, head.version);
    let fields = match head.fields.iter().count() {
        1 => "1 field".to_owned(),
        count => format!("{count} fields"),
    };
    let framing = match http_parse::request_framing(head) {
        Ok(Framing::None) => "no content".to_owned(),
        Ok(Framing::Length(octets)) => format!("{octets} octets of content to come"),
        Ok(Framing::Chunked) => "content to come in chunks".to_owned(),
        Ok(Framing::UntilClose) | Err(_) => "content of no known end".to_owned(),
    };
    // A String takes everything.
    let _ = write!(says, ", {fields}, {framing}");
    says
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(octets: &[u8], expected: &[(usize, &str, &str)]) {
        let told = told(octets);
        let told: Vec<_> = told.iter().map(|t| (t.after, t.kind, &*t.says)).collect();
        assert_eq!(told, expected, "{}", octets.escape_ascii());
    }

    #[test]
    fn each_thing_is_told_with_the_octet_that_completes_it() {
        let get = "a head: GET /a HTTP/1.1, 1 field, no content";
        let end = "the request is complete";
        let request = b"GET /a HTTP/1.1\r\nHost: b\r\n\r\n";
        check(request, &[(28, "head", get), (28, "end", end)]);
        check(&request[..27], &[]);
        let twice = [&request[..], request].concat();
        let said = [
            (28, "head", get),
            (28, "end", end),
            (56, "head", get),
            (56, "end", end),
        ];
        check(&twice, &said);
    }

    #[test]
    fn content_is_told_as_it_comes() {
        let head = "a head: POST / HTTP/1.1, 2 fields, 2 octets of content to come";
        check(
            b"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\n\r\nhi",
            &[
                (47, "head", head),
                (48, "body", "content: \"h\""),
                (49, "body", "content: \"i\""),
                (49, "end", "the request is complete"),
            ],
        );
    }

    #[test]
    fn a_refusal_is_the_last_thing_that_is_said() {
        let told = told(b"GET / HTTP/1.1\r\nHost : b\r\n\r\nGET / HTTP/1.1\r\n\r\n");
        let [refused] = &told[..] else {
            panic!("{told:?}");
        };
        assert_eq!(refused.kind, "refused");
        assert!(refused.says.starts_with("400"), "{}", refused.says);
    }

    #[test]
    fn nothing_that_is_typed_breaks_it() {
        for octet in 0..=255 {
            told(&[octet; 300]);
            told(&[b"GET / HTTP/1.1\r\nHost: ", &[octet; 9][..], b"\r\n\r\n"].concat());
        }
    }
}
