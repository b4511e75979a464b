//! Applications in the server's process, seen from outside.

mod common;

use common::{Answer, BOTH, DEADLINE, Server, noise};
use gateway::{App, BodyWriter, Offload, Pool, Responder};
use http_parse::{ResponseHead, Status};
use static_files::{Config, Request};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

/// An application made of a function.
struct Does<F>(F);

impl<F> App for Does<F>
where
    F: Fn(&Request, &mut dyn Read, Responder<'_>) -> io::Result<()> + Send + Sync + 'static,
{
    fn call(
        &self,
        request: &Request,
        input: &mut dyn Read,
        respond: Responder<'_>,
    ) -> io::Result<()> {
        (self.0)(request, input, respond)
    }
}

fn ok(respond: Responder<'_>) -> io::Result<BodyWriter<'_>> {
    let mut head = ResponseHead::new(Status::OK);
    head.fields.push("Content-Type", "text/plain");
    respond.start(&head)
}

fn promising<'a>(octets: &str, respond: Responder<'a>) -> io::Result<BodyWriter<'a>> {
    let mut head = ResponseHead::new(Status::OK);
    head.fields.push("Content-Length", octets);
    respond.start(&head)
}

fn each<F>(app: F, test: impl Fn(&Server))
where
    F: Fn(&Request, &mut dyn Read, Responder<'_>) -> io::Result<()> + Send + Sync + Copy + 'static,
{
    for name in BOTH {
        let handler = Offload::new(Does(app), Pool::default()).expect("threads start");
        test(&Server::start(name, Config::default(), handler));
    }
}

#[test]
fn an_application_answers() {
    each(
        |request, _, respond| write!(ok(respond)?, "{}", request.path().escape_ascii()),
        |server| {
            let answer = server.get("/a/b");
            assert_eq!((answer.status, answer.text().as_str()), (200, "/a/b"));
            assert!(answer.is_whole && answer.head.contains("text/plain"));
            let answer = server.ask("HEAD /a/b HTTP/1.1", b"");
            assert!(answer.is_whole && answer.body.is_empty());
        },
    );
}

#[test]
fn five_megabytes_go_both_ways_at_once() {
    let body = noise(5 << 20);
    each(
        |_, input, respond| io::copy(input, &mut ok(respond)?).map(drop),
        |server| {
            let head = format!("POST / HTTP/1.1\r\nContent-Length: {}", body.len());
            let answer = server.ask(&head, &body);
            assert!(answer.is_whole && answer.body == body);
            let chunked = b"3\r\nabc\r\n0\r\n\r\n";
            let answer = server.ask("POST / HTTP/1.1\r\nTransfer-Encoding: chunked", chunked);
            assert_eq!(answer.text(), "abc");
        },
    );
}

#[test]
fn input_that_is_not_read_costs_nobody_the_answer() {
    let body = noise(1 << 20);
    each(
        |_, _, respond| ok(respond)?.write_all(b"done"),
        |server| {
            let head = format!("POST / HTTP/1.1\r\nContent-Length: {}", body.len());
            let answer = server.ask(&head, &body);
            assert_eq!((answer.text().as_str(), answer.is_whole), ("done", true));
        },
    );
}

#[test]
fn failures_before_the_head_are_502() {
    each(
        |_, _, _| Ok(()),
        |server| assert_eq!(server.get("/").status, 502),
    );
    each(
        |_, _, _| Err(io::Error::other("no")),
        |server| assert_eq!(server.get("/").status, 502),
    );
    each(
        |_, _, _| panic!("as this test wants"),
        // More often than there are workers: a panic must not cost one.
        |server| (0..20).for_each(|_| assert_eq!(server.get("/").status, 502)),
    );
}

#[test]
fn failures_after_the_head_are_seen_by_the_client() {
    let check = |server: &Server| {
        for version in ["HTTP/1.1", "HTTP/1.0"] {
            let answer = server.ask(&format!("GET / {version}"), b"");
            assert_eq!((answer.status, answer.is_whole), (200, false), "{version}");
        }
    };
    each(
        |_, _, respond| {
            ok(respond)?
                .write_all(b"half")
                .and(Err(io::Error::other("no")))
        },
        check,
    );
    each(
        |_, _, respond| promising("5", respond)?.write_all(b"half"),
        check,
    );
    each(
        |_, _, respond| {
            let _body = ok(respond)?;
            panic!("as this test wants")
        },
        check,
    );
}

#[test]
fn more_than_was_promised_is_cut_off() {
    each(
        |_, _, respond| promising("4", respond)?.write_all(b"full and more"),
        |server| {
            let answer = server.get("/");
            assert_eq!((answer.text().as_str(), answer.is_whole), ("full", true));
        },
    );
}

#[test]
fn an_upload_that_breaks_off_is_an_error_for_the_application() {
    for name in BOTH {
        let (tell, told) = channel();
        let tell = Mutex::new(tell);
        let app = move |_: &Request, input: &mut dyn Read, _: Responder<'_>| {
            let tell = tell.lock().expect("nobody panics here");
            tell.send(None).expect("the test listens");
            let outcome = io::copy(input, &mut io::sink());
            let outcome = outcome.map_err(|error| error.kind());
            tell.send(Some(outcome)).expect("the test listens");
            Ok(())
        };
        let handler = Offload::new(Does(app), Pool::default()).expect("threads start");
        let server = Server::start(name, Config::default(), handler);
        let next = || {
            told.recv_timeout(DEADLINE)
                .expect("the application goes on")
        };
        let mut stream = server.connect();
        let request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf";
        stream.write_all(request).expect("it is connected");
        assert_eq!(next(), None, "it has begun");
        drop(stream);
        assert_eq!(next(), Some(Err(io::ErrorKind::UnexpectedEof)), "{name}");
        let whole = server.ask("POST / HTTP/1.1\r\nContent-Length: 4", b"full");
        assert_eq!(
            (whole.status, next(), next()),
            (502, None, Some(Ok(4))),
            "{name}"
        );
    }
}

