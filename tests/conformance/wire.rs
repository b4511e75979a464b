//! Requirements that no step's own test holds, asked over sockets of three servers that have little
//! in common: one that blocks, one that polls a connection in a thread, and one loop for all.
//!
//! What is sent is written out here, octet by octet; what comes back is read by the grader's own
//! client.

use check::site::MODIFIED;
use check::{Answer, Asked, Client, Heard, Served, Site};
use concurrency::{Entrance, SERVERS, Serve, thread_per_connection};
use static_files::{Config, Files, Handler, Listing, serve_connection};
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Of step 4: one server that waits for one connection, and one that waits for all.
const ASKED: [&str; 2] = ["threads", "epoll"];

/// Of step 3: the server that reads and waits. It serves one client; for tests with several each
/// has a thread.
const BLOCKING: (&str, Serve) = ("blocking", |listener, handler, config, stop| {
    thread_per_connection(&Entrance::new(listener, stop)?, config.threads, |stream| {
        // What breaks a connection off is seen by its client, which is the test.
        let _ = serve_connection(stream, handler, config);
    })
});

/// Long enough for a server that would speak to have spoken.
const MOMENT: Duration = Duration::from_millis(100);

/// Every way to be answered, one of each: (request, status).
const ANSWERS: [(&str, u16); 19] = [
    ("GET /hello.txt HTTP/1.1\r\nHost: a\r\n", 200),
    ("GET /hello.txt HTTP/1.0\r\n", 200),
    ("OPTIONS * HTTP/1.1\r\nHost: a\r\n", 204),
    (
        "GET /hello.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=1-2\r\n",
        206,
    ),
    (
        "GET /hello.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1,4-5\r\n",
        206,
    ),
    ("GET /sub HTTP/1.1\r\nHost: a\r\n", 301),
    (
        "GET /hello.txt HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n",
        304,
    ),
    ("GET / HTTP/1.1\r\n", 400),
    ("GET /../x HTTP/1.1\r\nHost: a\r\n", 400),
    ("GET /bare/ HTTP/1.1\r\nHost: a\r\n", 403),
    ("GET /missing HTTP/1.1\r\nHost: a\r\n", 404),
    ("POST /hello.txt HTTP/1.1\r\nHost: a\r\n", 405),
    (
        "GET /hello.txt HTTP/1.1\r\nHost: a\r\nIf-Match: \"x\"\r\n",
        412,
    ),
    (
        "POST /collect HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n",
        413,
    ),
    (
        "GET /hello.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=99-\r\n",
        416,
    ),
    (
        "GET /hello.txt HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n",
        417,
    ),
    ("BREW /pot HTTP/1.1\r\nHost: a\r\n", 501),
    (
        "POST /collect HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n",
        501,
    ),
    ("GET / HTTP/3.0\r\nHost: a\r\n", 505),
];

static SITE: LazyLock<Site> = LazyLock::new(|| Site::new().expect("the site can be written"));

fn on_all(each: impl Fn(SocketAddr)) {
    on_all_with(|| SITE.handler().expect("the site is there"), each);
}

fn on_all_with(handler: impl Fn() -> Arc<dyn Handler + Send + Sync>, each: impl Fn(SocketAddr)) {
    for asked in step_4().chain([BLOCKING]) {
        on(asked, handler(), &each);
    }
}

fn step_4() -> impl Iterator<Item = (&'static str, Serve)> {
    SERVERS.into_iter().filter(|(name, _)| ASKED.contains(name))
}

fn on(
    (name, serve): (&str, Serve),
    handler: Arc<dyn Handler + Send + Sync>,
    each: impl Fn(SocketAddr),
) {
    // Shown with a failure only.
    println!("asking {name}");
    let served = Served::start(serve, handler, Config::default());
    each(served.expect("loopback has a free port").addr());
}

#[track_caller]
fn connect(addr: SocketAddr, sent: &str) -> Client {
    let mut client = Client::connect(addr).expect("the server accepts");
    client.send(sent.as_bytes()).expect("the server reads");
    client
}

/// The answer to a head, whose empty line is added, and content.
#[track_caller]
fn ask_with(addr: SocketAddr, head: &str, content: &str) -> Answer {
    let asked = match head.starts_with("HEAD ") {
        true => Asked::Head,
        false => Asked::Other,
    };
    let mut client = connect(addr, &format!("{head}\r\n{content}"));
    let answer = client.read_answer(asked);
    answer.unwrap_or_else(|trouble| panic!("{head:?}: {trouble}"))
}

