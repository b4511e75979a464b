//! CGI seen from outside: everything that programs, and those who ask them, get wrong.

mod common;

use common::{Answer, BOTH, Server, TEXT, TempDir, assert_gone, each, each_with, eventually};
use static_files::Config;
use std::fs;
use std::io::{Read, Write};
use std::process::Command;
use std::time::Duration;

/// A short wait for programs, so that a test of a hung one is short.
fn impatient() -> Config {
    let mut config = Config::default();
    config.timeouts.gateway = Duration::from_millis(300);
    config
}

#[test]
fn answers_without_a_head_are_502() {
    for script in [
        "exit 0",
        "echo hello",
        "echo hello; echo",
        "exit 3",
        "kill -9 $$",
        "printf 'Content-Type: a/b\\n'",
        "printf 'HTTP/1.1 200 OK\\n\\n'",
        "printf 'X: y\\n\\n'",
        "printf 'Content-Length: 1\\nContent-Length: 1\\nStatus: 200\\n\\nx'",
        "printf 'Content-Length: 1\\nTransfer-Encoding: chunked\\nStatus: 200\\n\\nx'",
        "yes X: y",
    ] {
        each(script, |server| {
            let answer = server.get("/cgi/x");
            assert_eq!((answer.status, answer.is_whole), (502, true), "{script}");
        });
    }
}

#[test]
fn a_program_without_its_interpreter_is_502() {
    let folder = TempDir::new();
    let program = folder.program("x", "");
    let write = "printf '#!/nowhere/at/all\\n' >\"$1\"";
    let status = Command::new("sh")
        .args(["-c", write, "sh"])
        .arg(&program)
        .status();
    assert!(status.expect("sh runs").success());
    let server = Server::cgi("epoll", Config::default(), folder.path());
    assert_eq!(server.get("/cgi/x").status, 502);
}

#[test]
fn a_program_that_never_answers_is_504_and_ended() {
    let folder = TempDir::new();
    let pids = folder.path().join("pids");
    folder.program(
        "x",
        &format!(
            "trap '' TERM; sleep 600 & echo $$ $! >{}; wait; sleep 600",
            pids.display()
        ),
    );
    for name in BOTH {
        let server = Server::cgi(name, impatient(), folder.path());
        assert_eq!(server.get("/cgi/x").status, 504);
        let pids = fs::read_to_string(&pids).expect("the program has begun");
        pids.split_whitespace().for_each(assert_gone);
    }
}

#[test]
fn a_program_that_stops_in_the_middle_is_broken_off_and_ended() {
    let script = format!("{TEXT}echo $$; exec sleep 600");
    each_with(impatient(), &script, |server| {
        let answer = server.get("/cgi/x");
        assert_eq!((answer.status, answer.is_whole), (200, false));
        assert_gone(&answer.text());
    });
}

#[test]
fn a_program_that_dies_in_the_middle_is_noticed_by_the_client() {
    for (script, is_whole) in [
        (format!("{TEXT}echo half; kill -9 $$"), false),
        (format!("{TEXT}echo half; exit 1"), false),
        (
            "printf 'Status: 200\\nContent-Length: 9\\n\\nhalf'".to_owned(),
            false,
        ),
        (
            "printf 'Status: 200\\nContent-Length: 4\\n\\nfull'; exit 1".to_owned(),
            true,
        ),
        (
            "printf 'Status: 200\\nContent-Length: 4\\n\\nfull and more'".to_owned(),
            true,
        ),
        (format!("{TEXT}echo all"), true),
    ] {
        each(&script, |server| {
            for version in ["HTTP/1.1", "HTTP/1.0"] {
                let answer = server.ask(&format!("GET /cgi/x {version}"), b"");
                assert_eq!(answer.is_whole, is_whole, "{version} {script} {answer:?}");
            }
        });
    }
}

#[test]
fn a_client_that_leaves_takes_the_program_along() {
    let script = format!("{TEXT}echo $$; while :; do echo more; done");
    each(&script, |server| {
        let mut stream = server.connect();
        stream
            .write_all(b"GET /cgi/x HTTP/1.0\r\n\r\n")
            .expect("it is connected");
        let mut received = Vec::new();
        let mut octet = [0];
        while !received.ends_with(b"more") {
            stream.read_exact(&mut octet).expect("the program goes on");
            received.push(octet[0]);
        }
        let text = String::from_utf8_lossy(&received).into_owned();
        let pid = text.lines().rev().nth(1).expect("a line before").to_owned();
        drop(stream);
        assert_gone(&pid);
    });
}

#[test]
fn a_program_too_many_is_503_until_there_is_room() {
    let folder = TempDir::new();
    folder.program("x", &format!("{TEXT}echo begun; cat"));
    for name in BOTH {
        let server = Server::cgi_at_most(1, name, Config::default(), folder.path());
        let mut stream = server.connect();
        let request = b"POST /cgi/x HTTP/1.0\r\nContent-Length: 3\r\n\r\n";
        stream.write_all(request).expect("it is connected");
        stream.peek(&mut [0]).expect("the program has begun");
        let refused = server.get("/cgi/x");
        assert_eq!(refused.status, 503, "{name}");
        assert!(refused.head.contains("Retry-After: 1"), "{refused:?}");
        stream.write_all(b"end").expect("it is connected");
        assert_eq!(Answer::read(&stream, request).text(), "begun\nend");
        eventually("there is room again", || server.get("/cgi/x").status == 200);
    }
}
