//! Applications over FastCGI, played by the test: what the client gets of what they do.

mod common;

use common::{Answer, Application, BOTH, Line, Server, noise, stdout};
use gateway::{Address, Capacity, Complaints, Redirects, Remote, Routes, Upstream, Words};
use static_files::{Config, Response};
use std::path::Path;
use std::thread;

/// A server in front of applications at these addresses.
fn server(name: &str, capacity: Capacity, addresses: &[String]) -> Server {
    let complaints = Complaints::new().expect("threads start");
    let addresses = addresses.iter().map(|text| text.parse().expect(text));
    let addresses: Vec<Address> = addresses.collect();
    let upstream = Upstream::new(addresses, capacity, &complaints);
    let mut routes = Routes::new(|_: &_| Response::text("elsewhere"));
    let prefix: gateway::Prefix = "/app".parse().expect("a prefix");
    let remote = Remote::new(prefix.clone(), Path::new("/srv"), Words::FastCgi, &upstream);
    routes.mount(prefix, remote);
    Server::start(name, Config::default(), Redirects::new(routes))
}

fn each(test: impl Fn(&Server, &Application)) {
    for name in BOTH {
        let application = Application::new();
        let server = server(name, Capacity::default(), &[application.address()]);
        test(&server, &application);
    }
}

/// A client asks while the test plays the application.
fn while_asked(server: &Server, head: &str, body: &[u8], play: impl FnOnce()) -> Answer {
    thread::scope(|scope| {
        let client = scope.spawn(|| server.ask(head, body));
        play();
        client.join().expect("it is answered")
    })
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
            line.say(&common::end(0));
        });
        assert!(answer.is_whole && answer.body == body);
    });
}

#[test]
fn nobody_there_is_502_and_a_later_one_is_found() {
    for name in BOTH {
        let gone = Application::new().address();
        let alone = server(name, Capacity::default(), std::slice::from_ref(&gone));
        assert_eq!(alone.get("/app").status, 502, "{name}");
        assert_eq!(alone.get("/app").status, 502, "{name}");
        let application = Application::new();
        let server = server(name, Capacity::default(), &[gone, application.address()]);
        for _ in 0..4 {
            let answer = while_asked(
                &server,
                "POST /app HTTP/1.1\r\nContent-Length: 1",
                b"x",
                || {
                    let mut line = application.accept();
                    assert_eq!(line.request().expect("a request").stdin, b"x");
                    line.answer("here");
                    line.hang_up();
                },
            );
            assert_eq!(answer.text(), "here");
        }
    }
}