#[track_caller]
fn ask(addr: SocketAddr, head: &str) -> Answer {
    ask_with(addr, head, "")
}

/// GET of a path with these field lines.
#[track_caller]
fn get(addr: SocketAddr, path: &str, lines: &str) -> Answer {
    ask(addr, &format!("GET {path} HTTP/1.1\r\nHost: a\r\n{lines}"))
}

fn names(answer: &Answer) -> Vec<String> {
    let names = answer.fields.iter().map(|(name, _)| name);
    names.map(|name| name.to_ascii_lowercase()).collect()
}

#[test]
fn every_head_is_written_by_the_grammar() {
    on_all(|addr| {
        for (request, status) in ANSWERS {
            let answer = ask(addr, request);
            assert_eq!(answer.status, status, "{request:?}");
            let text = String::from_utf8(answer.head.clone()).expect("a head is ASCII");
            assert!(text.is_ascii(), "{text:?}");
            let start = format!("HTTP/1.1 {status} ");
            assert!(text.starts_with(&start), "{text:?}");
            let lines: Vec<&str> = text.split("\r\n").collect();
            let bare = |line: &&str| line.contains(['\r', '\n']) || line.starts_with([' ', '\t']);
            assert!(!lines.iter().any(bare), "{text:?}");
            for line in &lines[1..lines.len() - 2] {
                let (name, value) = line.split_once(": ").expect("a colon and one space");
                let is_token = |c: char| c.is_ascii_alphanumeric() || c == '-';
                assert!(name.chars().all(is_token), "{line:?}");
                assert_eq!(value, value.trim(), "{line:?}");
            }
        }
    });
}

#[test]
fn no_field_stands_twice_and_every_answer_has_its_date() {
    on_all(|addr| {
        for (request, _) in ANSWERS {
            let answer = ask(addr, request);
            let mut names = names(&answer);
            assert!(names.contains(&"date".to_owned()), "{request:?}");
            names.sort();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{request:?}: {names:?}");
        }
    });
}

#[test]
fn every_error_explains_itself() {
    on_all(|addr| {
        for (request, _) in ANSWERS.iter().filter(|(_, status)| *status >= 400) {
            let page = String::from_utf8(ask(addr, request).content).expect("a page is UTF-8");
            let sentence = page.contains("<h1>") && page.contains("<p>") && page.contains('.');
            assert!(sentence, "{request:?}: {page}");
        }
        let page = ask(addr, "GET / HTTP/3.0\r\nHost: a\r\n").content;
        let page = String::from_utf8_lossy(&page).into_owned();
        assert!(page.contains("HTTP/1.1"), "it says what is spoken: {page}");
    });
}

#[test]
fn a_length_and_a_transfer_coding_never_stand_together() {
    on_all(|addr| {
        for (request, status) in ANSWERS {
            let answer = ask(addr, request);
            let (length, coding) = ("Content-Length", "Transfer-Encoding");
            assert!(
                answer.count(length) + answer.count(coding) <= 1,
                "{request:?}"
            );
            if status == 204 {
                assert_eq!((answer.count(length), answer.count(coding)), (0, 0));
            }
        }
    });
    // Step 3 reads all of the content before any of the answer, so its echo has nothing to say.
    for asked in step_4() {
        on(asked, SITE.handler().expect("the site is there"), |addr| {
            let echoed = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n";
            let answer = ask_with(addr, echoed, "hi");
            assert_eq!(answer.field("Transfer-Encoding"), Some(&b"chunked"[..]));
            assert_eq!(
                (answer.count("Content-Length"), &answer.content[..]),
                (0, &b"hi"[..])
            );
            let answer = ask_with(addr, &echoed.replace("/1.1", "/1.0"), "hi");
            assert_eq!(answer.count("Transfer-Encoding"), 0);
            assert_eq!(answer.content, b"hi");
        });
    }
}

#[test]
fn head_has_the_fields_of_get_whatever_the_status() {
    on_all(|addr| {
        for path in ["/hello.txt", "/missing", "/sub", "/bare/", "/..", "/"] {
            let get = get(addr, path, "");
            let head = ask(addr, &format!("HEAD {path} HTTP/1.1\r\nHost: a\r\n"));
            assert_eq!(
                (head.status, names(&head)),
                (get.status, names(&get)),
                "{path}"
            );
            assert_eq!(
                head.field("Content-Length"),
                get.field("Content-Length"),
                "{path}"
            );
            assert!(head.content.is_empty() && !get.content.is_empty(), "{path}");
        }
    });
}

