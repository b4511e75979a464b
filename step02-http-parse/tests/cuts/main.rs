//! However a conversation is cut into reads, it is the same conversation.

mod chance;
mod echo;

use chance::Chance;
use echo::{Echo, Talk};
use http_parse::{Limits, Parsed, Reject, parse_request_head, parse_response_head};

fn talk(input: &[u8], cuts: &mut dyn FnMut() -> usize) -> Talk {
    Echo::new(&Limits::default()).talk(input, cuts)
}

/// So many conversations at the front have nothing to refuse.
const GOOD: usize = 9;

/// Small enough that every cut of every line can be tried, each a whole conversation.
const CONVERSATIONS: [&str; 30] = [
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "\r\n\r\nGET /a?b HTTP/1.1\r\nHost:x\r\nAccept:\t*/* \r\n\r\n\r\n",
    "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: x\r\n\r\nGET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /4",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\nGET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n",
    "GET http://a.example:8/b?c HTTP/1.1\r\nHost: other\r\n\r\n",
    "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
    // What is refused.
    "GET / HTTP/1.1\nHost: x\n\n",
    "GET / HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
    "GET / HTTP/1.0\r\nHost: a b\r\n\r\n",
    "GET / HTTP/2.0\r\nHost: x\r\n\r\n",
    "GET /\r\n",
    "\x16\x03\x01\x02\x00\x01\x00",
    "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET * HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HEAD / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: y\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nExpect: a miracle\r\nContent-Length: 1\r\n\r\n!",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nhello",
    "GET / HTTP/1.1\r\nHost: x\r\n",
    "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\nGET /3 HTTP/1.1\r\nHost: x\r\n\r\n",
];

#[test]
fn two_reads_say_what_one_says() {
    for input in CONVERSATIONS {
        let whole = talk(input.as_bytes(), &mut || input.len());
        for first in 1..input.len() {
            let mut cuts = [first].into_iter();
            let cut = talk(input.as_bytes(), &mut || cuts.next().unwrap_or(input.len()));
            assert_eq!(cut, whole, "{input:?} cut at {first}");
        }
    }
}

#[test]
fn many_small_reads_say_what_one_says() {
    for input in CONVERSATIONS {
        let whole = talk(input.as_bytes(), &mut || input.len());
        for size in 1..20 {
            let cut = talk(input.as_bytes(), &mut || size);
            assert_eq!(cut, whole, "{input:?} cut every {size}");
        }
    }
}

#[test]
fn content_taken_by_the_octet_is_the_same_content() {
    for input in CONVERSATIONS {
        let whole = talk(input.as_bytes(), &mut || input.len());
        let slow = Echo::new(&Limits::default()).taking(1);
        assert_eq!(slow.talk(input.as_bytes(), &mut || 7), whole, "{input:?}");
    }
}

/// Puts conversations together, spoils them here and there, and cuts them anywhere.
#[test]
fn random_conversations_do_not_depend_on_their_cuts() {
    const ROUNDS: usize = 2_000;
    let mut chance = Chance::new(20_240_229);
    for round in 0..ROUNDS {
        let mut input = Vec::new();
        for _ in 0..=chance.below(3) {
            input.extend_from_slice(chance.pick(&CONVERSATIONS[..GOOD]).as_bytes());
        }
        for _ in 0..chance.below(3) {
            let at = chance.below(input.len());
            input[at] = *chance.pick(b"\r\n 0\0:g,");
        }
        let whole = talk(&input, &mut || input.len());
        let mut cuts = chance.clone();
        let cut = talk(&input, &mut || 1 + cuts.below(16));
        assert_eq!(cut, whole, "round {round}: {}", input.escape_ascii());
    }
}

/// The same with large bodies and heads, so that the buffer grows, moves and fills.
#[test]
fn large_conversations_do_not_depend_on_their_cuts() {
    let mut chance = Chance::new(7);
    for round in 0..20 {
        let mut input = Vec::new();
        for _ in 0..3 {
            let field = "f".repeat(chance.below(8_000));
            let body: String = ('a'..='z').cycle().take(chance.below(200_000)).collect();
            let head = format!("POST / HTTP/1.1\r\nHost: x\r\nA: {field}\r\nB: {field}\r\n");
            let framed = match chance.below(2) {
                0 => format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()),
                _ => format!(
                    "{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
                    body.len().max(1)
                ),
            };
            input.extend_from_slice(framed.as_bytes());
        }
        let whole = talk(&input, &mut || input.len());
        let cut = talk(&input, &mut || 1 + chance.below(30_000));
        assert!(cut == whole, "round {round}");
    }
}

const HEADS: [&str; 6] = [
    "GET /a?b HTTP/1.1\r\nHost: x\r\nAccept:\t*/* \r\n\r\n",
    "\r\nOPTIONS * HTTP/1.0\r\n\r\n",
    "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\n\r\n",
    "HTTP/1.0 404\r\nA:b\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n",
];

/// For every prefix of a head, spoilt or not, the answer is "partial" or that of the whole.
#[test]
fn a_prefix_is_partial_or_judged_like_the_whole() {
    const ROUNDS: usize = 3_000;
    let mut chance = Chance::new(9_112);
    for round in 0..ROUNDS {
        let mut head = chance.pick(&HEADS).as_bytes().to_vec();
        for _ in 0..chance.below(4) {
            let at = chance.below(head.len());
            match chance.below(3) {
                0 => drop(head.remove(at)),
                1 => head.insert(at, *chance.pick(b"\r\n \t\0:#9\x16\xff")),
                _ => head[at] = *chance.pick(b"\r\n \t\0:#9\x16\xff"),
            }
        }
        let limits = Limits::default();
        check_prefixes(&head, |bytes| parse_request_head(bytes, &limits), round);
        check_prefixes(&head, |bytes| parse_response_head(bytes, &limits), round);
    }
}

#[track_caller]
fn check_prefixes<T: PartialEq + std::fmt::Debug>(
    head: &[u8],
    parse: impl Fn(&[u8]) -> Result<Parsed<T>, Reject>,
    round: usize,
) {
    let whole = parse(head);
    for cut in 0..head.len() {
        match parse(&head[..cut]) {
            Ok(Parsed::Partial) => {}
            prefix => assert_eq!(
                prefix,
                whole,
                "round {round}: {} cut at {cut}",
                head.escape_ascii()
            ),
        }
    }
}
