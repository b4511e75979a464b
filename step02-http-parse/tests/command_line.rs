//! The step's program: what it prints, and how it ends.
#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]
#![allow(
    clippy::disallowed_types,
    reason = "the library does no I/O, its program does"
)]

use std::env;
use std::fs::{self, File};
use std::io::Write;
use std::process::{self, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_step02-http-parse"))
}

/// Lets the program read a file: reads of it are as long as they can be.
fn run(args: &[&str], input: &str) -> Output {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let number = RUNS.fetch_add(1, Ordering::Relaxed);
    let path = env::temp_dir().join(format!("step02-{}-{number}", process::id()));
    fs::write(&path, input).unwrap();
    let output = program()
        .args(args)
        .stdin(File::open(&path).unwrap())
        .output();
    fs::remove_file(&path).unwrap();
    output.unwrap()
}

/// Runs it, and compares its exit code and the beginnings of its lines, without their indentation.
#[track_caller]
fn check(args: &[&str], input: &str, code: i32, lines: &[&str]) {
    let output = run(args, input);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(code), "{said}");
    let mut told = said.lines().map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.join(" ")
    });
    for line in lines {
        assert!(
            told.any(|told| told.starts_with(line)),
            "{line:?} in {said}"
        );
    }
}

#[test]
fn what_is_read_is_told_with_its_offsets() {
    check(
        &[],
        &format!("{GET}{GET}"),
        0,
        &[
            "0 54 read",
            "0 27 head",
            "27 0 end",
            "0 27 head",
            "0 0 the input ends",
        ],
    );
    let content = "x".repeat(20_000);
    let post = format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n{content}");
    check(&[], &post, 0, &["0 16384 read", "16384 3667 read"]);
}

#[test]
fn reads_can_be_cut() {
    check(
        &["--cut", "20"],
        GET,
        0,
        &["0 20 read", "20 7 read", "0 27 head"],
    );
    check(&["--cut", "16384"], GET, 0, &["0 27 read"]);
}

#[test]
fn a_mistake_ends_with_1() {
    check(&[], "GET / HTTP/1.1\n", 1, &["0 15 read"]);
    check(&[], "GET / HT", 1, &["0 8 read", "8 0 the input ends"]);
    let cut_off = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhi";
    check(
        &[],
        cut_off,
        1,
        &["0 49 read", "0 47 head", "49 0 the input ends"],
    );
}

#[test]
fn empty_lines_are_no_request() {
    check(&[], "\r\n\r\n", 0, &["0 4 read", "4 0 the input ends"]);
    check(&[], "", 0, &["0 0 the input ends"]);
}

#[test]
fn nothing_is_read_after_the_last_request() {
    let last = "GET / HTTP/1.0\r\n\r\n";
    let output = run(&[], &format!("{last}not a request"));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(!said.contains("ends"), "{said}");
}

#[test]
fn help_is_given_to_whoever_needs_it() {
    for args in [
        &["--cut"][..],
        &["--cut", "0"],
        &["--cut", "16385"],
        &["--help"],
    ] {
        let output = run(args, GET);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("--cut N"), "{args:?}: {said}");
    }
}

#[test]
fn whoever_reads_no_further_has_seen_enough() {
    let mut child = program()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    child
        .stdin
        .take()
        .unwrap()
        .write_all(GET.as_bytes())
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        println!("skipped: there is no /dev/full");
        return;
    };
    let mut child = program()
        .stdin(Stdio::piped())
        .stdout(full)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(GET.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(!output.stderr.is_empty());
}