#[test]
fn the_three_forms_of_a_date_mean_the_same() {
    let forms = [
        MODIFIED,
        "Wednesday, 01-Jan-20 00:00:00 GMT",
        "Wed Jan  1 00:00:00 2020",
    ];
    on_all(|addr| {
        for form in forms {
            let since = format!("If-Modified-Since: {form}\r\n");
            assert_eq!(get(addr, "/hello.txt", &since).status, 304, "{form}");
            let since = format!("If-Unmodified-Since: {form}\r\n");
            assert_eq!(get(addr, "/hello.txt", &since).status, 200, "{form}");
        }
        let last = get(addr, "/hello.txt", "");
        assert_eq!(last.field("Last-Modified"), Some(MODIFIED.as_bytes()));
    });
}

#[test]
fn a_date_that_is_two_is_none() {
    on_all(|addr| {
        let twice = format!("If-Modified-Since: {MODIFIED}\r\n").repeat(2);
        assert_eq!(get(addr, "/hello.txt", &twice).status, 200);
        let list = "If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT, x\r\n";
        assert_eq!(get(addr, "/hello.txt", list).status, 200);
    });
}

#[test]
fn preconditions_count_only_where_there_is_something_to_send() {
    let lines = "If-Match: \"x\"\r\nIf-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT\r\n";
    on_all(|addr| {
        for (path, status) in [
            ("/missing", 404),
            ("/sub", 301),
            ("/bare/", 403),
            ("/..", 400),
        ] {
            assert_eq!(get(addr, path, lines).status, status, "{path}");
        }
        for (method, status) in [("OPTIONS", 204), ("TRACE", 405), ("DELETE", 405)] {
            let head = format!("{method} /hello.txt HTTP/1.1\r\nHost: a\r\n{lines}");
            assert_eq!(ask(addr, &head).status, status, "{method}");
        }
        assert_eq!(get(addr, "/hello.txt", lines).status, 412);
    });
}

#[test]
fn a_405_names_the_methods_and_they_work() {
    on_all(|addr| {
        for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE"] {
            let refused = ask(
                addr,
                &format!("{method} /hello.txt HTTP/1.1\r\nHost: a\r\n"),
            );
            assert_eq!(refused.status, 405, "{method}");
            let allowed = String::from_utf8(refused.field("Allow").unwrap_or_default().to_vec());
            for method in allowed.expect("names of methods").split(", ") {
                let head = format!("{method} /hello.txt HTTP/1.1\r\nHost: a\r\n");
                assert!(ask(addr, &head).status < 300, "{method}");
            }
        }
    });
}

#[test]
fn a_connect_without_a_usable_port_is_refused() {
    on_all(|addr| {
        for (target, status) in [("a:", 400), ("a", 400), ("a:99999", 400), ("a:443", 405)] {
            let head = format!("CONNECT {target} HTTP/1.1\r\nHost: a\r\n");
            assert_eq!(ask(addr, &head).status, status, "{target}");
        }
    });
}

#[test]
fn special_targets_go_with_their_own_methods_only() {
    on_all(|addr| {
        for line in [
            "GET *",
            "GET a:443",
            "OPTIONS a:443",
            "CONNECT /x",
            "CONNECT *",
        ] {
            let answer = ask(addr, &format!("{line} HTTP/1.1\r\nHost: a\r\n"));
            assert_eq!(answer.status, 400, "{line}");
        }
    });
}

#[test]
fn an_address_without_a_host_or_with_a_user_is_refused() {
    on_all(|addr| {
        for target in [
            "http:///hello.txt",
            "http://:80/hello.txt",
            "http://u@a/hello.txt",
        ] {
            assert_eq!(get(addr, target, "").status, 400, "{target}");
        }
    });
}

#[test]
fn an_upgrade_is_not_followed() {
    let fields = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n";
    on_all(|addr| {
        let answer = get(addr, "/hello.txt", fields);
        assert_eq!((answer.status, answer.count("Upgrade")), (200, 0));
        let old = format!("GET /hello.txt HTTP/1.0\r\n{fields}");
        assert_eq!(ask(addr, &old).status, 200);
    });
}

#[test]
fn http_1_0_never_sees_a_1xx() {
    on_all(|addr| {
        let head = "POST /collect HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
        let mut client = connect(addr, head);
        // Who sends its content at once is not invited anyway.
        let heard = client.listen(MOMENT).expect("the connection is there");
        assert_eq!(heard, Heard::Silence);
        client.send(b"hi").expect("the server reads");
        let heard = client.read_to_end().expect("it ends the connection");
        assert!(
            heard.starts_with(b"HTTP/1.1 200 "),
            "{}",
            heard.escape_ascii()
        );
    });
}

