//! Siblings that were compressed in advance, over a real socket.
#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

mod common;

use common::{Answer, Server, TempDir, serve};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::time::{Duration, SystemTime};

const BOTH: &str = "Accept-Encoding: gzip, br";

fn site() -> TempDir {
    let folder = TempDir::new();
    folder.file("page.html", "the page itself");
    folder.file("page.html.br", "brotli");
    folder.file("page.html.gz", "gzipped");
    folder.file("alone.html", "alone");
    folder
}

fn ask(server: &Server, target: &str, fields: &[&str]) -> Answer {
    server.ask("GET", target, fields)
}

#[track_caller]
fn check(answer: &Answer, status: u16, text: &str, coding: Option<&str>) {
    answer.check(status, text);
    assert_eq!(answer.field("Content-Encoding"), coding, "{}", answer.head);
    assert_eq!(
        answer.field("Vary"),
        Some("Accept-Encoding"),
        "{}",
        answer.head
    );
}

#[test]
fn the_variant_that_is_accepted_is_sent() {
    let folder = site();
    let server = serve(&folder);
    let mut etags = Vec::new();
    for (accept, text, coding) in [
        (BOTH, "brotli", Some("br")),
        ("Accept-Encoding: gzip", "gzipped", Some("gzip")),
        ("Accept-Encoding: br;q=0", "the page itself", None),
        ("X-Other: none", "the page itself", None),
    ] {
        let answer = ask(&server, "/page.html", &[accept]);
        check(&answer, 200, text, coding);
        assert_eq!(
            answer.field("Content-Type"),
            Some("text/html; charset=utf-8")
        );
        etags.push(answer.field("ETag").unwrap().to_owned());
    }
    assert_eq!(etags[2], etags[3]);
    etags.dedup();
    assert_eq!(etags.len(), 3, "each variant has its own entity tag");
    let alone = ask(&server, "/alone.html", &[BOTH]);
    alone.check(200, "alone");
    assert_eq!(alone.field("Vary"), None);
}

#[test]
fn validators_and_ranges_are_those_of_the_variant() {
    let folder = site();
    let server = serve(&folder);
    let brotli = ask(&server, "/page.html", &[BOTH]);
    let known = format!("If-None-Match: {}", brotli.field("ETag").unwrap());
    check(&ask(&server, "/page.html", &[BOTH, &known]), 304, "", None);
    let plain = ask(&server, "/page.html", &[&known]);
    check(&plain, 200, "the page itself", None);
    let part = ask(&server, "/page.html", &[BOTH, "Range: bytes=2-3"]);
    check(&part, 206, "ot", Some("br"));
    assert_eq!(part.field("Content-Range"), Some("bytes 2-3/6"));
    let several = ask(&server, "/page.html", &[BOTH, "Range: bytes=0-0,2-3"]);
    check(&several, 200, "brotli", Some("br"));
    let beyond = ask(&server, "/page.html", &[BOTH, "Range: bytes=6-"]);
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.field("Content-Range"), Some("bytes */6"));
    let resumed = ["Range: bytes=2-", &known.replace("None-Match", "Range")];
    check(
        &ask(&server, "/page.html", &resumed),
        200,
        "the page itself",
        None,
    );
}

#[test]
fn a_folder_s_index_has_variants_too() {
    let folder = site();
    folder.file("sub/index.html", "index");
    folder.file("sub/index.html.gz", "small");
    let answer = ask(&serve(&folder), "/sub/", &[BOTH]);
    check(&answer, 200, "small", Some("gzip"));
}

#[test]
fn what_is_older_or_outside_or_no_file_is_no_variant() {
    let (folder, outside) = (site(), TempDir::new());
    outside.file("secret.br", "secret");
    let page = folder.path().join("page.html");
    let later = SystemTime::now() - Duration::from_secs(3600);
    let times = [("page.html", 0), ("page.html.br", 1), ("page.html.gz", 0)];
    for (name, older) in times {
        let file = File::options().append(true).open(folder.path().join(name));
        let time = later - Duration::from_secs(older);
        file.unwrap().set_modified(time).unwrap();
    }
    folder.file("linked.html", "linked");
    symlink(
        outside.path().join("secret.br"),
        folder.path().join("linked.html.br"),
    )
    .unwrap();
    fs::create_dir(folder.path().join("linked.html.gz")).unwrap();
    folder.file("same.html", "same");
    fs::hard_link(
        folder.path().join("same.html"),
        folder.path().join("same.html.br"),
    )
    .unwrap();
    let server = serve(&folder);
    let answer = ask(&server, "/page.html", &[BOTH]);
    check(&answer, 200, "gzipped", Some("gzip"));
    for (target, text) in [("/linked.html", "linked"), ("/same.html", "same")] {
        let answer = ask(&server, target, &[BOTH]);
        answer.check(200, text);
        assert_eq!(answer.field("Vary"), None, "{target}");
    }
    fs::remove_file(page).unwrap();
    assert_eq!(ask(&server, "/page.html", &[BOTH]).status, 404);
    let itself = ask(&server, "/page.html.gz", &[BOTH]);
    itself.check(200, "gzipped");
    assert_eq!(itself.field("Content-Encoding"), None);
    assert_eq!(itself.field("Content-Type"), Some("application/gzip"));
}
