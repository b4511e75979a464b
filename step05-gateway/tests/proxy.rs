//! Requests handed on to another HTTP server, which the test plays.

mod common;
#[path = "proxy/origin.rs"]
mod origin;

use common::{Answer, BOTH, Server, noise};
use gateway::{Address, Capacity, Complaints, Proxy, Upstream};
use origin::{Line, Origin};
use static_files::Config;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;

fn proxy(name: &str, origin: &Origin) -> Server {
    let complaints = Complaints::new().expect("threads start");
    let addresses = vec![Address::Tcp(origin.addr())];
    let upstream = Upstream::new(addresses, Capacity::default(), &complaints);
    Server::start(name, Config::default(), Proxy::new(&upstream))
}

fn each(test: impl Fn(&Server, &Origin)) {
    for name in BOTH {
        let origin = Origin::new();
        let server = proxy(name, &origin);
        test(&server, &origin);
    }
}

/// A client asks while the test plays the origin.
fn while_asked<T>(
    server: &Server,
    head: &str,
    body: &[u8],
    play: impl FnOnce() -> T,
) -> (Answer, T) {
    thread::scope(|scope| {
        let client = scope.spawn(|| server.ask(head, body));
        let played = play();
        (client.join().expect("it is answered"), played)
    })
}

/// Reads a client's octets up to and with this end.
fn up_to(mut stream: &TcpStream, end: &str) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(end.as_bytes()) {
        let mut octet = [0];
        stream.read_exact(&mut octet).expect("an octet comes");
        seen.push(octet[0]);
    }
    String::from_utf8_lossy(&seen).into_owned()
}

fn rest(mut stream: &TcpStream) -> String {
    let mut seen = Vec::new();
    stream.read_to_end(&mut seen).expect("an orderly end");
    String::from_utf8_lossy(&seen).into_owned()
}

#[test]
fn a_request_is_handed_on_and_answered() {
    each(|server, origin| {
        let head = "POST /a%2Fb?q HTTP/1.1\r\nX-Forwarded-For: 192.0.2.66\r\nContent-Length: 3";
        let (answer, (head, content)) = while_asked(server, head, b"abc", || {
            let mut line = origin.accept();
            let head = line.head();
            let content = line.exactly(3);
            line.say("HTTP/1.1 201 Made\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nServer: x\r\nConnection: y\r\n");
            line.say("Y: z\r\nContent-Length: 5\r\n\r\nhello");
            (head, content)
        });
        assert_eq!(
            head,
            "POST /a%2Fb?q HTTP/1.1\r\nHost: test.example\r\nX-Forwarded-For: 127.0.0.1\r\n\
             X-Forwarded-Proto: http\r\nX-Forwarded-Host: test.example\r\nVia: 1.1 build-your-own\r\n\
             Content-Length: 3\r\n\r\n"
        );
        assert_eq!(content, b"abc");
        assert_eq!((answer.status, answer.text().as_str()), (201, "hello"));
        let head = answer.head.as_str();
        assert!(
            head.contains("Set-Cookie: a\r\nSet-Cookie: b\r\nServer: x\r\n"),
            "{head}"
        );
        assert!(
            head.contains("Via: 1.1 build-your-own\r\n") && !head.contains("Y: z"),
            "{head}"
        );
    });
}

#[test]
fn a_connection_is_kept_for_the_next_request() {
    each(|server, origin| {
        let mut kept: Option<Line> = None;
        for number in 0..5 {
            let (answer, line) = while_asked(server, "GET / HTTP/1.1", b"", || {
                let mut line = kept.take().unwrap_or_else(|| origin.accept());
                line.head();
                line.answer(&number.to_string());
                line
            });
            assert_eq!(answer.text(), number.to_string());
            kept = Some(line);
        }
        assert!(origin.try_accept().is_none());
    });
}

