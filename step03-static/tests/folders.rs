//! Folders: their index, their listing, and the slash at the end of their address.
#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

mod common;

use common::{NAMES, TempDir, content_of, serve, serve_listed, tree};
use std::fs;
use std::time::Instant;

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
fn ten_thousand_entries_are_listed_and_one_more_is_told_of() {
    let folder = TempDir::new();
    for number in 0..10_001 {
        folder.file(format!("{number}"), "");
    }
    let server = serve_listed(&folder);
    let links = |page: &str| page.matches("href=\"").count();
    let page = server.get("/").text();
    assert!(page.contains("There is more") && links(&page) == 10_000);
    fs::remove_file(folder.path().join("0")).unwrap();
    let began = Instant::now();
    let page = server.get("/").text();
    println!("{:?} for a listing of 10,000 entries", began.elapsed());
    assert!(!page.contains("There is more") && links(&page) == 10_000);
}

#[test]
fn what_is_hidden_is_not_listed() {
    let folder = TempDir::new();
    for name in [
        ".git/config",
        ".hidden",
        ".well-known/x",
        "sub/.well-known/x",
    ] {
        folder.file(name, "");
    }
    let server = serve_listed(&folder);
    let root = server.get("/").text();
    assert!(!root.contains("git") && !root.contains("hidden"), "{root}");
    assert!(root.contains("href=\".well-known/\""), "{root}");
    assert!(!server.get("/sub/").text().contains("well-known"));
}
