//! How often reading a request asks for memory: as often as the first one needs, and then never.
//!
//! Who counts is a library put before the program by the loader (`foreign/allocations.c`), so
//! nothing in the program knows of it. This test runs itself with it, twice: the second run reads
//! more requests, and must not allocate more.
#![forbid(unsafe_code)]

use check::{TempFolder, needs};
use http_parse::{Connection, Limits, Next, ResponseHead, Status};
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What browsers and curl send, with and without content.
const REQUESTS: [&str; 3] = [
    "GET /a?b=c HTTP/1.1\r\nHost: a.example\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n",
    "POST /form HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello",
    "POST /form HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n\
     2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
];

/// Says how many requests the second half of this test reads, and that it is the second half.
const ROUNDS: &str = "ROUNDS";

/// What the harness does may differ by a few allocations from run to run; a request that asked
/// for memory once would differ by thousands.
const NOISE: u64 = 100;

#[test]
fn no_request_after_the_first_allocates() {
    if needs::is_missing("allocations", &["cc"]) {
        return;
    }
    let folder = TempFolder::new().expect("a folder can be made");
    let counter = folder.path().join("allocations.so");
    let compiled = Command::new("cc")
        .args([
            "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o",
        ])
        .arg(&counter)
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/foreign/allocations.c"
        ))
        .output()
        .expect("the compiler runs");
    let said = String::from_utf8_lossy(&compiled.stderr);
    assert!(compiled.status.success(), "{said}");

    let few = allocations(&counter, folder.path(), 10);
    let many = allocations(&counter, folder.path(), 10_000);
    println!("10 rounds: {few} allocations; 10,000 rounds: {many}");
    assert!(few > 0, "allocations are counted");
    assert!(many < few + NOISE, "{few} allocations became {many}");
}

/// Allocations of a process that reads so many rounds of requests.
fn allocations(counter: &Path, folder: &Path, rounds: u32) -> u64 {
    let count = folder.join(format!("{rounds}"));
    let run = Command::new(env::current_exe().expect("this program has a name"))
        .args(["--exact", "requests_are_read", "--test-threads=1"])
        .env(ROUNDS, rounds.to_string())
        .env("LD_PRELOAD", counter)
        .env("ALLOCATIONS", &count)
        .output()
        .expect("it runs again");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stdout)
    );
    let count = fs::read_to_string(count).expect("the library has counted");
    count.trim().parse().expect("a number")
}

/// The part of the test above that is counted; by itself, one round.
#[test]
fn requests_are_read() {
    let rounds = env::var(ROUNDS).map_or(1, |rounds| rounds.parse().expect("a number"));
    let mut connection = Connection::new(&Limits::default());
    let (mut head, mut out) = (ResponseHead::new(Status::NO_CONTENT), Vec::new());
    head.fields.push("Server", "test");
    for _ in 0..rounds {
        for request in REQUESTS {
            exchange(&mut connection, request.as_bytes(), &head, &mut out);
        }
    }
}

/// A request in two pieces, as a server reads it that keeps what memory it has, and its answer.
fn exchange(connection: &mut Connection, request: &[u8], head: &ResponseHead, out: &mut Vec<u8>) {
    let mut read = 0;
    for piece in [&request[..7], &request[7..]] {
        assert_eq!(connection.next(), Ok(Next::NeedBytes));
        connection.space()[..piece.len()].copy_from_slice(piece);
        connection.received(piece.len());
    }
    let Ok(Next::Head(asked)) = connection.next() else {
        panic!("the head is whole");
    };
    connection.recycle(asked);
    while let Ok(Next::Body) = connection.next() {
        read += connection.body().len();
        connection.consume(connection.body().len());
    }
    assert!(read == 0 || read == "hello".len());
    out.clear();
    connection.start(head, out);
    connection.finish(out).expect("nothing was promised");
    assert!(connection.next_request());
}