#[test]
fn a_final_status_instead_of_100_says_what_becomes_of_the_connection() {
    on_all(|addr| {
        let head = "POST /hello.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n";
        let answer = ask(addr, &format!("{head}Expect: 100-continue\r\n"));
        assert_eq!((answer.status, answer.says_close()), (405, true));
        let mut client = connect(addr, &format!("{head}\r\nhi"));
        let answer = client.read_answer(Asked::Other).expect("an answer");
        assert_eq!((answer.status, answer.says_close()), (405, false));
        client
            .send(b"GET /hello.txt HTTP/1.1\r\nHost: a\r\n\r\n")
            .expect("it reads");
        assert_eq!(
            client.read_answer(Asked::Other).expect("another").status,
            200
        );
    });
}

#[test]
fn fields_that_mean_nothing_here_are_ignored() {
    let lines = "X-Unheard-Of: 1\r\nContent-Range: bytes 0-1/2\r\nContent-Location: /other\r\n\
                 If-Range: \"x\"\r\nMax-Forwards: 0\r\nFrom: a@b\r\n";
    on_all(|addr| {
        let (plain, decorated) = (get(addr, "/hello.txt", ""), get(addr, "/hello.txt", lines));
        assert_eq!(
            (plain.status, plain.content),
            (decorated.status, decorated.content)
        );
    });
}

#[test]
fn empty_members_of_lists_are_left_out() {
    on_all(|addr| {
        let tags = get(addr, "/hello.txt", "If-None-Match: , \"x\",, *\r\n");
        assert_eq!(tags.status, 200, "an asterisk is no member");
        let tag = get(addr, "/hello.txt", "");
        let tag = String::from_utf8_lossy(tag.field("ETag").expect("a tag")).into_owned();
        let lines = format!("If-None-Match: ,, {tag} ,\r\n");
        assert_eq!(get(addr, "/hello.txt", &lines).status, 304);
        let part = get(addr, "/digits.txt", "Range: bytes=, 2-3,\r\n");
        assert_eq!((part.status, &part.content[..]), (206, &b"23"[..]));
        assert!(get(addr, "/hello.txt", "Connection: , close ,\r\n").says_close());
    });
}

#[test]
fn whitespace_in_a_chunk_extension_is_passed_over() {
    on_all(|addr| {
        let head = "POST /collect HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n";
        let content = "5 ; a = \"b c\" \t; d\r\nhello\r\n0;e\r\n\r\n";
        let answer = ask_with(addr, head, content);
        assert_eq!((answer.status, &answer.content[..]), (200, &b"hello"[..]));
    });
}

#[test]
fn a_part_says_what_the_whole_would_have_said() {
    on_all(|addr| {
        let whole = get(addr, "/digits.txt", "");
        let one = get(addr, "/digits.txt", "Range: bytes=2-4\r\n");
        let several = get(addr, "/digits.txt", "Range: bytes=0-1,5-6\r\n");
        let same = get(addr, "/digits.txt", "If-None-Match: *\r\n");
        for name in ["ETag", "Cache-Control", "Last-Modified", "Accept-Ranges"] {
            for part in [&one, &several] {
                assert_eq!(part.field(name), whole.field(name), "{name}");
            }
        }
        for name in ["ETag", "Cache-Control"] {
            assert_eq!(same.field(name), whole.field(name), "{name}");
        }
        for name in ["Content-Type", "Content-Length", "Content-Encoding"] {
            assert_eq!(same.count(name), 0, "{name} in a 304");
        }
        assert_eq!(one.field("Content-Type"), whole.field("Content-Type"));
        assert_eq!(one.field("Content-Range"), Some(&b"bytes 2-4/10"[..]));
        assert_eq!(one.content, b"234");
    });
}

#[test]
fn several_parts_are_delimited_by_their_boundary() {
    on_all(|addr| {
        let answer = get(addr, "/digits.txt", "Range: bytes=5-6,0-1\r\n");
        let media_type = String::from_utf8_lossy(answer.field("Content-Type").unwrap_or_default());
        let (kind, boundary) = media_type.split_once("; boundary=").expect("a boundary");
        assert_eq!(
            (kind, answer.count("Content-Range")),
            ("multipart/byteranges", 0)
        );
        let part = |range: &str, content: &str| {
            format!(
                "--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\
                 Content-Range: bytes {range}/10\r\n\r\n{content}\r\n"
            )
        };
        let expected = part("5-6", "56") + &part("0-1", "01") + &format!("--{boundary}--\r\n");
        assert_eq!(String::from_utf8_lossy(&answer.content), expected);
        let single = get(addr, "/digits.txt", "Range: bytes=0-1,1-3\r\n");
        assert_eq!(single.field("Content-Range"), Some(&b"bytes 0-3/10"[..]));
    });
}

