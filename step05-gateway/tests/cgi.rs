//! CGI seen from outside: real programs, real sockets, and everything that programs get wrong.

mod common;

use common::{Answer, BOTH, Server, TempDir, assert_gone, eventually, noise};
use static_files::Config;
use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::process::Command;
use std::time::Duration;

/// The start of a page.
const TEXT: &str = "printf 'Content-Type: text/plain\\n\\n'\n";

/// Five megabytes: more than all buffers on the way together.
const BIG: usize = 5 << 20;

/// A server of each kind with this one program.
fn each(script: &str, test: impl Fn(&Server)) {
    each_with(Config::default(), script, test);
}

fn each_with(config: Config, script: &str, test: impl Fn(&Server)) {
    let folder = TempDir::new();
    folder.program("x", script);
    for name in BOTH {
        test(&Server::cgi(name, config, folder.path()));
    }
}

/// A short wait for programs, so that a test of a hung one is short.
fn impatient() -> Config {
    let mut config = Config::default();
    config.timeouts.gateway = Duration::from_millis(300);
    config
}

#[test]
fn variables_are_those_of_the_standard_for_fifteen_requests() {
    // A request, and what the program sees of it; `-` is a variable that is not set.
    const TABLE: [(&str, &[&str]); 15] = [
        (
            "GET /cgi/x HTTP/1.1",
            &[
                "REQUEST_METHOD=GET",
                "SCRIPT_NAME=/cgi/x",
                "PATH_INFO=-",
                "QUERY_STRING=",
            ],
        ),
        (
            "GET /cgi/x? HTTP/1.1",
            &["QUERY_STRING=", "REQUEST_URI=/cgi/x?"],
        ),
        (
            "GET /cgi/x?a=b&c HTTP/1.1",
            &["QUERY_STRING=a=b&c", "REQUEST_URI=/cgi/x?a=b&c"],
        ),
        ("GET /cgi/x?%20%zz HTTP/1.1", &["QUERY_STRING=%20%zz"]),
        (
            "GET /cgi/x/ HTTP/1.1",
            &["PATH_INFO=/", "SCRIPT_NAME=/cgi/x"],
        ),
        (
            "GET /cgi/x/a%20b/c HTTP/1.1",
            &["PATH_INFO=/a b/c", "REQUEST_URI=/cgi/x/a%20b/c"],
        ),
        (
            "GET /cgi/x/a%2Fb HTTP/1.1",
            &["PATH_INFO=/a/b", "REQUEST_URI=/cgi/x/a%2Fb"],
        ),
        (
            "GET /cgi//./y/../x/%C3%A9 HTTP/1.1",
            &["PATH_INFO=/é", "SCRIPT_NAME=/cgi/x"],
        ),
        (
            "GET http://abs.example:81/cgi/x HTTP/1.1",
            &["SERVER_NAME=abs.example", "HTTP_HOST=abs.example:81"],
        ),
        (
            "PURGE /cgi/x HTTP/1.1",
            &["REQUEST_METHOD=PURGE", "SERVER_NAME=test.example"],
        ),
        (
            "GET /cgi/x HTTP/1.0",
            &["SERVER_PROTOCOL=HTTP/1.0", "GATEWAY_INTERFACE=CGI/1.1"],
        ),
        (
            "GET /cgi/x HTTP/1.1\r\nProxy: evil\r\nX_Host: evil",
            &["HTTP_PROXY=-", "HTTP_X_HOST=-"],
        ),
        (
            "GET /cgi/x HTTP/1.1\r\nCookie: a=1\r\nX-A: 1\r\nCookie: b=2\r\nx-a: 2",
            &["HTTP_COOKIE=a=1; b=2", "HTTP_X_A=1, 2"],
        ),
        (
            "GET /cgi/x HTTP/1.1\r\nAuthorization: Basic eA==",
            &["HTTP_AUTHORIZATION=-", "REMOTE_ADDR=127.0.0.1"],
        ),
        (
            "POST /cgi/x HTTP/1.1\r\nContent-Length: 0\r\nContent-Type: a/b",
            &[
                "CONTENT_LENGTH=0",
                "CONTENT_TYPE=a/b",
                "HTTP_CONTENT_TYPE=-",
            ],
        ),
    ];
    each(&format!("{TEXT}exec env"), |server| {
        for (request, expected) in TABLE {
            let text = server.ask(request, b"").text();
            for pair in expected {
                let (name, value) = pair.split_once('=').expect("a pair");
                let mut lines = text.lines().filter_map(|line| line.split_once('='));
                let seen = lines.find(|(each, _)| *each == name);
                let seen = seen.map_or("-", |(_, value)| value);
                assert_eq!(seen, value, "{name} of {request:?}");
            }
        }
    });
}

