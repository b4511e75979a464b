//! uWSGI: a Python application, asked in each of the three protocols that uWSGI speaks.

use super::{ask, gateway, get};
use check::needs::is_missing;
use check::{Executable, TempFolder};
use std::net::SocketAddr;

/// Tells what it was told; below `/half` it promises more than it says.
const APPLICATION: &str = r#"
import zlib

def application(environ, start_response):
    path = environ.get("PATH_INFO", "")
    if path == "/half":
        start_response("200 OK", [("Content-Length", "100")])
        return [b"half"]
    if path == "/large":
        start_response("200 OK", [("Content-Type", "a/b")])
        return (b"x" * 65536 for _ in range(80))
    names = ["REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "HTTP_COOKIE"]
    told = [f"{name}={environ.get(name, '-')}\n" for name in names]
    length = int(environ.get("CONTENT_LENGTH") or 0)
    content = environ["wsgi.input"].read(length)
    told.append(f"{len(content)} {zlib.crc32(content):x}")
    start_response("201 Created", [("Content-Type", "text/plain"), ("Set-Cookie", "a=b")])
    return ["".join(told).encode()]
"#;

/// uWSGI with two processes, and the finished server in front, which asks it three ways.
struct Python {
    _folder: TempFolder,
    _uwsgi: Executable,
    server: Executable,
}

impl Python {
    /// `None` where there is no uWSGI.
    fn start(test: &str) -> Option<Python> {
        if is_missing(test, &["uwsgi"]) {
            return None;
        }
        let folder = TempFolder::new().expect("a folder can be made");
        let program = folder.path().join("application.py");
        folder
            .write("application.py", APPLICATION)
            .expect("it can be written");
        let at = |name| folder.path().join(name).display().to_string();
        let (scgi, fastcgi, program) = (at("scgi"), at("fastcgi"), program.display().to_string());
        let words = [
            &["uwsgi", "--uwsgi-socket", "{addr}"][..],
            &["--scgi-socket", &scgi, "--fastcgi-socket", &fastcgi],
            &["--wsgi-file", &program, "--need-app", "--master"],
            &[
                "--processes",
                "2",
                "--die-on-term",
                "--buffer-size",
                "65535",
            ],
        ];
        let uwsgi = Executable::start(&words.concat(), folder.path(), None);
        let uwsgi = uwsgi.expect("uWSGI starts");
        let rules = [
            format!("/uwsgi={}", uwsgi.addr()),
            format!("/scgi=unix:{scgi}"),
            format!("/fastcgi=unix:{fastcgi}"),
        ];
        let [in_uwsgi, in_scgi, in_fastcgi] = &rules;
        let options = [
            "--uwsgi",
            in_uwsgi,
            "--scgi",
            in_scgi,
            "--fastcgi",
            in_fastcgi,
        ];
        let server = gateway(folder.path(), &options).expect("the server starts");
        Some(Python {
            _folder: folder,
            _uwsgi: uwsgi,
            server,
        })
    }

    fn each(test: &str, check: impl Fn(SocketAddr, &str)) {
        let Some(python) = Python::start(test) else {
            return;
        };
        for prefix in ["/uwsgi", "/scgi", "/fastcgi"] {
            check(python.server.addr(), prefix);
        }
    }
}

#[test]
fn uwsgi_is_told_the_request_in_each_of_its_protocols() {
    Python::each("uwsgi_is_told", |server, prefix| {
        let body = vec![b'x'; 300_000];
        let target = format!("{prefix}/a%20b?q=1");
        let length = body.len();
        let head = format!("POST {target} HTTP/1.1\r\nCookie: c=d\r\nContent-Length: {length}");
        let answer = ask(server, &head, &body);
        let told = format!(
            "REQUEST_METHOD=POST\nSCRIPT_NAME={prefix}\nPATH_INFO=/a b\nQUERY_STRING=q=1\n\
             HTTP_COOKIE=c=d\n300000 "
        );
        assert!(answer.text.starts_with(&told), "{prefix}: {}", answer.text);
        assert_eq!(answer.status, 201);
        assert!(answer.head.contains("Set-Cookie: a=b"), "{}", answer.head);
    });
}

#[test]
fn uwsgi_is_given_small_content_in_chunks_with_its_length() {
    Python::each("uwsgi_is_given", |server, prefix| {
        // FastCGI is told no length, and an application that trusts it alone reads nothing.
        let expected = if prefix == "/fastcgi" {
            "0 0"
        } else {
            "9 cbf43926"
        };
        let head = format!("POST {prefix} HTTP/1.1\r\nTransfer-Encoding: chunked");
        let body = b"5\r\n12345\r\n4\r\n6789\r\n0\r\n\r\n";
        let answer = ask(server, &head, body);
        assert!(answer.text.ends_with(expected), "{prefix}: {}", answer.text);
    });
}

#[test]
fn uwsgi_answers_large_and_many_pages() {
    Python::each("uwsgi_answers", |server, prefix| {
        let large = get(server, &format!("{prefix}/large"));
        assert_eq!(
            (large.status, large.text.len()),
            (200, 80 << 16),
            "{prefix}"
        );
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(move || {
                    for _ in 0..10 {
                        assert_eq!(get(server, prefix).status, 201, "{prefix}");
                    }
                });
            }
        });
    });
}

#[test]
fn uwsgi_that_says_less_than_it_promised_does_not_look_whole() {
    Python::each("uwsgi_that_says_less", |server, prefix| {
        let path = format!("{prefix}/half");
        assert!(super::is_cut_short(server, &path), "{prefix}");
    });
}
