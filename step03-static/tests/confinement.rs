//! What is outside of the root, hidden, or no file, is never served.
#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

mod common;

use common::{Server, TempDir, encode, serve_listed};
use static_files::{Files, Listing};
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;

/// Ways to say "above the root", or "hidden", that some server has once believed.
const SPELLINGS: [&str; 36] = [
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
];

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
    let mut targets: Vec<String> = SPELLINGS.map(str::to_owned).to_vec();
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