#[test]
fn the_start_of_a_slow_answer_leaves_at_once() {
    for name in BOTH {
        let (go, wait) = gate();
        let app = move |_: &Request, _: &mut dyn Read, respond: Responder<'_>| {
            let mut body = ok(respond)?;
            body.write_all(b"first\n")?;
            wait.lock()
                .expect("nobody panics here")
                .recv()
                .expect("the test goes on");
            body.write_all(b"last\n")
        };
        let handler = Offload::new(Does(app), Pool::default()).expect("threads start");
        let server = Server::start(name, Config::default(), handler);
        let mut stream = ask(&server);
        let mut received = Vec::new();
        let mut octet = [0];
        while !received.ends_with(b"first\n") {
            stream
                .read_exact(&mut octet)
                .expect("the first line comes by itself");
            received.push(octet[0]);
        }
        go.send(()).expect("the application waits");
        let mut rest = String::new();
        stream
            .read_to_string(&mut rest)
            .expect("the answer goes on");
        assert_eq!(rest, "last\n");
    }
}

#[test]
fn a_request_beyond_the_queue_is_503_and_the_others_are_answered() {
    for name in BOTH {
        let (go, wait) = gate();
        let app = move |_: &Request, _: &mut dyn Read, respond: Responder<'_>| {
            let mut body = ok(respond)?;
            wait.lock()
                .expect("nobody panics here")
                .recv()
                .expect("the test goes on");
            body.write_all(b"done")
        };
        let pool = Pool {
            workers: 1,
            queue: 1,
        };
        let handler = Offload::new(Does(app), pool).expect("a thread starts");
        let server = Server::start(name, Config::default(), handler);
        let first = ask(&server);
        // Its head has come, so it has the worker, and the queue is empty.
        first.peek(&mut [0]).expect("the head comes");
        let (second, third) = (ask(&server), ask(&server));
        let answers = std::thread::scope(|scope| {
            let refused = [&second, &third].map(|stream| scope.spawn(|| answer(stream)));
            // Only after one of the two was refused may the first go on.
            common::eventually("one is refused", || {
                refused.iter().any(|each| each.is_finished())
            });
            go.send(()).expect("the application waits");
            go.send(()).expect("the application waits");
            refused.map(|each| each.join().expect("it is answered"))
        });
        let mut statuses = answers.each_ref().map(|answer| answer.status);
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 503], "{name}");
        let refused = answers.iter().find(|answer| answer.status == 503);
        assert!(refused.is_some_and(|answer| answer.head.contains("Retry-After: 1")));
        assert_eq!(answer(&first).text(), "done");
    }
}

fn gate() -> (Sender<()>, Mutex<Receiver<()>>) {
    let (go, wait) = channel();
    (go, Mutex::new(wait))
}

const REQUEST: &[u8] = b"GET / HTTP/1.0\r\n\r\n";

fn ask(server: &Server) -> TcpStream {
    let mut stream = server.connect();
    stream.write_all(REQUEST).expect("it is connected");
    stream
}

fn answer(stream: &TcpStream) -> Answer {
    Answer::read(stream, REQUEST)
}