#[test]
fn five_megabytes_go_both_ways_at_once_in_chunks() {
    let body = noise(5 << 20);
    let mut chunks = Vec::new();
    for piece in body.chunks(50_000) {
        chunks.extend_from_slice(format!("{:x};x=y\r\n", piece.len()).as_bytes());
        chunks.extend_from_slice(piece);
        chunks.extend_from_slice(b"\r\n");
    }
    chunks.extend_from_slice(b"0\r\n\r\n");
    each(|server, origin| {
        let head = "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked";
        let (answer, ()) = while_asked(server, head, &chunks, || {
            let mut line = origin.accept();
            let head = line.head();
            assert!(
                head.contains("\r\nTransfer-Encoding: chunked\r\n"),
                "{head}"
            );
            assert!(!head.contains("Content-Length"), "{head}");
            line.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            loop {
                let chunk = line.chunk();
                line.say(format!("{:X}\r\n", chunk.len()));
                line.say(&chunk);
                line.say("\r\n");
                if chunk.is_empty() {
                    break;
                }
            }
        });
        assert!(answer.is_whole && answer.body == body);
    });
}

#[test]
fn a_response_of_any_framing_is_framed_for_the_client() {
    let answers = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\nhello",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhello",
    ];
    each(|server, origin| {
        for version in ["1.0", "1.1"] {
            for said in answers {
                let (answer, ()) =
                    while_asked(server, &format!("GET / HTTP/{version}"), b"", || {
                        let mut line = origin.accept();
                        line.head();
                        line.say(said);
                        line.close_write();
                    });
                assert!(answer.is_whole, "{said:?} to {version}");
                assert_eq!(answer.text(), "hello", "{said:?} to {version}");
                let chunked = answer.head.contains("Transfer-Encoding");
                assert!(!chunked || version == "1.1", "{}", answer.head);
            }
        }
    });
}

#[test]
fn hints_arrive_before_the_answer_is_known() {
    each(|server, origin| {
        let mut client = server.connect();
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .expect("it is connected");
        let mut line = origin.accept();
        line.head();
        for number in 0..3 {
            line.say(format!(
                "HTTP/1.1 103 Early Hints\r\nLink: </{number}.css>\r\nConnection: x\r\nX: y\r\n\r\n"
            ));
            assert_eq!(
                up_to(&client, "\r\n\r\n"),
                format!(
                    "HTTP/1.1 103 Early Hints\r\nLink: </{number}.css>\r\n\
                     Via: 1.1 build-your-own\r\n\r\n"
                )
            );
        }
        // One that comes together with the answer is told as well.
        line.say("HTTP/1.1 102 Processing\r\n\r\n");
        line.answer("hello");
        let answer = rest(&client);
        let (hint, answer) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(hint.starts_with("HTTP/1.1 102 "), "{hint}");
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("hello"));
    });
}

