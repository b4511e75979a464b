//! Applications over FastCGI, played by the test: what the client gets of what they do.

mod common;

use common::{Application, BOTH, DEADLINE, Line, Server, end, noise, stderr, stdout, while_asked};
use gateway::{Capacity, Keeping, Words};
use static_files::Config;
use std::thread;
use std::time::Duration;

const WORDS: (Words, Capacity) = (
    Words::FastCgi,
    Capacity {
        in_flight: 64,
        behind: 0,
        queue: 64,
        connect: DEADLINE,
        keeping: Keeping::UnlessAwaited,
    },
);

fn each(test: impl Fn(&Server, &Application)) {
    for name in BOTH {
        let application = Application::new();
        let server = Server::asking(name, Config::default(), WORDS, &[application.address()]);
        test(&server, &application);
    }
}

#[test]
fn a_request_is_told_and_answered() {
    each(|server, application| {
        let answer = while_asked(
            server,
            "POST /app/a%20b?q=1 HTTP/1.1\r\nContent-Length: 3",
            b"abc",
            || {
                let mut line = application.accept();
                let asked = line.request().expect("a request");
                assert!(asked.keeps);
                assert_eq!(asked.stdin, b"abc");
                let param = |name: &str| asked.params.get(name).map(String::as_str);
                assert_eq!(param("SCRIPT_NAME"), Some("/app"));
                assert_eq!(param("PATH_INFO"), Some("/a b"));
                assert_eq!(param("QUERY_STRING"), Some("q=1"));
                assert_eq!(param("CONTENT_LENGTH"), Some("3"));
                line.answer("hello");
            },
        );
        assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
        assert!(answer.is_whole);
    });
}

#[test]
fn a_connection_is_kept_for_the_next_request() {
    each(|server, application| {
        let ask = |line: &mut Line, text: &str| {
            let answer = while_asked(server, "GET /app HTTP/1.1", b"", || {
                line.request().expect("a request");
                line.answer(text);
            });
            assert_eq!(answer.text(), text);
        };
        let mut line = thread::scope(|scope| {
            scope.spawn(|| server.get("/app"));
            let mut line = application.accept();
            line.request().expect("a request");
            line.answer("first");
            line
        });
        for number in 2..10 {
            ask(&mut line, &number.to_string());
        }
        assert!(application.try_accept().is_none());
    });
}

#[test]
fn five_megabytes_go_both_ways_at_once() {
    let body = noise(5 << 20);
    each(|server, application| {
        let head = format!("POST /app HTTP/1.1\r\nContent-Length: {}", body.len());
        let answer = while_asked(server, &head, &body, || {
            let mut line = application.accept();
            line.head().expect("a request");
            line.say(&stdout(b"Content-Type: a/b\n\n"));
            loop {
                let record = line.record().expect("content");
                if record.content.is_empty() {
                    break;
                }
                line.say(&stdout(&record.content));
            }
            line.say(&end(0));
        });
        assert!(answer.is_whole && answer.body == body);
    });
}

/// What a client gets when the application says this and hangs up, or ends the request.
#[track_caller]
fn check_ending(says: &[Vec<u8>], expected: (u16, bool, &str)) {
    each(|server, application| {
        let answer = while_asked(server, "GET /app HTTP/1.1", b"", || {
            let mut line = application.accept();
            line.request().expect("a request");
            line.say(&says.concat());
            line.hang_up();
        });
        let text = if answer.status == 200 {
            answer.text()
        } else {
            String::new()
        };
        assert_eq!((answer.status, answer.is_whole, text.as_str()), expected);
    });
}

#[test]
fn an_application_that_dies_is_noticed_wherever_it_is() {
    let head = stdout(b"Content-Type: a/b\n\n");
    check_ending(&[], (502, true, ""));
    check_ending(&[vec![1, 6, 0]], (502, true, ""));
    check_ending(&[stdout(b"Content-Ty")], (502, true, ""));
    check_ending(std::slice::from_ref(&head), (200, false, ""));
    check_ending(&[head.clone(), stdout(b"half")], (200, false, "half"));
    check_ending(&[head.clone(), stdout(b"all"), end(0)], (200, true, "all"));
    let promised = stdout(b"Content-Length: 3\nStatus: 200\n\nall");
    check_ending(&[promised, stdout(b"!"), end(0)], (200, true, "all"));
    check_ending(&[end(0)], (502, true, ""));
    check_ending(&[stdout(b"hello\n\n"), end(0)], (502, true, ""));
}

#[test]
fn an_overloaded_application_is_503() {
    each(|server, application| {
        let answer = while_asked(server, "GET /app HTTP/1.1", b"", || {
            let mut line = application.accept();
            line.request().expect("a request");
            line.say(&end(2));
        });
        assert_eq!(answer.status, 503);
        assert!(answer.head.contains("Retry-After: 1"));
    });
}

#[test]
fn a_flood_of_complaints_harms_no_answer() {
    each(|server, application| {
        let answer = while_asked(server, "GET /app HTTP/1.1", b"", || {
            let mut line = application.accept();
            line.request().expect("a request");
            line.say(&stderr(&[b'!'; 70 * 1024]));
            line.say(&stdout(b"Content-Type: a/b\n\nfine"));
            line.say(&stderr(b"and on\n"));
            line.say(&end(0));
        });
        assert_eq!((answer.text().as_str(), answer.is_whole), ("fine", true));
    });
}

#[test]
fn content_in_chunks_is_streamed_without_a_length() {
    each(|server, application| {
        let head = "POST /app HTTP/1.1\r\nTransfer-Encoding: chunked";
        let body = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        let answer = while_asked(server, head, body, || {
            let mut line = application.accept();
            let asked = line.request().expect("a request");
            assert_eq!(asked.stdin, b"abcde");
            assert!(!asked.params.contains_key("CONTENT_LENGTH"));
            line.answer("ok");
        });
        assert_eq!(answer.text(), "ok");
    });
}

#[test]
fn content_that_the_application_does_not_read_costs_nobody_the_answer() {
    let body = noise(3 << 20);
    each(|server, application| {
        let head = format!("POST /app HTTP/1.1\r\nContent-Length: {}", body.len());
        let answer = while_asked(server, &head, &body, || {
            let mut line = application.accept();
            line.head().expect("a request");
            line.answer("enough");
            // Closed with content unread: a reset, perhaps before the answer has been read.
            drop(line);
        });
        assert_eq!((answer.status, answer.text().as_str()), (200, "enough"));
    });
}

#[test]
fn a_local_redirect_is_answered_by_the_site() {
    each(|server, application| {
        let answer = while_asked(server, "GET /app HTTP/1.1", b"", || {
            let mut line = application.accept();
            line.request().expect("a request");
            line.say(&[stdout(b"Location: /other\n\n"), end(0)].concat());
        });
        assert_eq!((answer.status, answer.text().as_str()), (200, "elsewhere"));
    });
}

#[test]
fn an_application_that_answers_nothing_is_504() {
    for name in BOTH {
        let mut config = Config::default();
        config.timeouts.gateway = Duration::from_millis(100);
        let application = Application::new();
        let server = Server::asking(name, config, WORDS, &[application.address()]);
        let mut answer = None;
        thread::scope(|scope| {
            let client = scope.spawn(|| server.get("/app"));
            let mut line = application.accept();
            line.request().expect("a request");
            assert!(line.request().is_none(), "the connection is closed");
            answer = Some(client.join().expect("it is answered"));
        });
        assert_eq!(answer.map(|answer| answer.status), Some(504));
    }
}
