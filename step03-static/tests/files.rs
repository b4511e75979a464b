//! A folder over a real socket: what is served, and what never is.
#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

mod common;

use common::{Answer, Server, TempDir, encode};
use static_files::{Disk, Files, Found, Listing};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Names that are trouble in an address, in HTML, or in a text.
const NAMES: &[&[u8]] = &[
    b"plain.txt",
    b"with space.txt",
    b"<&%\"'>.html",
    b"50%25.txt",
    b"a?b#c.txt",
    b"a:b",
    b"-dash",
    b"back\\slash",
    b"new\nline",
    b"caf\xc3\xa9.txt",
    b"latin1-\xe9\xff",
    b"a..b",
    b"empty",
];

fn serve(folder: &TempDir) -> Server {
    Server::start(Files::new(folder.path()).unwrap())
}

fn serve_listed(folder: &TempDir) -> Server {
    let files = Files::new(folder.path()).unwrap();
    Server::start(files.listing(Listing::Shown))
}

fn content_of(name: &[u8]) -> Vec<u8> {
    if name == b"empty" {
        Vec::new()
    } else {
        name.repeat(3)
    }
}

fn tree() -> TempDir {
    let folder = TempDir::new();
    for name in NAMES {
        let path = Path::new(OsStr::from_bytes(name));
        folder.file(path, content_of(name));
        folder.file(Path::new("sub folder&").join(path), content_of(name));
    }
    folder
}

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
fn no_spelling_leads_out_of_the_root() {
    let outer = TempDir::new();
    outer.file("secret", "CANARY");
    outer.file("site/sub/file", "inside");
    outer.file("site/.hidden", "CANARY");
    outer.file("site-next/secret", "CANARY");
    let server = Server::start(Files::new(&outer.path().join("site")).unwrap());
    let absolute = outer.path().join("secret");
    let absolute = absolute.to_str().unwrap();
    let mut targets: Vec<String> = [
        "/../secret",
        "/sub/../../secret",
        "/%2e%2e/secret",
        "/%2E%2e/secret",
        "/.%2e/secret",
        "/%2e./secret",
        "/..%2fsecret",
        "/..%2Fsecret",
        "/%2e%2e%2fsecret",
        "/sub/..%2f..%2fsecret",
        "/sub%2f..%2f..%2fsecret",
        "/..%5csecret",
        "/..\\secret",
        "/sub\\..\\..\\secret",
        "/%252e%252e/secret",
        "/%252e%252e%252fsecret",
        "/..%252fsecret",
        "/%c0%ae%c0%ae/secret",
        "/..%c0%afsecret",
        "/%u002e%u002e/secret",
        "/....//secret",
        "/.../secret",
        "//../secret",
        "/./../secret",
        "/sub/./../../secret",
        "/sub//../..//secret",
        "/..;/secret",
        "/../site-next/secret",
        "/..%00/secret",
        "/sub/file%00/../../../secret",
        "/sub/file/../../../secret",
        "/.hidden",
        "/%2ehidden",
        "/sub/../.hidden",
        "http://test/../secret",
        "http://test/%2e%2e/secret",
    ]
    .map(str::to_owned)
    .to_vec();
    targets.push(format!("/{absolute}"));
    targets.push(format!("/{}", encode(absolute.as_bytes())));
    targets.push(absolute.replace('/', "%2f"));
    for target in targets {
        let answer = server.get(&target);
        assert!(!answer.text().contains("CANARY"), "{target}");
        assert!(
            [400, 404].contains(&answer.status),
            "{target}: {}",
            answer.status
        );
    }
}

#[test]
fn links_are_followed_within_the_root_only() {
    let outer = TempDir::new();
    outer.file("secret", "CANARY");
    outer.file("site/sub/file", "inside");
    outer.file("site-next/file", "CANARY");
    let root = outer.path().join("site");
    for (target, name) in [
        ("sub/file", "inward"),
        ("sub", "inward-folder"),
        ("../site/sub/file", "out-and-in"),
        ("../secret", "outward"),
        ("..", "outward-folder"),
        ("../site-next", "neighbour"),
        ("/etc", "absolute"),
        ("loop", "loop"),
        ("nowhere", "dangling"),
    ] {
        symlink(target, root.join(name)).unwrap();
    }
    symlink(root.join("sub/file"), root.join("absolute-inward")).unwrap();
    let server = Server::start(Files::new(&root).unwrap().listing(Listing::Shown));
    for target in [
        "/inward",
        "/inward-folder/file",
        "/out-and-in",
        "/absolute-inward",
    ] {
        assert_eq!(server.get(target).text(), "inside", "{target}");
    }
    for target in [
        "/outward",
        "/outward-folder",
        "/outward-folder/",
        "/outward-folder/secret",
        "/neighbour/file",
        "/absolute/passwd",
        "/loop",
        "/loop/",
        "/dangling",
    ] {
        assert_eq!(server.get(target).status, 404, "{target}");
    }
    let listing = server.get("/").text();
    for name in ["outward", "neighbour", "absolute/", "loop", "dangling"] {
        assert!(!listing.contains(&format!("\"{name}")), "{name} is listed");
    }
}

