//! CGI seen from outside: content on its way to programs and from them, and when it moves.

mod common;

use common::{Answer, BOTH, Server, TEXT, TempDir, each, eventually, noise};
use static_files::Config;
use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;

/// Five megabytes: more than all buffers on the way together.
const BIG: usize = 5 << 20;

#[test]
fn five_megabytes_go_both_ways_at_once() {
    let body = noise(BIG);
    each(&format!("{TEXT}exec cat"), |server| {
        let head = format!("POST /cgi/x HTTP/1.1\r\nContent-Length: {BIG}");
        let answer = server.ask(&head, &body);
        assert!(
            answer.is_whole && answer.body == body,
            "{} octets",
            answer.body.len()
        );
    });
}

#[test]
fn a_chunked_body_comes_as_plain_octets_with_an_end() {
    let script = format!("{TEXT}echo \"${{CONTENT_LENGTH-none}}\"; exec cat");
    each(&script, |server| {
        let head = "POST /cgi/x HTTP/1.1\r\nTransfer-Encoding: chunked";
        let answer = server.ask(head, b"5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\nA: b\r\n\r\n");
        assert_eq!(answer.text(), "none\nhello, world");
    });
}

#[test]
fn a_body_that_is_not_read_costs_nobody_the_answer() {
    let body = noise(BIG);
    each(&format!("exec 0<&-\n{TEXT}echo done"), |server| {
        let head = format!("POST /cgi/x HTTP/1.1\r\nContent-Length: {}", 1 << 20);
        let answer = server.ask(&head, &body[..1 << 20]);
        assert_eq!((answer.status, answer.text().as_str()), (200, "done\n"));
        assert!(answer.is_whole);
    });
}

#[test]
fn a_client_that_has_said_everything_is_still_answered() {
    each(&format!("{TEXT}cat; echo bye"), |server| {
        let mut stream = server.connect();
        let request = b"POST /cgi/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
        stream.write_all(request).expect("it is connected");
        stream.shutdown(Shutdown::Write).expect("it is connected");
        let answer = Answer::read(&stream, request);
        assert_eq!((answer.text().as_str(), answer.is_whole), ("hibye\n", true));
    });
}

#[test]
fn the_first_octets_of_a_slow_answer_leave_at_once() {
    let folder = TempDir::new();
    let go = folder.path().join("go");
    folder.program(
        "x",
        &format!(
            "{TEXT}echo first; while [ ! -e {} ]; do sleep 0.01; done; echo last",
            go.display()
        ),
    );
    for name in BOTH {
        let server = Server::cgi(name, Config::default(), folder.path());
        let mut stream = server.connect();
        let request = b"GET /cgi/x HTTP/1.0\r\n\r\n";
        stream.write_all(request).expect("it is connected");
        let mut received = Vec::new();
        let mut octet = [0];
        while !received.ends_with(b"first\n") {
            stream
                .read_exact(&mut octet)
                .expect("the first line comes by itself");
            received.push(octet[0]);
        }
        // Only now may the program go on, so the first line cannot have waited for the last.
        fs::write(&go, "").expect("a file can be written");
        let mut rest = String::new();
        stream
            .read_to_string(&mut rest)
            .expect("the answer goes on");
        assert_eq!(rest, "last\n");
        fs::remove_file(&go).expect("it was written");
    }
}

#[test]
fn a_program_that_has_answered_may_finish_its_work() {
    let folder = TempDir::new();
    let (go, done) = (folder.path().join("go"), folder.path().join("done"));
    folder.program("x", &format!(
        "printf 'Status: 200\\nContent-Length: 4\\n\\nfull'; while [ ! -e {} ]; do sleep 0.01; done; echo >{}",
        go.display(), done.display()
    ));
    let server = Server::cgi("epoll", Config::default(), folder.path());
    assert_eq!(server.get("/cgi/x").text(), "full");
    fs::write(&go, "").expect("a file can be written");
    eventually("the program comes to its end", || done.exists());
}

#[test]
fn a_connection_is_kept_across_programs() {
    each(&format!("{TEXT}echo $QUERY_STRING"), |server| {
        let mut stream = server.connect();
        let two = b"GET /cgi/x?1 HTTP/1.1\r\nHost: a\r\n\r\n\
                    GET /cgi/x?2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        stream.write_all(two).expect("it is connected");
        let mut received = String::new();
        stream.read_to_string(&mut received).expect("both come");
        assert_eq!(received.matches("HTTP/1.1 200 OK").count(), 2, "{received}");
        assert!(
            received.contains("\r\n1\n\r\n") && received.contains("\r\n2\n\r\n"),
            "{received}"
        );
    });
}
