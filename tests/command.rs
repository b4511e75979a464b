//! The grader at the command line: what it says to bad input, and with which exit status it ends.
//!
//! The course's front door is run as a person runs it, in a folder that is not the course's.
#![forbid(unsafe_code)]

use check::TempFolder;
use check::binary::{self, Profile};
use check::needs::find;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::LazyLock;

const BROKEN: &str = env!("CARGO_BIN_EXE_broken");

static BOOK: LazyLock<PathBuf> =
    LazyLock::new(|| binary::build("book", "book", Profile::Dev).expect("the front door is built"));

fn run(words: &[&str]) -> Output {
    let folder = TempFolder::new().expect("a folder can be made");
    Command::new(&*BOOK)
        .arg("check")
        .args(words)
        .current_dir(folder.path())
        // The workbook of whoever runs the tests is none of their business.
        .env("COURSE_WORKBOOK", folder.path())
        .output()
        .expect("the front door opens")
}

fn said(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// A question that cannot be answered: status 2, and all of these words.
#[track_caller]
fn check_refused(words: &[&str], expected: &[&str]) {
    let output = run(words);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(2), "{words:?}: {said}");
    for part in expected {
        assert!(said.contains(part), "{words:?}: no {part:?} in:\n{said}");
    }
    assert!(said.lines().count() <= 12, "{words:?}: too much:\n{said}");
    assert!(!said.contains("panicked"), "{words:?}: {said}");
}

/// The command line of a server of the gallery.
fn gallery(name: &str) -> String {
    format!("'{BROKEN}' {name} {{addr}} {{root}} {{cgi}}")
}

#[test]
fn a_check_that_there_is_not_is_named_with_where_to_look() {
    check_refused(&["9z"], &["there is no check `9z`", "--list"]);
    check_refused(&["step9"], &["there is no check `step9`", "--list"]);
    check_refused(&["--through", "9"], &["9", "1..=5"]);
    check_refused(&["2a", "--only", "course"], &["no such check", "--list"]);
}

#[test]
fn a_command_that_cannot_be_one_is_told_apart() {
    check_refused(
        &["2a", "--server", "x 8080"],
        &["where to listen", "{port}"],
    );
    check_refused(&["2a", "--server", "x '{port}"], &["no end"]);
    check_refused(&["2a", "--server", ""], &["empty"]);
    check_refused(&["2a", "--server", "step02"], &["no server", "step01"]);
    check_refused(
        &["2a", "--server", "no-such-server {port}"],
        &["no program `no-such-server`", "spelling"],
    );
    check_refused(
        &["2a", "--server", "/dev/null {port}"],
        &["/dev/null", "chmod +x"],
    );
}

#[test]
fn a_server_that_never_accepts_is_no_verdict() {
    check_refused(
        &["2a", "2b", "--server", "sleep 60{port}"],
        &["does not accept connections", "2a"],
    );
    check_refused(
        &[
            "2a",
            "--server",
            "sh -c 'echo no port for {port} >&2; exit 3'",
        ],
        &["ended before it accepted", "exit status: 3", "no port for"],
    );
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    check_refused(
        &["2a", "--keep", "/dev/null/tree"],
        &["/dev/null/tree", "Name a folder"],
    );
    let folder = TempFolder::new().unwrap();
    folder.write("mine.txt", "mine").unwrap();
    let name = folder.path().to_string_lossy();
    check_refused(&["2a", "--keep", &name], &["other files", &name]);
}

#[test]
fn cuts_that_nobody_knows_are_refused_with_those_that_there_are() {
    check_refused(&["2a", "--cuts", "some"], &["some", "random:7"]);
    check_refused(&["2a", "--cuts", "random:x"], &["random:x", "random:7"]);
}

/// Checks of a server of the gallery: this status, and all of these words.
#[track_caller]
fn check_judged(words: &[&str], server: &str, status: i32, expected: &[&str]) {
    let command = gallery(server);
    let output = run(&[words, &["--server", &command]].concat());
    let said = said(&output);
    assert_eq!(output.status.code(), Some(status), "{words:?}: {said}");
    for part in expected {
        assert!(said.contains(part), "{words:?}: no {part:?} in:\n{said}");
    }
}

#[test]
fn the_exit_status_is_the_verdict() {
    check_judged(&["2b"], "right_messages", 0, &["1 of 1 passed"]);
    let wrong = ["2b", "has_no_clock", "Date", "RFC 9110", "chapter 2.4"];
    check_judged(
        &["2b", "2c"],
        "has_no_clock",
        1,
        &[&wrong[..], &["1 of 2"]].concat(),
    );
    let json = ["\"verdict\":\"failed\"", "\"cuts\":[]"];
    check_judged(&["2b", "--json"], "has_no_clock", 1, &json);
}

#[test]
fn any_check_can_be_held_in_pieces() {
    let cut = ["--cuts all", "each octet by itself"];
    let one_read = "one_read_is_one_request";
    check_judged(&["2b", "--cuts", "all"], one_read, 1, &cut);
    check_judged(
        &["2b", "--cuts", "all"],
        "right_messages",
        0,
        &["1 of 1 passed"],
    );
    let seed = ["--cuts random:7", "1 of 1 passed"];
    check_judged(&["2c", "--cuts", "random:7"], "right_messages", 0, &seed);
    check_judged(&["2b"], one_read, 0, &["1 of 1 passed"]);
}

#[test]
fn without_python_its_check_is_not_judged_and_the_next_one_is() {
    let folder = TempFolder::new().unwrap();
    // What the files and the servers need, and nothing else.
    for program in ["sh", "chmod"] {
        let found = find(program).expect("every POSIX system has it");
        symlink(found, folder.path().join(program)).unwrap();
    }
    let server = gallery("right_messages");
    let output = Command::new(&*BOOK)
        .args(["check", "2b", "5e", "5f", "--server", &server])
        .current_dir(folder.path())
        .env("COURSE_WORKBOOK", folder.path())
        .env("PATH", folder.path())
        .output()
        .expect("the front door opens");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for part in [
        "2b",
        "passed",
        "not judged",
        "there is no python3",
        "5f",
        "failed",
    ] {
        assert!(said.contains(part), "no {part:?} in:\n{said}");
    }
}

#[test]
fn nothing_is_left_running() {
    let folder = TempFolder::new().unwrap();
    let note = folder.path().join("pid");
    let script = format!("echo $$ >'{}'; exec sleep 6{{port}}", note.display());
    let server = format!("sh -c \"{script}\"");
    check_refused(&["2a", "--server", &server], &["does not accept"]);
    let pid = std::fs::read_to_string(note).expect("it has run");
    assert!(!PathBuf::from(format!("/proc/{}", pid.trim())).exists());
}