#[test]
fn content_that_breaks_off_is_not_taken_for_whole() {
    on_all(|addr| {
        for (framing, begun) in [
            ("Content-Length: 5", "he"),
            ("Transfer-Encoding: chunked", "5\r\nhe"),
            ("Transfer-Encoding: chunked", "5\r\nhello\r\n"),
        ] {
            let head = format!("POST /collect HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n{begun}");
            let mut client = connect(addr, &head);
            client.close_write().expect("the connection is there");
            let heard = client.read_to_end().expect("it ends the connection");
            assert!(
                !heard.starts_with(b"HTTP/1.1 200"),
                "{}",
                heard.escape_ascii()
            );
        }
    });
}

#[test]
fn a_request_line_of_eight_thousand_octets_is_read() {
    on_all(|addr| {
        let query = "q".repeat(8_000 - "GET /hello.txt? HTTP/1.1".len());
        let line = format!("GET /hello.txt?{query} HTTP/1.1");
        assert_eq!(line.len(), 8_000);
        assert_eq!(ask(addr, &format!("{line}\r\nHost: a\r\n")).status, 200);
        // The largest entity tag that the server may send is far below what it reads.
        let tags = format!("If-None-Match: \"{}\"\r\n", "t".repeat(8_000));
        assert_eq!(get(addr, "/hello.txt", &tags).status, 200);
    });
}

#[test]
fn a_listing_has_no_date_that_counts() {
    let lines = "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n\
                 If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT\r\n";
    let files = || Files::new(&SITE.root()).expect("the site is there");
    on_all_with(
        || Arc::new(files().listing(Listing::Shown)),
        |addr| {
            let answer = get(addr, "/bare/", lines);
            assert_eq!((answer.status, answer.count("Last-Modified")), (200, 0));
            assert_eq!(get(addr, "/bare/", "Range: bytes=0-1\r\n").status, 200);
        },
    );
}

#[test]
fn a_listing_is_there_and_has_no_tag() {
    let files = || Files::new(&SITE.root()).expect("the site is there");
    on_all_with(
        || Arc::new(files().listing(Listing::Shown)),
        |addr| {
            for (line, status) in [
                ("If-Match: *", 200),
                ("If-Match: \"x\"", 412),
                ("If-None-Match: *", 304),
                ("If-None-Match: \"x\"", 200),
                ("If-None-Match: \"\"", 200),
            ] {
                let answer = get(addr, "/bare/", &format!("{line}\r\n"));
                assert_eq!((answer.status, answer.count("ETag")), (status, 0), "{line}");
            }
        },
    );
}

#[test]
fn content_that_nobody_wants_does_not_delay_or_spoil_an_answer() {
    on_all(|addr| {
        let posted = "POST /hello.txt HTTP/1.1\r\nHost: a\r\n";
        // None of it comes; it breaks off; it is malformed.
        for (line, content) in [
            ("Content-Length: 5\r\n", ""),
            ("Content-Length: 5\r\n", "hel"),
            ("Transfer-Encoding: chunked\r\n", ""),
            ("Transfer-Encoding: chunked\r\n", "z\r\n"),
        ] {
            let answer = ask_with(addr, &format!("{posted}{line}"), content);
            assert_eq!(answer.status, 405, "{line:?} {content:?}");
        }
        // An answer cannot know that content will be malformed; nothing is answered after it.
        let two = format!("{posted}Transfer-Encoding: chunked\r\n\r\nz\r\n{posted}\r\n");
        let mut client = connect(addr, &two);
        assert_eq!(
            client.read_answer(Asked::Other).expect("an answer").status,
            405
        );
        client.expect_end().expect("nothing else");
    });
}

#[test]
fn a_backslash_in_an_entity_tag_is_an_octet() {
    on_all(|addr| {
        let answer = get(addr, "/hello.txt", "");
        let tag = String::from_utf8_lossy(answer.field("ETag").expect("a tag")).into_owned();
        let with_backslash = tag.replacen('"', "\"\\", 1);
        let lines = format!("If-None-Match: {with_backslash}\r\n");
        assert_eq!(get(addr, "/hello.txt", &lines).status, 200, "{lines}");
        let lines = format!("If-None-Match: \"\\\", {tag}\r\n");
        assert_eq!(get(addr, "/hello.txt", &lines).status, 304, "{lines}");
    });
}