#[test]
fn a_program_runs_in_its_folder_with_no_descriptor_of_the_server_s() {
    let list = "pwd; ls -l /proc/self/fd | sed -n 's/.* \\([0-9]*\\) -> .*/\\1/p'";
    let folder = TempDir::new();
    folder.program("sub/x", &format!("{TEXT}{list}"));
    // Whoever started this test may have left descriptors open for everybody; they do not count.
    let direct = Command::new("sh")
        .args(["-c", list])
        .current_dir(folder.path().join("sub"))
        .output();
    let expected = direct.expect("sh runs").stdout;
    let server = Server::cgi("epoll", Config::default(), folder.path());
    let text = server.get("/cgi/sub/x").text();
    assert_eq!(text, String::from_utf8_lossy(&expected));
}

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
fn head_has_the_fields_and_nothing_else() {
    each(
        "printf 'Status: 200\\nContent-Length: 5\\n\\nhello'",
        |server| {
            let answer = server.ask("HEAD /cgi/x HTTP/1.1", b"");
            assert!(answer.head.contains("Content-Length: 5"), "{answer:?}");
            assert!(answer.is_whole && answer.body.is_empty());
        },
    );
}

#[test]
fn statuses_and_redirects_are_the_program_s() {
    for (fields, status) in [
        ("Status: 404 Gone fishing\\n", 404),
        ("Location: http://other.example/\\n", 302),
        ("Status: 301 x\\nLocation: http://other.example/\\n", 301),
        ("Status: 204\\n", 204),
    ] {
        each(&format!("printf '{fields}\\n'"), |server| {
            let answer = server.get("/cgi/x");
            assert_eq!((answer.status, answer.is_whole), (status, true), "{fields}");
            assert!(!answer.head.contains("Status:"), "{answer:?}");
        });
    }
}

#[test]
fn a_path_as_location_is_answered_by_the_site_itself() {
    let folder = TempDir::new();
    folder.program("to", "printf 'Location: %s\\n\\n' \"$QUERY_STRING\"");
    folder.program(
        "end",
        &format!("{TEXT}echo $REQUEST_METHOD $QUERY_STRING $CONTENT_LENGTH; cat"),
    );
    folder.program(
        "count",
        &format!(
            "n=$QUERY_STRING; [ $n = 0 ] && {{ {TEXT}echo last; exit; }}\n\
        printf 'Location: /cgi/count?%s\\n\\n' $((n - 1))"
        ),
    );
    for name in BOTH {
        let server = Server::cgi(name, Config::default(), folder.path());
        for (path, status, text) in [
            ("/cgi/to?/cgi/end?a=b", 200, "GET a=b\n"),
            ("/cgi/to?/elsewhere", 200, "elsewhere"),
            ("/cgi/to?/cgi/none", 404, "no program"),
            ("/cgi/to?/cgi/to?/cgi/end", 200, "GET\n"),
            ("/cgi/count?5", 200, "last\n"),
            ("/cgi/count?6", 502, ""),
            ("/cgi/to?/cgi/to?http://other.example/", 302, ""),
        ] {
            let answer = server.get(path);
            assert_eq!(
                (answer.status, answer.is_whole),
                (status, true),
                "{name} {path}"
            );
            assert!(answer.text().contains(text), "{path}: {}", answer.text());
        }
        // The content is the first program's; the second is asked with GET and has none.
        let head = "POST /cgi/to?/cgi/end HTTP/1.1\r\nContent-Length: 100000";
        assert_eq!(server.ask(head, &noise(100_000)).text(), "GET\n", "{name}");
        let answer = server.ask("HEAD /cgi/to?/cgi/end HTTP/1.1", b"");
        assert_eq!(
            (answer.status, answer.is_whole, answer.text().as_str()),
            (200, true, "")
        );
    }
}

#[test]
fn what_cannot_be_run_is_told_apart() {
    let folder = TempDir::new();
    folder.file("plain", "#!/bin/sh\n");
    folder.program("nph-x", "");
    folder.program(".hidden", "");
    folder.program("sub/x", "");
    let server = Server::cgi("epoll", Config::default(), folder.path());
    for (path, status, hint) in [
        ("/cgi/plain", 403, "chmod +x"),
        ("/cgi/nph-x", 403, "nph-"),
        ("/cgi/.hidden", 404, "no program"),
        ("/cgi/none", 404, "no program"),
        ("/cgi/sub", 404, "no program"),
        ("/cgi", 404, "no program"),
        ("/cgi/sub/x/..%2F..", 400, "cannot be read"),
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.text().contains(hint), "{path}: {}", answer.text());
    }
    assert_eq!(server.get("/cgi-bin").text(), "elsewhere");
    assert_eq!(server.get("/x/../cgi/plain").status, 403);
    assert_eq!(server.ask("TRACE /cgi/plain HTTP/1.1", b"").status, 405);
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
