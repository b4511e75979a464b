//! A folder over a real socket: what is served, and what never is.
#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

mod common;

use common::{Answer, NAMES, Server, TempDir, content_of, encode, serve, serve_listed, tree};
use static_files::{Disk, Files, Found};
use std::fs::File;
use std::sync::Arc;

#[test]
fn every_file_comes_back_identical() {
    let folder = tree();
    let big: Vec<u8> = (0..700_001_u32).flat_map(u32::to_le_bytes).collect();
    folder.file("big.bin", &big);
    let server = serve(&folder);
    for name in NAMES {
        for prefix in ["/", "/sub%20folder&/"] {
            let answer = server.get(&(prefix.to_owned() + &encode(name)));
            assert_eq!(answer.status, 200, "{}", name.escape_ascii());
            assert_eq!(answer.body, content_of(name), "{}", name.escape_ascii());
        }
    }
    let answer = server.get("/big.bin");
    assert!(answer.body == big, "{} octets", answer.body.len());
    assert_eq!(
        answer.field("Content-Type"),
        Some("application/octet-stream")
    );
    assert_eq!(answer.field("X-Content-Type-Options"), Some("nosniff"));
    assert_eq!(answer.field("Accept-Ranges"), Some("bytes"));
    assert!(answer.field("Date").is_some() && answer.field("Server").is_some());
}

