//! How long does it take to read a request's head, beside the fastest parser of the language?
//!
//! `cargo bench -p check --bench parse`
//!
//! Three heads: what curl sends, what a browser sends, and one swollen by cookies. `httparse` finds where
//! the parts are, with SIMD and in borrowed slices; ours moreover checks Host and the target, keeps
//! what it read, and says where a fault is. So the question is what strictness and an owned
//! result cost, not who is quicker at the same task.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use http_parse::{Limits, Parsed, parse_request_head};
use std::hint::black_box;

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

fn heads(criterion: &mut Criterion) {
    let limits = Limits::default();
    let requests = [
        ("curl", CURL.to_owned()),
        ("browser", BROWSER.to_owned()),
        ("cookies", with_cookies()),
    ];
    for (name, request) in &requests {
        let request = request.as_bytes();
        let mut group = criterion.benchmark_group(*name);
        group.throughput(Throughput::Bytes(request.len() as u64));
        group.bench_function("http_parse", |bencher| {
            bencher.iter(|| match parse_request_head(black_box(request), &limits) {
                Ok(Parsed::Complete(head, _)) => head,
                Ok(Parsed::Partial) | Err(_) => panic!("the head is complete and well formed"),
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
        group.finish();
    }
}

criterion_group!(benches, heads);
criterion_main!(benches);
