//! How long does it take to read a request's head, beside the fastest parser of the language?
//!
//! `cargo bench -p check --bench parse`
//!
//! Three heads: what curl sends, what a browser sends, and one swollen by cookies. What is compared
//! does not do the same:
//!
//! ```text
//!                       httparse        parse_request_head    … _into, Connection
//!   finds the parts     yes, SIMD       yes                   yes
//!   keeps them          in our bytes    in memory of its own  in memory of the last head
//!   refuses a bare LF   no              yes                   yes
//!   checks Host, target no              yes                   yes
//!   has limits          lines' number   every part            every part
//!   says where          no              the octet             the octet
//!   answers             no              no                    Connection: 204
//! ```
//!
//! So the question is what strictness and an owned result cost, not who is quicker at the same
//! task. The group `value` holds the loops of chapter 2.7, on the values of these heads.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use http_parse::{
    Connection, Limits, Next, Parsed, ResponseHead, Status, parse_request_head,
    parse_request_head_into,
};
use std::hint::black_box;

#[path = "../../step02-http-parse/examples/rung7_fast.rs"]
#[expect(dead_code, reason = "the loops are measured, the program is not run")]
mod rung7_fast;

/// Field lines of the largest head; `httparse` wants to be told.
const FIELDS: usize = 64;

/// What curl sends.
const CURL: &str =
    "GET / HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n";

/// What a browser sends, some 800 octets.
const BROWSER: &str = "\
GET /book/chapters/step02/fields.html?from=search&term=field%20line HTTP/1.1\r\n\
Host: www.example.org\r\n\
Connection: keep-alive\r\n\
Cache-Control: max-age=0\r\n\
sec-ch-ua: \"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\"\r\n\
sec-ch-ua-mobile: ?0\r\n\
sec-ch-ua-platform: \"Linux\"\r\n\
Upgrade-Insecure-Requests: 1\r\n\
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8\r\n\
Sec-Fetch-Site: same-origin\r\n\
Sec-Fetch-Mode: navigate\r\n\
Sec-Fetch-User: ?1\r\n\
Sec-Fetch-Dest: document\r\n\
Referer: http://www.example.org/book/chapters/step02/\r\n\
Accept-Encoding: gzip, deflate, br\r\n\
Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n\r\n";

/// What a browser sends to a site that has given it many cookies: some 4 KiB.
fn with_cookies() -> String {
    let cookies: Vec<String> = (0..64)
        .map(|number| format!("preference{number:02}={}", "0123456789abcdef".repeat(3)))
        .collect();
    let head = BROWSER.trim_end();
    format!("{head}\r\nCookie: {}\r\n\r\n", cookies.join("; "))
}

fn requests() -> [(&'static str, String); 3] {
    [
        ("curl", CURL.to_owned()),
        ("browser", BROWSER.to_owned()),
        ("cookies", with_cookies()),
    ]
}

fn heads(criterion: &mut Criterion) {
    let limits = Limits::default();
    for (name, request) in requests() {
        let request = request.as_bytes();
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(request.len() as u64));
        group.bench_function("parse_request_head", |bencher| {
            bencher.iter(|| match parse_request_head(black_box(request), &limits) {
                Ok(Parsed::Complete(head, _)) => head,
                Ok(Parsed::Partial) | Err(_) => panic!("the head is complete and well formed"),
            });
        });
        group.bench_function("parse_request_head_into", |bencher| {
            let Ok(Parsed::Complete(mut head, _)) = parse_request_head(request, &limits) else {
                panic!("the head is complete and well formed");
            };
            bencher.iter(|| {
                let parsed = parse_request_head_into(&mut head, black_box(request), &limits);
                assert!(matches!(parsed, Ok(Parsed::Complete((), _))));
                black_box(&head);
            });
        });
        group.bench_function("httparse", |bencher| {
            bencher.iter(|| {
                let mut fields = [httparse::EMPTY_HEADER; FIELDS];
                let mut head = httparse::Request::new(&mut fields);
                let parsed = head.parse(black_box(request));
                assert!(parsed.is_ok_and(|status| status.is_complete()));
                black_box(head.headers.len())
            });
        });
        group.bench_function("connection", |bencher| {
            let mut connection = Connection::new(&limits);
            let mut out = Vec::new();
            bencher.iter(|| exchange(&mut connection, black_box(request), &mut out));
        });
        group.finish();
    }
}

/// A whole request and its answer, in memory that is there.
fn exchange(connection: &mut Connection, request: &[u8], out: &mut Vec<u8>) {
    let mut rest = request;
    let head = loop {
        let space = connection.space();
        let n = space.len().min(rest.len());
        space[..n].copy_from_slice(&rest[..n]);
        connection.received(n);
        rest = &rest[n..];
        match connection.next() {
            Ok(Next::Head(head)) => break head,
            Ok(Next::NeedBytes) => {}
            other => panic!("a head comes first, not {other:?}"),
        }
    };
    connection.recycle(black_box(head));
    assert!(matches!(connection.next(), Ok(Next::End(_))));
    out.clear();
    connection.start(&ResponseHead::new(Status::NO_CONTENT), out);
    connection.finish(out).expect("nothing was promised");
    assert!(connection.next_request());
}

fn values(criterion: &mut Criterion) {
    for (name, request) in requests() {
        // What follows each colon, up to the end of the request: a loop must find where to stop.
        let starts: Vec<&[u8]> = request
            .match_indices(": ")
            .map(|(at, colon)| &request.as_bytes()[at + colon.len()..])
            .collect();
        let mut group = criterion.benchmark_group(format!("value/{name}"));
        for (loop_name, end_of_value) in rung7_fast::LOOPS {
            group.bench_function(loop_name, |bencher| {
                bencher.iter(|| {
                    let lengths = black_box(&starts).iter().map(|from| end_of_value(from));
                    lengths.sum::<usize>()
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, heads, values);
criterion_main!(benches);