#[test]
fn a_root_that_is_a_link_is_served() {
    let outer = TempDir::new();
    outer.file("site/file", "inside");
    symlink("site", outer.path().join("link")).unwrap();
    let server = Server::start(Files::new(&outer.path().join("link")).unwrap());
    assert_eq!(server.get("/file").text(), "inside");
}

#[test]
fn what_is_no_file_is_forbidden_and_never_opened() {
    let folder = TempDir::new();
    let _bound = UnixListener::bind(folder.path().join("socket")).unwrap();
    let fifo = folder.path().join("fifo");
    match Command::new("mkfifo").arg(&fifo).status() {
        Ok(made) => assert!(made.success()),
        Err(error) if std::env::var_os("CI").is_none() => {
            println!("skipped: mkfifo cannot be run: {error}");
            return;
        }
        Err(error) => panic!("mkfifo: {error}"),
    }
    symlink("fifo", folder.path().join("link")).unwrap();
    let server = serve_listed(&folder);
    // Opening the FIFO would wait for ever, as nobody writes to it.
    for target in ["/fifo", "/socket", "/link"] {
        assert_eq!(server.get(target).status, 403, "{target}");
    }
    assert!(!server.get("/").text().contains("fifo"));
}

#[test]
fn the_unreadable_is_forbidden() {
    let folder = TempDir::new();
    folder.file("file", "CANARY");
    folder.file("folder/file", "CANARY");
    for name in ["file", "folder"] {
        let nobody = fs::Permissions::from_mode(0o000);
        fs::set_permissions(folder.path().join(name), nobody).unwrap();
    }
    if File::open(folder.path().join("file")).is_ok() {
        println!("skipped: nothing is unreadable to this user");
        return;
    }
    let server = serve_listed(&folder);
    for target in ["/file", "/folder/file", "/folder/"] {
        assert_eq!(server.get(target).status, 403, "{target}");
    }
    let everybody = fs::Permissions::from_mode(0o700);
    fs::set_permissions(folder.path().join("folder"), everybody).unwrap();
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
fn a_folder_has_an_index_a_listing_or_neither() {
    let folder = TempDir::new();
    folder.file("with/index.html", "<h1>index</h1>");
    folder.file("without/file", "");
    folder.file("strange/index.html/file", "");
    let hidden = serve(&folder);
    let listed = serve_listed(&folder);
    let index = hidden.get("/with/");
    assert_eq!(index.text(), "<h1>index</h1>");
    assert_eq!(
        index.field("Content-Type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(hidden.get("/without/").status, 403);
    assert_eq!(listed.get("/without/").status, 200);
    assert_eq!(listed.get("/strange/").status, 200);
}

#[test]
fn a_folder_without_its_slash_is_redirected() {
    let folder = TempDir::new();
    folder.file("a b/c:d/file", "");
    let server = serve(&folder);
    for (target, location) in [
        ("/a%20b", "/a%20b/"),
        ("/%61%20b?x=%20y&z", "/a%20b/?x=%20y&z"),
        ("/a%20b?", "/a%20b/?"),
        ("//a%20b", "/a%20b/"),
        ("///a%20b//c:d", "/a%20b/c%3Ad/"),
        ("/x/../a%20b", "/a%20b/"),
        ("http://elsewhere/a%20b", "/a%20b/"),
    ] {
        let answer = server.get(target);
        assert_eq!(answer.status, 301, "{target}");
        assert_eq!(answer.field("Location"), Some(location), "{target}");
    }
}

#[test]
fn every_link_of_a_listing_fetches_its_file() {
    let folder = tree();
    let server = serve_listed(&folder);
    for folder in ["/", "/sub%20folder&/"] {
        let page = server.get(folder).text();
        let mut links: Vec<&str> = page.split("href=\"").skip(1).collect();
        links.retain(|link| !link.starts_with("../") && !link.starts_with("sub%20folder"));
        let mut expected: Vec<Vec<u8>> = NAMES.iter().map(|name| content_of(name)).collect();
        for link in links {
            let (link, _) = link.split_once('"').unwrap();
            let answer = server.get(&(folder.to_owned() + link));
            assert_eq!(answer.status, 200, "{link}");
            expected.retain(|content| *content != answer.body);
        }
        assert!(expected.is_empty(), "not listed: {expected:?}");
    }
    let root = server.get("/").text();
    assert!(
        root.contains("href=\"sub%20folder%26/\">sub folder&amp;/</a>"),
        "{root}"
    );
    assert!(root.find("sub folder").unwrap() < root.find("plain").unwrap());
    assert!(!root.contains("../"));
}

#[test]
fn a_long_listing_is_cut_and_says_so() {
    let folder = TempDir::new();
    for number in 0..2_001 {
        folder.file(format!("{number}"), "");
    }
    let server = serve_listed(&folder);
    assert!(server.get("/").text().contains("only 2000 entries"));
    fs::remove_file(folder.path().join("0")).unwrap();
    assert!(!server.get("/").text().contains("entries"));
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
    let beyond = server.ask("GET", "/file", &["Range: bytes=10-"]);
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.field("Content-Range"), Some("bytes */10"));
    let other = server.ask("GET", "/file", &["Range: bytes=0-1", "If-Range: \"other\""]);
    assert_eq!((other.status, other.body.len()), (200, 10));
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
