//! A class is graded to its end, whatever is handed in.
#![forbid(unsafe_code)]

use check::binary::{self, Profile};
use check::{TempFolder, needs};
use std::fs;
use std::path::PathBuf;
use std::process::{self, Command, Output};
use std::sync::LazyLock;

const BROKEN: &str = env!("CARGO_BIN_EXE_broken");

static BOOK: LazyLock<PathBuf> =
    LazyLock::new(|| binary::build("book", "book", Profile::Dev).expect("the front door is built"));

/// A class of these students, each with what is handed in, as a script.
fn class(submissions: &[(&str, String)]) -> TempFolder {
    let folder = TempFolder::new().expect("a folder can be made");
    for (name, script) in submissions {
        let name = format!("{name}/run.sh");
        folder.write(&name, script).expect("it can be written");
    }
    folder
}

fn grade(class: &TempFolder, words: &[&str]) -> Output {
    Command::new(&*BOOK)
        .args(["grade", "--each", "sh */run.sh {port} {root}"])
        .args(words)
        .current_dir(class.path())
        .env("NO_COLOR", "1")
        .output()
        .expect("the front door opens")
}

/// A server of the gallery.
fn gallery(name: &str) -> String {
    format!("exec '{BROKEN}' {name} \"127.0.0.1:$1\" \"$2\" \"$2\"\n")
}

/// Requires these lines, in this order, and that ending.
#[track_caller]
fn check(output: &Output, status: i32, expected: &[&str]) {
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines, expected, "{errors}");
    assert_eq!(output.status.code(), Some(status), "{said}{errors}");
}

#[test]
fn each_has_a_line_and_a_column_for_each_check() {
    let class = class(&[
        ("anna, b", gallery("right_messages")),
        ("carl", gallery("has_no_clock")),
    ]);
    let expected = [
        "submission,2b,2c,passed,of,note",
        "\"anna, b\",passed,passed,2,2,",
        "carl,failed,passed,1,2,",
    ];
    check(&grade(&class, &["2b", "2c", "--csv"]), 0, &expected);
    let expected = [
        "anna, b              ████████████  2 of 2",
        "carl                 ██████░░░░░░  1 of 2  failed 2b",
        "2 graded; passed by: 2b 1, 2c 2",
    ];
    check(&grade(&class, &["2b", "2c"]), 0, &expected);
}

#[test]
fn who_floods_or_multiplies_does_not_stop_the_class() {
    // A time to sleep that nobody else sleeps, so that those who are left are found by it.
    let nap = 1_000_000 + process::id();
    let flood = "i=0\nwhile i=$((i + 1)); do head -c 50000000 /dev/zero >\"$TMPDIR/$i\"; done\n";
    let class = class(&[
        ("a-floods", flood.into()),
        (
            "b-multiplies",
            format!(
                "i=0\nwhile [ $i -lt 1100 ]; do setsid sleep {nap} & i=$((i + 1)); done\n\
                 (env -i setsid sleep {nap} &)\nwait\n"
            ),
        ),
        ("c-works", gallery("right_messages")),
    ]);
    let output = grade(&class, &["2b", "--csv"]);
    let said = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = said.lines().collect();
    let [_, floods, multiplies, works] = &lines[..] else {
        panic!("{said}");
    };
    assert_eq!(*floods, "a-floods,,0,1,stopped: more than 512 MiB on disk");
    // On a machine that is busy enough it is found not to serve before it has become too many.
    let is_stopped = multiplies.ends_with(",0,1,stopped: more than 1024 processes");
    let is_silent = multiplies.starts_with("b-multiplies,not serving,0,1,");
    assert!(is_stopped || is_silent, "{multiplies}");
    assert_eq!(*works, "c-works,passed,1,1,");
    assert_eq!(output.status.code(), Some(1));
    assert!(!sleeps(nap), "somebody is left");
}

#[test]
fn who_hangs_does_not_stop_the_class() {
    let class = class(&[
        ("a", "trap '' TERM INT HUP\nwhile :; do :; done\n".into()),
        ("b", "trap '' TERM INT HUP\nwhile :; do :; done\n".into()),
    ]);
    let expected = [
        "submission,2b,passed,of,note",
        "a,,0,1,stopped: more than 3 s",
        "b,,0,1,stopped: more than 3 s",
    ];
    let output = grade(&class, &["2b", "--csv", "--limit", "3"]);
    check(&output, 1, &expected);
}

/// Whether somebody sleeps for that long.
fn sleeps(nap: u32) -> bool {
    let line = format!("sleep\0{nap}\0").into_bytes();
    let entries = fs::read_dir("/proc").expect("this is Linux").flatten();
    let mut lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines.any(|found| found.ends_with(&line))
}

#[test]
fn one_file_is_not_let_grow_without_end() {
    if needs::is_missing("the test of one large file", &["python3"]) {
        return;
    }
    // It would be a server, if it came to that.
    let script =
        "head -c 400000000 /dev/zero >\"$TMPDIR/one\" && exec python3 -m http.server \"$1\"\n";
    let class = class(&[("a", script.into())]);
    let output = grade(&class, &["2a", "--csv"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("a,not serving,0,1,"), "{said}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn what_cannot_be_graded_is_told_before_anybody_is() {
    let class = class(&[]);
    let refused = |words: &[&str], part: &str| {
        let output = Command::new(&*BOOK)
            .arg("grade")
            .args(words)
            .current_dir(class.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(part), "{said}");
        assert_eq!(output.status.code(), Some(2), "{said}");
    };
    refused(&[], "--each");
    refused(
        &["--each", "sh */run.sh {port}"],
        "nothing is called */run.sh",
    );
    refused(&["--each", "sh run.sh {port}"], "has to have a *");
    refused(&["--each", "sh */run.sh"], "where to listen");
    refused(&["--each", "sh */run.sh {port}", "9z"], "no check `9z`");
}