#[test]
fn head_says_what_get_says() {
    let folder = tree();
    let server = serve_listed(&folder);
    for target in ["/plain.txt", "/", "/missing", "/sub%20folder&"] {
        let get = server.get(target);
        let head = server.ask("HEAD", target, &[]);
        let but_date = |answer: &Answer| {
            let lines = answer.head.lines().filter(|line| !line.starts_with("Date"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(but_date(&head), but_date(&get), "{target}");
    }
}

#[test]
fn names_that_cannot_be_are_not_found() {
    let folder = TempDir::new();
    folder.file("file", "");
    let server = serve(&folder);
    let long = "x".repeat(300);
    let deep = "/x".repeat(2_500);
    for target in [
        &format!("/{long}"),
        &deep,
        "/file/",
        "/file/below",
        "/file/.",
        "/missing/",
    ] {
        assert_eq!(server.get(target).status, 404, "{target}");
    }
}

#[test]
fn what_the_client_has_is_not_sent_again() {
    let folder = TempDir::new();
    folder.file("file", "0123456789");
    let server = serve(&folder);
    let first = server.get("/file");
    let etag = first.field("ETag").unwrap();
    let modified = first.field("Last-Modified").unwrap();
    for field in [
        format!("If-None-Match: {etag}"),
        format!("If-Modified-Since: {modified}"),
    ] {
        let again = server.ask("GET", "/file", &[&field]);
        assert_eq!(again.status, 304, "{field}");
        assert_eq!(again.field("ETag"), Some(etag));
        assert_eq!(again.field("Content-Length"), None);
    }
    let failed = server.ask("GET", "/file", &["If-Match: \"other\""]);
    assert_eq!(failed.status, 412);
    folder.file("file", "abcdefghijk");
    let changed = server.ask("GET", "/file", &[&format!("If-None-Match: {etag}")]);
    assert_eq!(changed.text(), "abcdefghijk");
    assert_ne!(changed.field("ETag"), Some(etag));
}

#[test]
fn how_long_a_copy_is_good_is_said_with_and_without_content() {
    let folder = TempDir::new();
    for name in ["app.js", "app.3f9ad21c.js"] {
        folder.file(name, "content");
    }
    let server = serve(&folder);
    for (target, expected) in [
        ("/app.js", "no-cache"),
        ("/app.3f9ad21c.js", "public, max-age=31536000, immutable"),
    ] {
        let known = server.ask("GET", target, &["If-None-Match: *"]);
        let part = server.ask("GET", target, &["Range: bytes=0-1"]);
        for (answer, status) in [(server.get(target), 200), (part, 206), (known, 304)] {
            assert_eq!(answer.status, status, "{target}");
            assert_eq!(answer.field("Cache-Control"), Some(expected), "{target}");
        }
    }
}

#[test]
fn a_date_in_the_future_is_not_believed() {
    let folder = TempDir::new();
    folder.file("file", "");
    let file = File::options()
        .append(true)
        .open(folder.path().join("file"))
        .unwrap();
    let future = std::time::SystemTime::now() + std::time::Duration::from_secs(86_400);
    file.set_modified(future).unwrap();
    let answer = serve(&folder).get("/file");
    let date = |name| http_parse::HttpDate::parse(answer.field(name).unwrap().as_bytes()).unwrap();
    assert!(date("Last-Modified") <= date("Date"));
}

#[test]
fn a_part_of_a_file_is_sent() {
    let folder = TempDir::new();
    folder.file("file", "0123456789");
    check_ranges(&serve(&folder));
}

#[test]
fn a_part_of_a_cached_file_is_sent() {
    let folder = TempDir::new();
    folder.file("file", "0123456789");
    let disk = Disk::new(folder.path()).unwrap();
    let files = Files::new(folder.path()).unwrap();
    check_ranges(&Server::start(files.looking_up(Box::new(move |path| {
        let Found::File(file) = disk.find(path)? else {
            return Ok(Found::Folder);
        };
        let content = Arc::from(&b"0123456789"[..]);
        Ok(Found::File(Arc::new(file.with_body(content))))
    }))));
}

#[track_caller]
fn check_ranges(server: &Server) {
    let whole = server.get("/file");
    assert_eq!(whole.text(), "0123456789");
    for (range, content, content_range) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=0-99", "0123456789", "bytes 0-9/10"),
    ] {
        let part = server.ask("GET", "/file", &[&format!("Range: {range}")]);
        assert_eq!(part.status, 206, "{range}");
        assert_eq!(part.text(), content, "{range}");
        assert_eq!(part.field("Content-Range"), Some(content_range));
        assert_eq!(part.field("ETag"), whole.field("ETag"));
    }
    check_parts(&server.ask("GET", "/file", &["Range: bytes=7-,0-1,4-4"]));
    let beyond = server.ask("GET", "/file", &["Range: bytes=10-"]);
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.field("Content-Range"), Some("bytes */10"));
    let other = server.ask("GET", "/file", &["Range: bytes=0-1", "If-Range: \"other\""]);
    assert_eq!((other.status, other.body.len()), (200, 10));
}

/// Makes sure of the last three octets, the first two, and the fifth, in this order.
#[track_caller]
fn check_parts(answer: &Answer) {
    assert_eq!(answer.status, 206);
    assert_eq!(answer.field("Content-Range"), None);
    let media_type = answer.field("Content-Type").unwrap();
    let boundary = media_type
        .strip_prefix("multipart/byteranges; boundary=")
        .unwrap();
    let part = |range: &str, content: &str| {
        format!(
            "--{boundary}\r\nContent-Type: application/octet-stream\r\n\
             Content-Range: bytes {range}/10\r\n\r\n{content}\r\n"
        )
    };
    let parts = part("7-9", "789") + &part("0-1", "01") + &part("4-4", "4");
    assert_eq!(answer.text(), format!("{parts}--{boundary}--\r\n"));
}

#[test]
fn files_can_only_be_read() {
    let folder = TempDir::new();
    folder.file("file", "content");
    let server = serve(&folder);
    for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE"] {
        let answer = server.ask(method, "/file", &[]);
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(
            answer.field("Allow"),
            Some("GET, HEAD, OPTIONS"),
            "{method}"
        );
    }
    for (method, target) in [("OPTIONS", "/file"), ("OPTIONS", "*")] {
        let answer = server.ask(method, target, &[]);
        assert_eq!(answer.status, 204, "{target}");
        assert_eq!(answer.field("Allow"), Some("GET, HEAD, OPTIONS"));
        assert_eq!(answer.field("Content-Length"), None);
    }
    assert_eq!(server.ask("CONNECT", "test:80", &[]).status, 405);
    assert_eq!(server.ask("get", "/file", &[]).status, 501);
    assert_eq!(server.ask("BREW", "/file", &[]).status, 501);
    assert_eq!(server.get("/file").text(), "content");
}