#[test]
fn a_client_of_http_1_0_hears_of_no_hints() {
    each(|server, origin| {
        let (answer, ()) = while_asked(server, "GET / HTTP/1.0", b"", || {
            let mut line = origin.accept();
            line.head();
            line.say("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
            line.answer("hello");
        });
        assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
        assert!(!answer.head.contains("Link"), "{}", answer.head);
    });
}

#[test]
fn trailers_go_on_where_both_sides_have_chunks() {
    let said = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: x-mine\r\n\r\n\
                2\r\nhe\r\n3\r\nllo\r\n0\r\nServer-Timing: db\r\nX-Mine: 1\r\nSet-Cookie: a\r\n\r\n";
    each(|server, origin| {
        for (version, end) in [("1.1", "0\r\nServer-Timing: db\r\n\r\n"), ("1.0", "hello")] {
            let mut client = server.connect();
            let head = format!("GET / HTTP/{version}\r\nHost: a\r\nConnection: close\r\n\r\n");
            client.write_all(head.as_bytes()).expect("it is connected");
            let mut line = origin.accept();
            line.head();
            line.say(said);
            let answer = rest(&client);
            assert!(answer.ends_with(end), "to {version}: {answer}");
            assert!(!answer.contains("X-Mine") && !answer.contains("Set-Cookie"));
        }
    });
}

#[test]
fn trailers_of_a_request_go_on_behind_its_chunks() {
    let chunks = b"5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-Forwarded-For: 6\r\nX_Sum: 2\r\n\r\n";
    each(|server, origin| {
        let head = "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked";
        let (answer, ()) = while_asked(server, head, chunks, || {
            let mut line = origin.accept();
            line.head();
            assert_eq!(line.chunk(), b"hello");
            assert_eq!(line.up_to("\r\n\r\n"), "0\r\nX-Sum: 1\r\n\r\n");
            line.answer("taken");
        });
        assert_eq!(answer.text(), "taken");
    });
}

#[test]
fn a_response_without_content_ends_with_its_head() {
    each(|server, origin| {
        for (method, status) in [("HEAD", "200 OK"), ("GET", "204 x"), ("GET", "304 x")] {
            let (answer, ()) = while_asked(server, &format!("{method} / HTTP/1.1"), b"", || {
                let mut line = origin.accept();
                line.head();
                // Nothing follows, and the connection stays: only the head can be the end.
                line.say(format!(
                    "HTTP/1.1 {status}\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"
                ));
                assert!(line.is_ended());
            });
            assert!(
                answer.is_whole && answer.body.is_empty(),
                "{method} {status}"
            );
            let length = answer.head.contains("Content-Length: 5\r\n");
            assert_eq!(
                length,
                status != "204 x",
                "{method} {status}: {}",
                answer.head
            );
        }
    });
}

#[test]
fn what_is_no_answer_is_502() {
    each(|server, origin| {
        for said in [
            "",
            "hello, world\r\n\r\n",
            "\0\0\0",
            "HTTP/1.1 200 OK",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx",
            "HTTP/1.1 200 OK\nContent-Length: 1\n\nx",
        ] {
            let (answer, ()) = while_asked(server, "GET / HTTP/1.1", b"", || {
                let mut line = origin.accept();
                line.head();
                line.say(said);
                line.close_write();
                assert!(line.is_ended());
            });
            assert_eq!(answer.status, 502, "{said:?}");
        }
    });
}

#[test]
fn an_answer_that_breaks_off_is_seen_to() {
    each(|server, origin| {
        for said in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhell\r\nx\r\n",
        ] {
            let (answer, ()) = while_asked(server, "GET / HTTP/1.1", b"", || {
                let mut line = origin.accept();
                line.head();
                line.say(said);
                line.close_write();
                assert!(line.is_ended());
            });
            assert!(
                !answer.is_whole && answer.text() == "hell",
                "{said:?}: {answer:?}"
            );
        }
    });
}

#[test]
fn octets_behind_an_answer_are_nobodys() {
    each(|server, origin| {
        let poison = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
        let (answer, mut line) = while_asked(server, "GET / HTTP/1.1", b"", || {
            let mut line = origin.accept();
            line.head();
            line.say(format!(
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok{poison}"
            ));
            line
        });
        assert_eq!(answer.text(), "ok");
        assert!(line.is_ended(), "it is not used again");
        let (answer, mut line) = while_asked(server, "GET / HTTP/1.1", b"", || {
            let mut line = origin.accept();
            line.head();
            line.answer("second");
            line
        });
        assert_eq!(answer.text(), "second");
        // Said while the connection is kept and nobody has asked.
        line.say(poison);
        let (answer, ()) = while_asked(server, "GET / HTTP/1.1", b"", || {
            let mut line = origin.accept();
            line.head();
            line.answer("third");
        });
        assert_eq!(answer.text(), "third");
    });
}

/// A connection that has carried one request.
fn kept(server: &Server, origin: &Origin) -> Line {
    let (_, line) = while_asked(server, "GET / HTTP/1.1", b"", || {
        let mut line = origin.accept();
        line.head();
        line.answer("first");
        line
    });
    line
}

