//! CGI seen from outside: what programs are told, what they may answer, and which may be run.

mod common;

use common::{BOTH, Server, TEXT, TempDir, each, noise};
use static_files::Config;
use std::process::Command;

/// A request, and what the program sees of it; `-` is a variable that is not set.
const VARIABLES: [(&str, &[&str]); 15] = [
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

#[test]
fn variables_are_those_of_the_standard_for_fifteen_requests() {
    each(&format!("{TEXT}exec env"), |server| {
        for (request, expected) in VARIABLES {
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