#[test]
fn what_may_be_asked_twice_is_asked_again_when_a_kept_connection_is_closed() {
    each(|server, origin| {
        let mut line = kept(server, origin);
        let (answer, ()) = while_asked(server, "GET /again HTTP/1.1", b"", || {
            line.head();
            drop(line);
            let mut line = origin.accept();
            assert!(line.head().starts_with("GET /again "));
            line.answer("second");
        });
        assert_eq!(answer.text(), "second");
        let mut line = kept(server, origin);
        let head = "POST / HTTP/1.1\r\nContent-Length: 3";
        let (answer, ()) = while_asked(server, head, b"abc", || {
            line.head();
            line.exactly(3);
            drop(line);
        });
        assert_eq!(answer.status, 502);
        assert!(origin.try_accept().is_none(), "a POST is sent once");
    });
}

#[test]
fn a_client_is_told_to_continue_here() {
    each(|server, origin| {
        let mut client = server.connect();
        let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\
                    Connection: close\r\n\r\n";
        client.write_all(head.as_bytes()).expect("the server reads");
        assert_eq!(up_to(&client, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
        client.write_all(b"abc").expect("the server reads");
        let mut line = origin.accept();
        let head = line.head();
        assert!(!head.contains("Expect"), "{head}");
        assert_eq!(line.exactly(3), b"abc");
        line.answer("thanks");
        assert!(rest(&client).ends_with("thanks"));
    });
}

#[test]
fn events_arrive_as_they_happen() {
    each(|server, origin| {
        let mut client = server.connect();
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n")
            .expect("the server reads");
        let mut line = origin.accept();
        line.head();
        line.say("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
        up_to(&client, "\r\n\r\n");
        for number in 0..20 {
            let event = format!("data: {number}\n\n");
            line.say(&event);
            assert!(up_to(&client, "\n\n").ends_with(&event));
        }
        drop(client);
        line.say("data: last\n\n");
        assert!(line.is_ended(), "who is not listened to is left");
    });
}

/// A connection that has become a tunnel, from both ends.
fn tunnel(server: &Server, origin: &Origin) -> (TcpStream, Line) {
    let mut client = server.connect();
    client
        .write_all(
            b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n\
              Upgrade: websocket\r\nSec-WebSocket-Key: abc\r\n\r\n",
        )
        .expect("the server reads");
    let mut line = origin.accept();
    let head = line.head();
    let asks = "\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    assert!(
        head.ends_with(asks) && head.contains("\r\nSec-WebSocket-Key: abc\r\n"),
        "{head}"
    );
    line.say(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: def\r\n\r\n\x01early",
    );
    let head = up_to(&client, "\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    for field in [
        "Upgrade: websocket",
        "Sec-WebSocket-Accept: def",
        "Connection: upgrade",
    ] {
        assert!(head.contains(&format!("\r\n{field}\r\n")), "{head}");
    }
    assert_eq!(up_to(&client, "early"), "\x01early");
    (client, line)
}

#[test]
fn a_changed_protocol_is_tunnelled_and_each_end_passed_on() {
    each(|server, origin| {
        let (mut client, mut line) = tunnel(server, origin);
        for number in 0..20 {
            client.write_all(&[0, number]).expect("the server reads");
            assert_eq!(line.exactly(2), [0, number]);
            line.say([number, 255]);
            let mut two = [0; 2];
            client.read_exact(&mut two).expect("two octets come");
            assert_eq!(two, [number, 255]);
        }
        client.write_all(b"bye").expect("the server reads");
        client.shutdown(Shutdown::Write).expect("it is connected");
        assert_eq!(line.exactly(3), b"bye");
        assert!(line.is_ended());
        line.say("goodbye");
        drop(line);
        assert_eq!(rest(&client), "goodbye");

        let (mut client, mut line) = tunnel(server, origin);
        line.say("bye");
        line.close_write();
        assert_eq!(rest(&client), "bye");
        client.write_all(b"goodbye").expect("the server reads");
        drop(client);
        assert_eq!(line.exactly(7), b"goodbye");
        assert!(line.is_ended());
    });
}

#[test]
fn who_asks_for_another_protocol_and_does_not_get_it_is_answered() {
    each(|server, origin| {
        let head = "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade";
        let (answer, ()) = while_asked(server, head, b"", || {
            let mut line = origin.accept();
            line.head();
            line.answer("no");
        });
        assert_eq!((answer.status, answer.text().as_str()), (200, "no"));
    });
}
